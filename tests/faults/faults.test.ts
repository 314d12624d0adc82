import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, onTestFinished, test } from 'vitest';
import { inChild, packageFolder } from '../node/support.js';
// @ts-expect-error: it has no declarations
import { Kills, WAYS } from './kills.mjs';
// @ts-expect-error: it has no declarations
import { Traffic } from './soak/traffic.mjs';

describe('The faults of real processes', () => {
  test('kill -9 in the midst of the work: every acknowledged update is there', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'kills-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const kills = await Kills.on(folder);
    for (const way of WAYS) {
      expect(await kills.kill({ way, inFlight: 100, after: Math.floor(Math.random() * 100) })).toEqual([]);
    }
    expect(kills.acknowledgements).toBeGreaterThan(0);
  });

  test('a process that is stopped and continued goes on', async () => {
    const script = `
      import { startProcessor } from ${JSON.stringify(`${packageFolder}/dist/esm/index.js`)};
      let saved = 0;
      const accounts = startProcessor({
        minDuration: 20,
        loadResource: () => ({ count: saved }),
        saveResource: async (_, { count }) => void (saved = count),
      });
      process.stdout.write('started ');
      for (let run = 0; run < 50; run++) await accounts.run('alice', (account) => void account.count++);
      process.stdout.write(String(saved));
    `;
    const child = spawn(process.execPath, ['--input-type=module', '--eval', script]);
    const output = text(child.stdout);
    await new Promise((started) => child.stdout.once('data', started));
    child.kill('SIGSTOP');
    await sleep(300);
    child.kill('SIGCONT');
    expect(await output).toBe('started 50');
  });

  test('garbage is collected at any time', async () => {
    const { stdout } = await inChild(
      `
        const saved = {};
        const accounts = startProcessor({
          minDuration: 1,
          loadResource: async (key) => ({ count: saved[key] ?? 0 }),
          saveResource: async (key, { count }) => void (saved[key] = count),
        });
        accounts.subscribeBatchMetrics(() => {});
        const { signal } = new AbortController();
        for (let wave = 0; wave < 20; wave++) {
          const runs = Array.from({ length: 50 }, (_, run) => accounts.run('key ' + (run % 7), (account) => void account.count++, { signal }));
          await Promise.all(runs);
        }
        print(Object.values(saved).reduce((sum, count) => sum + count));
      `,
      { flags: ['--gc-interval=100', '--stress-compaction'] },
    );
    expect(stdout).toBe('1000\n');
  });

  test('all traffic and faults at once: nothing is lost, and nothing left', async () => {
    const traffic = new Traffic();
    const gone = traffic.go(4);
    await sleep(3_000);
    traffic.stop();
    await gone;
    expect(traffic.differences()).toEqual([]);
    expect(traffic.unsettled).toBe(0);
    expect(traffic.settled).toBeGreaterThan(0);
  });
});
