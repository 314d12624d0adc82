import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { ClassicLevel } from 'classic-level';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { readDatabase } from '../../examples/flights/database.mjs';
import { readFlights, updatesOf } from '../../examples/flights/flights.mjs';
import { OptionError, parseOptions } from '../../examples/flights/options.mjs';
import { differences, statisticsOf } from '../../examples/flights/proof.mjs';
import { addFlight, emptyStatistics, standardDeviation } from '../../examples/flights/statistics.mjs';

const example = fileURLToPath(new URL('../../examples/flights/', import.meta.url));

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'flights-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

function start(args: string[], preload?: string) {
  const command = [
    ...(preload ? ['--import', new URL(`flights/${preload}`, import.meta.url).href] : []),
    join(example, 'main.mjs'),
    ...args,
  ];
  // Where CI is set, colours would come even without a terminal.
  const child = spawn(process.execPath, command, { env: { ...process.env, NO_COLOR: '1' } });
  onTestFinished(() => void child.kill('SIGKILL'));
  return child;
}

async function ended(child: ReturnType<typeof start>) {
  const [stdout, stderr, [code]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'exit'),
  ]);
  return { stdout, stderr, code };
}

const run = (args: string[], preload?: string) => ended(start(args, preload));

describe('the statistics of an airport', () => {
  const flights = fc.array(
    fc.record({ delay: fc.integer({ min: -100, max: 2000 }), distance: fc.integer({ min: 1, max: 5000 }) }),
    { minLength: 2, maxLength: 200 },
  );

  it('agree with the two-pass formula', () => {
    fc.assert(
      fc.property(flights, (flights) => {
        const statistics = emptyStatistics();
        for (const flight of flights) addFlight(statistics, flight);

        const delays = flights.map(({ delay }) => delay);
        const mean = sum(delays) / delays.length;
        const variance = sum(delays.map((delay) => (delay - mean) ** 2)) / (delays.length - 1);
        expect(statistics.count).toBe(flights.length);
        expect(statistics.mean).toBeCloseTo(mean, 8);
        expect(standardDeviation(statistics)).toBeCloseTo(Math.sqrt(variance), 8);
        expect(statistics.worst).toBe(Math.max(...delays));
        expect(statistics.distance).toBe(sum(flights.map(({ distance }) => distance)));
      }),
    );
  });

  it('do not cancel out where the mean is far greater than the deviation', () => {
    const statistics = emptyStatistics();
    for (const delay of [4, 7, 13, 16]) addFlight(statistics, { delay: delay + 1e9, distance: 1 });
    expect(standardDeviation(statistics)).toBeCloseTo(Math.sqrt(30), 8);
  });

  it('have no deviation for a single flight', () => {
    const statistics = emptyStatistics();
    addFlight(statistics, { delay: 5, distance: 100 });
    expect(standardDeviation(statistics)).toBeNaN();
  });

  it('survive the way into the database and back, to the last bit', async () => {
    const expected = statisticsOf(updatesOf(await readFlights(20_000), 1));
    expect(expected.size).toBe(224);
    for (const statistics of expected.values())
      expect(JSON.parse(JSON.stringify(statistics))).toStrictEqual(statistics);
  });
});

describe('the proof', () => {
  const expected = async () => statisticsOf(updatesOf(await readFlights(500), 1));

  async function store(airports: Airports) {
    const level = new ClassicLevel<string, unknown>(folder, { valueEncoding: 'json' });
    await level.batch([...airports].map(([key, value]) => ({ type: 'put', key, value })));
    await level.close();
  }

  it('accepts a database that holds what was computed', async () => {
    await store(await expected());
    expect(await differences(folder, await expected())).toEqual([]);
  });

  it('tells apart another order of the same updates', async () => {
    await store(statisticsOf(updatesOf((await readFlights(500)).reverse(), 1)));
    expect(await differences(folder, await expected())).not.toEqual([]);
  });

  it.each<[string, (airports: Airports) => void, RegExp]>([
    [
      'a lost update',
      (airports) => change(airports, 'ORD', ({ count }) => ({ count: count - 1 })),
      /^ORD: count is \d+ instead of \d+$/,
    ],
    [
      'a bit',
      (airports) => change(airports, 'ORD', ({ squares }) => ({ squares: squares * (1 + Number.EPSILON) })),
      /^ORD: squares is .+ instead of .+$/,
    ],
    ['a missing airport', (airports) => airports.delete('ORD'), /^ORD is missing$/],
    [
      'an airport too many',
      (airports) => airports.set('XXX', emptyStatistics()),
      /^XXX should not be there$/,
    ],
    [
      'a field too many',
      (airports) => change(airports, 'ORD', () => ({ best: 1 })),
      /^ORD: best is 1 instead of undefined$/,
    ],
  ])('finds %s', async (_, tamper, message) => {
    const airports = await expected();
    tamper(airports);
    await store(airports);
    expect(await differences(folder, await expected())).toEqual([expect.stringMatching(message)]);
  });
});

describe('the options', () => {
  it('are 100, 1,000 and all in flight and windows of 0 and 100 ms by default', () => {
    expect(parseOptions([])).toEqual({
      help: false,
      database: undefined,
      windows: [0, 100],
      inFlight: [100, 1000, Infinity],
      passes: 1,
      flights: 20_000,
    });
  });

  it('may be given, each value of a list counting once', () => {
    const args = [
      '--windows',
      '5, 0.5,5',
      '--in-flight=all,7',
      '--passes',
      '2',
      '--flights',
      '10',
      '--database',
      'x',
    ];
    expect(parseOptions(args)).toEqual({
      help: false,
      database: 'x',
      windows: [5, 0.5],
      inFlight: [Infinity, 7],
      passes: 2,
      flights: 10,
    });
  });

  it.each([
    ['--bad', '--bad'],
    ['--windows', '--windows'],
    ['--windows', '--windows='],
    ['--windows', '--windows=-1'],
    ['--windows', '--windows=0,soon'],
    ['--windows', '--windows=60001'],
    ['--windows', '--windows=Infinity'],
    ['--in-flight', '--in-flight=0'],
    ['--in-flight', '--in-flight=1.5'],
    ['--in-flight', '--in-flight=100,,all'],
    ['--passes', '--passes=0'],
    ['--passes', '--passes=26'],
    ['--passes', '--passes=1e1'],
    ['--flights', '--flights=20001'],
    ['--flights', '--flights=ten'],
    ['--database', '--database='],
    ['--help', '--help=yes'],
    ['more', 'more'],
  ])('name %s when %s is refused', (option, arg) => {
    expect(() => parseOptions([arg])).toThrow(OptionError);
    expect(() => parseOptions([arg])).toThrow(option);
  });
});

describe('npm start', () => {
  it('tells the options', async () => {
    const { stdout, stderr, code } = await run(['--help']);
    for (const option of ['--database', '--windows', '--in-flight', '--passes', '--flights']) {
      expect(stdout).toContain(option);
    }
    expect(stderr).toBe('');
    expect(code).toBe(0);
  });

  it.each([
    ['an unknown option', () => ['--bad'], '--bad'],
    ['a bad value', () => ['--passes', 'many'], '--passes'],
    ['a folder that holds something', () => ['--database', example], '--database'],
    ['a folder that is a file', () => ['--database', join(example, 'main.mjs')], '--database'],
  ])('refuses %s with exit code 2', async (_, args, option) => {
    const { stdout, stderr, code } = await run(args());
    expect(stdout).toBe('');
    expect(stderr).toMatch(new RegExp(`${option}.*\nAll options: npm start -- --help\n$`));
    expect(code).toBe(2);
  });

  it('compares all ways, proves that nothing was lost and leaves nothing behind', {
    timeout: 60_000,
  }, async () => {
    const before = readdirSync(example);
    const { stdout, code } = await run(['--flights', '300', '--in-flight', '20,all', '--windows', '0,5']);
    expect(stdout).toMatch(/write per update +[\d,]+ +1\.0 +600 +600 /);
    expect(stdout.match(/(groupcommit|many keys) [05] ms +[\d,]+ +[\d.]+ /g)).toHaveLength(2 * 2 * 2);
    expect(stdout).toContain('Updates per batch, groupcommit 5 ms');
    expect(stdout).toContain('Updates per batch, many keys 5 ms');
    expect(stdout).toMatch(/✓ Nothing was lost\. (\d+) of \1 databases/);
    expect(code).toBe(0);
    expect(readdirSync(example)).toEqual(before);
  });

  it('loads and saves an airport once, or all by one call, where all updates are in flight', {
    timeout: 60_000,
  }, async () => {
    const airports = statisticsOf(updatesOf(await readFlights(300), 1)).size;
    const { stdout } = await run(['--flights', '300', '--in-flight', 'all', '--windows', '0']);
    expect(stdout).toMatch(new RegExp(`groupcommit 0 ms +[\\d,]+ +[\\d.]+ +${airports} +${airports} `));
    expect(stdout).toMatch(/many keys 0 ms +[\d,]+ +[\d.]+ +1 +1 +600\.0 /);
  });

  it('leaves the databases in the folder that was asked for', { timeout: 60_000 }, async () => {
    const databases = join(folder, 'new', 'folder');
    const args = [
      '--flights',
      '100',
      '--passes',
      '2',
      '--in-flight',
      '20',
      '--windows',
      '0',
      '--database',
      databases,
    ];
    const { stdout, code } = await run(args);
    expect(stdout).toContain(`The databases are in ${databases}`);
    expect(code).toBe(0);

    const flights = await readFlights(100);
    expect(readdirSync(databases).sort()).toEqual([
      '20-in-flight-groupcommit-0-ms',
      '20-in-flight-many-keys-0-ms',
      '20-in-flight-write-per-update',
    ]);
    for (const name of readdirSync(databases)) {
      const airports = await read(join(databases, name));
      expect(sum([...airports.values()].map(({ count }) => count))).toBe(2 * 2 * 100);
      const distance = sum(flights.map((flight: { distance: number }) => flight.distance));
      expect(sum([...airports.values()].map((statistics) => statistics.distance))).toBe(2 * 2 * distance);
    }
  });

  it.each([
    [
      'a bit of a database was changed',
      'last-bit.mjs',
      /groupcommit 0 ms\n +ORD: mean is \S+ instead of \S+\n/,
    ],
    [
      'updates got lost for want of a lock',
      'no-lock.mjs',
      /write per update\n +\w{3}: count is \d+ instead of \d+\n/,
    ],
  ])('exits with 1 when %s', { timeout: 60_000 }, async (_, preload, difference) => {
    const args = [
      '--flights',
      '300',
      '--in-flight',
      '50',
      '--windows',
      '0',
      '--database',
      join(folder, 'databases'),
    ];
    const { stdout, code } = await run(args, preload);
    expect(stdout).toMatch(/✗ \d+ of \d+ databases differ/);
    expect(stdout).toMatch(difference);
    expect(stdout).not.toContain('Nothing was lost');
    expect(code).toBe(1);
  });

  it('exits with 1 and tells the cause when a write fails', async () => {
    const before = readdirSync(example);
    const { stderr, code } = await run(['--flights', '300'], 'full-disk.mjs');
    expect(stderr).toContain('no space left on device');
    expect(code).toBe(1);
    expect(readdirSync(example)).toEqual(before);
  });

  // Windows has no signals that a process could handle.
  describe.skipIf(process.platform === 'win32')('on Ctrl-C', () => {
    it.each([
      ['write per update', '100-in-flight-write-per-update', '0'],
      // With a window of a minute the run ends within the test's time only if the window is closed.
      ['groupcommit', '100-in-flight-groupcommit-60000-ms', '60000'],
    ])('saves what was accepted: %s', { timeout: 30_000 }, async (_, name, window) => {
      const args = ['--flights', '2000', '--in-flight', '100', '--windows', window, '--database', folder];
      const child = start(args);
      const result = ended(child);
      await isThere(join(folder, name, 'CURRENT'), child);
      // npm passes on the signal that the terminal has sent already.
      child.kill('SIGINT');
      child.kill('SIGINT');
      const { stdout, code } = await result;

      expect(stdout).toContain('✓ All that was accepted is saved');
      expect(stdout).toContain(`The databases are in ${folder}`);
      expect(code).toBe(130);
      const accepted = Number(
        /^ +([\d,]+) of 4,000 updates had been accepted/m.exec(stdout)?.[1]?.replace(',', ''),
      );
      const airports = await read(join(folder, name));
      expect(sum([...airports.values()].map(({ count }) => count))).toBe(accepted);
    });
  });
});

const read = async (location: string) => (await readDatabase(location)) as unknown as Airports;

type Statistics = ReturnType<typeof emptyStatistics>;
type Airports = Map<string, Statistics>;

function change(airports: Airports, airport: string, of: (statistics: Statistics) => object) {
  const statistics = airports.get(airport);
  if (!statistics) throw new Error(`${airport} is not among the airports`);
  Object.assign(statistics, of(statistics));
}

const sum = (numbers: number[]) => numbers.reduce((total, number) => total + number, 0);

/** The file is made when the contest opens its database; some callers get to call before the signal arrives. */
async function isThere(file: string, child: ChildProcess) {
  while (!existsSync(file)) {
    if (child.exitCode !== null) throw new Error(`${file} was never made`);
    await sleep(20);
  }
  await sleep(200);
}
