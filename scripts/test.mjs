// `npm test` sets up, builds and runs every test, level by level. `npm test -- engine node` runs just these levels.

import { join } from 'node:path';
import { ensureBuilt } from './build.mjs';
import { root } from './setup/root.mjs';
import { runInPlace } from './setup/run.mjs';
import { hostOf } from './setup/rust.mjs';

const env = await ensureBuilt();
const node = process.execPath;
// Named, since the user's configuration may name another to build for.
const host = await hostOf();

/** The commands of each level, or why one is skipped. */
const levels = {
  'style: rustfmt, clippy, Biome, tsc': [
    ['cargo', 'fmt', '--check'],
    clippy(host),
    env.RUSTC
      ? 'clippy for wasm32: the compiler for wasm32 on this machine comes without clippy'
      : wasm(...clippy('wasm32-unknown-unknown')),
    npx('biome', 'ci', '.'),
    npx('tsc', '--noEmit', '-p', '.'),
    npx('tsc', '-p', 'tests/types'),
    npx('tsc', '-p', 'tests/browser'),
    npx('tsc', '-p', 'tests/stores'),
    npx('tsc', '-p', 'bench'),
  ],
  'engine: natively, on a virtual clock': [['cargo', 'test', '--locked', '--target', host]],
  'wasm: the bindings, in Node': [
    wasm('wasm-pack', 'test', '--node', '--mode', 'no-install', '--', '--locked'),
  ],
  'node: the package as its users see it': [npx('vitest', 'run')],
  'stores: real databases, and many processes': [
    npx('vitest', 'run', '--config', 'tests/stores/vitest.config.ts'),
  ],
  'package: what would be published': [
    [node, 'scripts/package/check.mjs'],
    [node, 'scripts/package/size.mjs'],
    npx('typedoc', '--emit', 'none'),
  ],
  'browser: real browsers, and IndexedDB': [
    npx('vitest', 'run', '--config', 'tests/browser/vitest.config.ts'),
  ],
  'everywhere: the package in every environment': [[node, 'tests/everywhere/main.mjs']],
};

const chosen = process.argv.slice(2);
const unknown = chosen.find((name) => !Object.keys(levels).some((level) => level.startsWith(`${name}:`)));
if (unknown) {
  console.error(`There is no level '${unknown}'. The levels are:\n  ${Object.keys(levels).join('\n  ')}`);
  process.exit(2);
}

let passed = 0;
let failed = 0;
for (const [level, commands] of Object.entries(levels)) {
  if (chosen.length > 0 && !chosen.some((name) => level.startsWith(`${name}:`))) continue;
  console.log(`\n━━ ${level}`);
  for (const command of commands) {
    if (typeof command === 'string') {
      console.log(`skipped: ${command}`);
      continue;
    }
    const [file, ...args] = command;
    const { exitCode, stopped } = await runInPlace(file, args, command.env);
    if (stopped) process.exit(exitCode);
    if (exitCode === 0) passed++;
    else {
      failed++;
      console.log(`failed: ${command.join(' ')}`);
    }
  }
}
console.log(`\ncommands: ${passed} passed, ${failed} failed`);
process.exitCode = failed > 0 ? 1 : 0;

/** A command in the environment of the wasm tools; others have that of the user. */
function wasm(...command) {
  return Object.assign(command, { env });
}

/** @param {string} target */
function clippy(target) {
  return ['cargo', 'clippy', '--locked', '--all-targets', '--target', target, '--', '-D', 'warnings'];
}

/** A command of an npm package. */
function npx(name, ...args) {
  return [join(root, 'node_modules', '.bin', name), ...args];
}
