import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { describe, expect, test } from 'vitest';
import { type Counter, increment, placeOfTests, rejection, table } from './postgres/place.js';
import { LossyProxy } from './race/lossy-proxy.mjs';

describe("groupcommit/postgres, lock: 'row'", () => {
  const place = placeOfTests();
  const never = 600_000;

  const clients = { pg: () => place.pool(), postgres: () => place.sql() };
  for (const [name, client] of Object.entries(clients)) {
    describe(name, () => {
      test.for(['that is there', 'that is not there yet'])(
        'a row %s is waited for, and no operation runs twice',
        async (which) => {
          const key = `${name}: ${which}`;
          if (which === 'that is there') await place.start(client()).run(key, () => {});
          const two = [place.start(client(), 'row'), place.start(client(), 'row')];
          let ran = 0;
          let attempts = 0;
          for (const each of two)
            each.subscribeBatchMetrics((metric) => void (attempts = Math.max(attempts, metric.attempts)));
          await Promise.all(
            two.map(async (each) => {
              for (let i = 0; i < 20; i++) await each.run(key, (counter) => (ran++, increment(counter)));
            }),
          );
          expect(await place.get(key)).toEqual({ count: 40 });
          expect(ran).toBe(40);
          expect(attempts).toBe(1);
        },
      );

      test('those who look for a version lose nothing beside it', { timeout: 60_000 }, async () => {
        const key = `${name}: both`;
        const both = [place.start(client(), 'row'), place.start(client())];
        await Promise.all(
          both.map(async (each) => {
            for (let i = 0; i < 40; i++) await each.run(key, increment);
          }),
        );
        expect(await place.get(key)).toEqual({ count: 80 });
      });

      test('a record that others make after the load is a conflict, and the batch starts over in its transaction', async () => {
        const key = `${name}: made meanwhile`;
        const processor = place.start(client(), 'row', { minDuration: never });
        let ran = 0;
        const run = processor.run(key, (counter) => (ran++, increment(counter)));
        await expect.poll(() => ran).toBe(1);
        // By a statement that knows nothing of the lock.
        await place.query(`insert into ${table} (key, value) values ($1, '{ "count": 10 }')`, [key]);
        await processor.flush();
        expect(await run).toBe(11);
        expect(ran).toBe(2);
        expect(await place.get(key)).toEqual({ count: 11 });
      });

      test('a connection that is lost between load and save: nothing is saved, and the next batch has another', {
        timeout: 60_000,
      }, async () => {
        const key = `${name}: lost`;
        const processor = place.start(client(), 'row', { minDuration: never });
        for (let time = 0; time < 3; time++) {
          let hasRun = false;
          const run = rejection(
            processor.run(key, (counter) => {
              hasRun = true;
              return increment(counter);
            }),
          );
          await expect.poll(() => hasRun).toBe(true);
          await place.terminate();
          await sleep(100);
          await processor.flush();
          const { code, cause } = await run;
          expect(code).toBe('ERR_SAVE_FAILED');
          expect(cause.code).not.toBe('ERR_OUTCOME_UNKNOWN');
          expect(await place.get(key)).toBeUndefined();
        }
        const last = processor.run(key, increment);
        await processor.flush();
        expect(await last).toBe(1);
      });
    });
  }

  /** Whose `commit` goes through a proxy that loses the answer. */
  test('a connection that is lost at the commit: the outcome is not known', async () => {
    const proxy = await LossyProxy.to(place.connection().port);
    place.onClose(() => proxy.close());
    const pool = place.pool({ port: proxy.port });
    pool.on('connect', (connection) => {
      const query = connection.query.bind(connection) as (
        text: string,
        values: unknown[],
      ) => Promise<unknown>;
      const losing = (text: string, values: unknown[]) => {
        if (text === 'commit') proxy.loseNextAnswer();
        return query(text, values);
      };
      Object.assign(connection, { query: losing });
    });
    const { code, cause } = await rejection(place.start(pool, 'row').run('commit', increment));
    expect(code).toBe('ERR_SAVE_FAILED');
    expect(cause).toMatchObject({ code: 'ERR_OUTCOME_UNKNOWN', cause: expect.any(Error) });
    expect(proxy.lost).toBe(1);
    expect([undefined, 1]).toContain(((await place.get('commit')) as Counter | undefined)?.count);
    await expect.poll(() => pool.totalCount).toBe(0);
  });

  test('a deferred constraint that refuses the commit is no unknown outcome', async () => {
    await place.query(`create table strict_${table} (like ${table} including all)`);
    await place.query(`create function refuse() returns trigger language plpgsql as
      $$ begin raise exception 'too much'; end $$`);
    await place.query(`create constraint trigger refuse after insert on strict_${table}
      deferrable initially deferred for each row execute function refuse()`);
    const error = await rejection(
      place.start(place.pool(), 'row', {}, `strict_${table}`).run('deferred', increment),
    );
    expect(error.cause).toMatchObject({ code: 'P0001', message: 'too much' });
  });

  test('every connection is given back once, whatever has become of its batch', async () => {
    const pool = place.pool();
    const processor = place.start(pool, 'row');
    await Promise.allSettled([
      processor.run('kept', increment),
      processor.run('thrown', () => {
        throw new Error('no');
      }),
      processor.read('read', () => {}),
      processor.update('refused', () => ({ count: NaN })),
      processor.update('deleted', () => undefined as unknown as Counter),
    ]);
    await expect.poll(() => pool.idleCount).toBe(pool.totalCount);
    expect(pool.totalCount).toBe(5);
    const idle = await place.query(
      `select count(*)::int as n from pg_stat_activity where state like 'idle in transaction%'`,
    );
    expect(idle).toEqual([{ n: 0 }]);
  });

  test('a pool of one connection is enough for many keys', async () => {
    const processor = place.start(place.pool({ max: 1 }), 'row');
    const keys = Array.from({ length: 20 }, (_, i) => `single ${i}`);
    expect(await Promise.all(keys.map((key) => processor.run(key, increment)))).toEqual(keys.map(() => 1));
  });

  test('two processors with one place each do not wait for each other', async () => {
    const two = [0, 1].map(() =>
      place.start(place.pool(), 'row', { concurrency: 1, minDuration: 20, maxDuration: never }),
    );
    const keys = Array.from({ length: 6 }, (_, i) => `place ${i}`);
    await Promise.all(
      two.map((each, own) =>
        Promise.all((own ? keys : [...keys].reverse()).map((key) => each.run(key, increment))),
      ),
    );
    for (const key of keys) expect(await place.get(key)).toEqual({ count: 2 });
  });

  test('a signal that aborts ends the wait, and the connection comes back when the lock is granted', async () => {
    const holder = new pg.Client(place.connection());
    await holder.connect();
    place.onClose(() => holder.end());
    await place.start(place.pool()).run('held', increment);
    await holder.query('begin');
    await holder.query(`select from ${table} where key = 'held' for update`);
    const pool = place.pool();
    const processor = place.start(pool, 'row', { maxDuration: 50 });
    const { code, cause } = await rejection(processor.run('held', increment));
    expect(code).toBe('ERR_LOCK_FAILED');
    expect(cause.name).toBe('TimeoutError');
    expect(pool.idleCount).toBe(0);
    await holder.query('rollback');
    await expect.poll(() => pool.idleCount).toBe(1);
    expect(await place.get('held')).toEqual({ count: 1 });
  });

  test('a Client is not a Pool', async () => {
    const client = new pg.Client(place.connection());
    const { code, cause } = await rejection(place.start(client as never, 'row').run('client', increment));
    expect(code).toBe('ERR_LOCK_FAILED');
    expect(cause.message).toBe("client must be a Pool of pg for lock: 'row', not a Client");
    await client.end();
  });
});
