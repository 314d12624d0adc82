import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));
const packageFolder = process.env.GROUPCOMMIT_UNDER_TEST ?? root;

/** What is compiled for the engine, but leaves nothing in it. */
const absent: Record<string, string> = {
  groupcommit: 'is this package',
  'unicode-ident': 'is called by macros only, when the engine is compiled',
};

describe('LICENSE', () => {
  const license = readFileSync(join(root, 'LICENSE'), 'utf8');
  const names = (name: string) => new RegExp(`(?<![\\w-])${name}(?![\\w-])`).test(license);

  test('names every crate that is in the engine', () => {
    const crates = cratesOfEngine();
    expect(crates).toContain('wasm-bindgen');
    expect(crates.filter((crate) => !(crate in absent) && !names(crate))).toEqual([]);
    expect(Object.keys(absent).filter((crate) => !crates.includes(crate))).toEqual([]);
  });

  test('names every npm package that is bundled', () => {
    const sources = bundledSources();
    expect(sources).toContainEqual(expect.stringMatching(/\/js\/stores\/indexeddb\/store\.ts$/));
    expect(packagesIn(['../../node_modules/idb/build/index.js', ...sources])).toContain('idb');
    expect(packagesIn(sources).filter((name) => !names(name))).toEqual([]);
  });
});

/** Without macros, which stay in the compiler. */
function cratesOfEngine(): string[] {
  const options = [
    '--target',
    'wasm32-unknown-unknown',
    '--edges',
    'normal,no-proc-macro',
    '--prefix',
    'none',
  ];
  const lines = execFileSync('cargo', ['tree', '--locked', '--offline', ...options], {
    cwd: root,
    encoding: 'utf8',
  });
  return [...new Set(lines.match(/^[\w-]+/gm))];
}

function bundledSources(): string[] {
  const folder = join(packageFolder, 'dist', 'esm');
  const maps = readdirSync(folder).filter((file) => file.endsWith('.js.map'));
  return maps.flatMap((map) => JSON.parse(readFileSync(join(folder, map), 'utf8')).sources);
}

function packagesIn(sources: string[]): string[] {
  const packages = sources.map((source) => source.match(/node_modules\/((?:@[^/]+\/)?[^/]+)/)?.[1]);
  return [...new Set(packages.filter((name) => name !== undefined))];
}
