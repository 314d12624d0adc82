import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { step } from '../../scripts/setup/progress.mjs';

let printed: string[];
beforeEach(() => {
  vi.useFakeTimers();
  printed = [];
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => printed.push(String(text)) > 0);
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

const seconds = (count: number) =>
  new Promise<void>((resolve) => {
    setTimeout(resolve, count * 1_000);
  });

async function lines(
  work: (report: (line: string) => void) => Promise<void>,
  options = {},
): Promise<string[]> {
  const done = step('npm ci', 'a package is missing', work, options);
  await vi.runAllTimersAsync();
  await done;
  return printed.map((line) => line.trim());
}

test('A step that is silent for ten seconds says what it waits for, and since when', async () => {
  expect(await lines(() => seconds(25))).toEqual([
    '… npm ci: a package is missing (0 s)',
    '… npm ci: a package is missing (10 s, silent for 10 s)',
    '… npm ci: a package is missing (20 s, silent for 20 s)',
    '✓ npm ci (25 s)',
  ]);
});

test('A step that reports shows its latest line', async () => {
  const work = async (report: (line: string) => void) => {
    await seconds(8);
    report('fetches a');
    await seconds(8);
  };
  expect(await lines(work)).toEqual([
    '… npm ci: a package is missing (0 s)',
    '… npm ci: a package is missing (10 s) fetches a',
    '✓ npm ci (16 s)',
  ]);
});

test('What is quick has no line unless it takes ten seconds', async () => {
  expect(await lines(() => seconds(5), { isQuick: true })).toEqual([]);
  expect(await lines(() => seconds(15), { isQuick: true })).toEqual([
    '… npm ci: a package is missing (10 s, silent for 10 s)',
    '✓ npm ci (15 s)',
  ]);
});
