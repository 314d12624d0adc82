import { execFileSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { repository } from './place.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'groupcommit-options-'));
  await writeFile(join(folder, 'file'), '');
});
afterAll(() => rm(folder, { recursive: true }));

describe('a bad option is refused at once, with one message:', () => {
  test.each([
    [
      'a folder that cannot be made',
      'examples/flights/main.mjs',
      '--database',
      'file/database',
      /--database: .* cannot be used as a folder \(E\w+\)/,
    ],
    [
      'a file in a missing folder',
      'bench/main.mjs',
      '--json',
      'missing/out.json',
      /--json: .* cannot be written \(ENOENT\)/,
    ],
    [
      'a chart in a missing folder',
      'tests/faults/soak/main.mjs',
      '--svg',
      'missing/out.svg',
      /--svg: .* cannot be written \(ENOENT\)/,
    ],
    [
      'an unknown one',
      'tests/everywhere/main.mjs',
      '--nope',
      '',
      /Unknown option '--nope'.*\n\nnpm run test:everywhere/,
    ],
    [
      'one that the simulation does not know',
      'scripts/simulate.mjs',
      '--nope',
      '',
      /Unknown option '--nope'.*\n\nnpm run simulate/,
    ],
    [
      'one that the kills do not know',
      'tests/faults/main.mjs',
      '--nope',
      '',
      /Unknown option '--nope'.*\n\nnpm run kills/,
    ],
    [
      'a number that is none',
      'tests/faults/main.mjs',
      '--times',
      'many',
      /--times: a number above 0 is expected/,
    ],
    [
      'a time that is none',
      'tests/faults/soak/main.mjs',
      '--minutes',
      'many',
      /--minutes: a number above 0 is expected/,
    ],
    [
      'one that the fuzzer does not know',
      'tests/model/main.mjs',
      '--nope',
      '',
      /Unknown option '--nope'.*\n\nnpm run fuzz/,
    ],
  ])('%s', (_, script, option, path, message) => {
    const { status, output } = run(script, option, ...(path ? [join(folder, path)] : []));
    expect(output).toMatch(message);
    expect(output).not.toMatch(/^\s+at /m);
    expect(status).toBe(2);
  });

  test.runIf(process.getuid?.() !== 0)('a folder that cannot be written (root writes everywhere)', () => {
    const { status, output } = run('examples/flights/main.mjs', '--database', '/');
    expect(output).toMatch(/--database: \/ cannot be used as a folder/);
    expect(status).toBe(2);
  });
});

test.each([
  'examples/flights/main.mjs',
  'bench/main.mjs',
  'tests/everywhere/main.mjs',
  'tests/model/main.mjs',
  'tests/faults/main.mjs',
  'tests/faults/soak/main.mjs',
  'scripts/simulate.mjs',
])('%s has --help', (script) => {
  const { status, output } = run(script, '--help');
  expect(output).toContain('npm ');
  expect(status).toBe(0);
});

function run(script: string, ...args: string[]): { status: number; output: string } {
  try {
    const output = execFileSync(process.execPath, [script, ...args], {
      cwd: repository,
      encoding: 'utf8',
      stdio: 'pipe',
    });
    return { status: 0, output };
  } catch (error) {
    const { status, stdout, stderr } = error as { status: number; stdout: string; stderr: string };
    return { status, output: stdout + stderr };
  }
}
