// Breaks the engine on purpose, one line at a time, and has the simulation find it within 10,000 seeds.
// `npm run simulate -- --mutants` goes through them all; MUTANT=<a part of its name> through some.

import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { mutants } from './mutants/list.mjs';

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const copy = join(root, 'target', 'mutants', 'crate');
const target = join(root, 'target', 'mutants', 'build');

rmSync(copy, { recursive: true, force: true });
mkdirSync(copy, { recursive: true });
for (const part of ['Cargo.toml', 'Cargo.lock', 'src', 'tests/engine', 'tests/wasm']) {
  cpSync(join(root, part), join(copy, part), { recursive: true });
}

const chosen = mutants.filter(({ name }) => name.includes(process.env.MUTANT ?? ''));
const survivors = chosen.filter((mutant) => !isFound(mutant));
console.log(`\nmutants: ${chosen.length - survivors.length} found, ${survivors.length} not`);
for (const { name } of survivors) console.log(`not found: ${name}`);
process.exitCode = survivors.length > 0 ? 1 : 0;

/** Whether the simulation finds the broken engine, and by the rule that is to find it. */
function isFound({ name, rule, file, from, to, only }) {
  const path = join(copy, 'src/engine', file);
  const text = readFileSync(path, 'utf8');
  if (text.split(from).length !== 2) throw new Error(`${name}: '${from}' is not once in ${file}`);
  writeFileSync(
    path,
    text.replace(from, () => to),
  );
  const { code, output } = simulate(only ? rule : undefined);
  writeFileSync(path, text);

  const rules = readFileSync(join(copy, 'tests/engine/world/rules.rs'), 'utf8');
  const sentence = new RegExp(`${rule}: "(.*)"`).exec(rules)[1];
  if (/error(\[E\d+\])?:.*\n +-->/.test(output)) throw new Error(`${name} does not compile:\n${output}`);
  const seed = /The seed is (\d+)/.exec(output)?.[1];
  const found = /(.*)\n\nThe seed is/.exec(output)?.[1];
  const isRight = code !== 0 && found?.startsWith(sentence) === true;
  console.log(
    `| ${name} | ${isRight ? `\`${rule}\`` : `not found: ${found ?? output.slice(-300)}`} | ${seed ?? ''} |`,
  );
  return isRight;
}

/** Simulates 10,000 seeds, with all rules or one of them alone. Compiled fast, as most are found within a few. */
function simulate(only) {
  const args = ['test', '--locked', '--test', 'engine', '--', '--nocapture', 'simulation'];
  const env = {
    ...process.env,
    CARGO_TARGET_DIR: target,
    CARGO_PROFILE_TEST_OPT_LEVEL: '0',
    CARGO_PROFILE_TEST_DEBUG: '0',
    SEEDS: '10000',
    FROM: '1',
    RUST_BACKTRACE: '0',
  };
  if (only) env.ONLY = only;
  const { status, stdout, stderr } = spawnSync('cargo', args, {
    cwd: copy,
    env,
    encoding: 'utf8',
    timeout: 600_000,
  });
  return { code: status, output: `${stdout}\n${stderr}` };
}
