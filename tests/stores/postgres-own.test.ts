import { describe, expect, test } from 'vitest';
import { type Counter, increment, placeOfTests, rejection, table } from './postgres/place.js';

describe('groupcommit/postgres, beside others', () => {
  const place = placeOfTests();
  const never = 600_000;

  describe('versions', () => {
    test('are exact beyond 2 ** 53', async () => {
      await place.query(`insert into ${table} values ('beyond', '{ "count": 0 }', 9007199254740993)`);
      const processor = place.start(place.pool(), undefined, { minDuration: never, retries: 0 });
      for (const expected of [1, 2]) {
        const run = processor.run('beyond', increment);
        await processor.flush();
        expect(await run).toBe(expected);
      }
      // A version that a number could not tell from the one that was loaded.
      let hasRun = false;
      const run = rejection(processor.run('beyond', () => void (hasRun = true)));
      await expect.poll(() => hasRun).toBe(true);
      await place.query(`update ${table} set version = version + 1 where key = 'beyond'`);
      await processor.flush();
      expect((await run).cause.code).toBe('ERR_CONFLICT');
    });

    test('are right for others who write by hand, as the documents say', async () => {
      const processor = place.start(place.pool());
      const byHand = (async () => {
        for (let i = 0; i < 50; i++) {
          await place.query(
            `insert into ${table} (key, value) values ('by hand', '{ "count": 1 }') on conflict (key) do update
             set value = jsonb_set(${table}.value, '{count}', to_jsonb((${table}.value ->> 'count')::int + 1)),
                 version = ${table}.version + 1`,
          );
        }
      })();
      for (let i = 0; i < 50; i++) await processor.run('by hand', increment);
      await byHand;
      expect(await place.get('by hand')).toEqual({ count: 100 });
    });
  });

  test('statements for the same keys in opposite order never wait for each other', {
    timeout: 120_000,
  }, async () => {
    const keys = Array.from({ length: 100 }, (_, i) => `cross ${i}`);
    const four = Array.from({ length: 4 }, () => place.start(place.pool()));
    const deadlocks = async () =>
      (
        await place.query(`select deadlocks::int from pg_stat_database where datname = current_database()`)
      )[0];
    const before = await deadlocks();
    await Promise.all(
      four.map(async (each, own) => {
        const order = own % 2 ? keys : [...keys].reverse();
        for (let round = 0; round < 5; round++)
          await Promise.all(order.map((key) => each.run(key, increment)));
      }),
    );
    for (const key of keys) expect(await place.get(key)).toEqual({ count: 20 });
    expect(await deadlocks()).toEqual(before);
  });

  test.for(['read committed', 'repeatable read', 'serializable'])(
    'a pool whose transactions are %s by default loses nothing',
    { timeout: 60_000 },
    async (level) => {
      const options = `-c default_transaction_isolation=${level.replace(' ', '\\ ')}`;
      const two = [0, 1].map(() => place.start(place.pool({ options })));
      await Promise.all(
        two.map(async (each) => {
          for (let i = 0; i < 30; i++) await each.run(level, increment);
        }),
      );
      expect(await place.get(level)).toEqual({ count: 60 });
    },
  );

  describe('errors', () => {
    const failing = (code: string | undefined, save = /^with/) => {
      let saves = 0;
      const client = {
        query: async (text: string) => {
          if (!save.test(text)) return { rows: [] };
          saves++;
          throw Object.assign(new Error('the server says no'), { code });
        },
      };
      return {
        run: () => rejection(place.start(client, undefined, { retries: 2 }).run('a', increment)),
        saves: () => saves,
      };
    };

    test.for([
      undefined,
      'ECONNRESET',
      'EPIPE',
      'CONNECTION_CLOSED',
      '08006',
      '57P01',
      '57P02',
      '40003',
      'XX000',
    ])(
      'with the code %s it is not known whether the record was saved, and the save not repeated',
      async (code) => {
        const { run, saves } = failing(code);
        const { cause } = await run();
        expect(cause).toMatchObject({
          code: 'ERR_OUTCOME_UNKNOWN',
          cause: { message: 'the server says no' },
        });
        expect(cause.message).toContain('the server says no');
        expect(saves()).toBe(1);
      },
    );

    test.for(['40P01', '40001'])('with the code %s the batch starts over', async (code) => {
      const { run, saves } = failing(code);
      expect((await run()).cause.code).toBe('ERR_CONFLICT');
      expect(saves()).toBe(3);
    });

    test.for(['ECONNREFUSED', '57P03', '57014', '25006', '42501', '23505', '22P02', '53200'])(
      "with the code %s nothing was saved, and it is the client's error",
      async (code) => {
        const { run, saves } = failing(code);
        expect((await run()).cause).toMatchObject({ code, message: 'the server says no' });
        expect(saves()).toBe(1);
      },
    );

    test('a server that is read only, and a statement that takes too long, say so', async () => {
      const readOnly = place.pool({ options: '-c default_transaction_read_only=on' });
      expect((await rejection(place.start(readOnly).run('a', increment))).cause.code).toBe('25006');
      const hasty = place.pool({ options: '-c statement_timeout=100' });
      await place.start(place.pool()).run('slow', increment);
      const holder = await place.pool().connect();
      await holder.query('begin');
      await holder.query(`select from ${table} where key = 'slow' for update`);
      const error = await rejection(place.start(hasty).run('slow', increment));
      expect(error).toMatchObject({ code: 'ERR_SAVE_FAILED', cause: { code: '57014' } });
      await holder.query('rollback');
      holder.release();
      expect(await place.get('slow')).toEqual({ count: 1 });
    });

    test('a load is given up when its signal aborts', async () => {
      const client = { query: () => new Promise<never>(() => {}) };
      const { code, cause } = await rejection(
        place.start(client, undefined, { maxDuration: 50 }).run('a', increment),
      );
      expect(code).toBe('ERR_LOAD_FAILED');
      expect(cause.name).toBe('TimeoutError');
    });

    test('a transaction of the user that has failed fails what is in it', async () => {
      const client = await place.pool().connect();
      await client.query('begin');
      await client.query('select 1 / 0').catch(() => {});
      const { cause } = await rejection(place.start(client).run('a', increment));
      expect(cause.code).toBe('25P02');
      await client.query('rollback');
      client.release();
    });
  });

  test('a pool of one connection is enough', async () => {
    const processor = place.start(place.pool({ max: 1 }));
    const keys = Array.from({ length: 50 }, (_, i) => `one ${i}`);
    expect(await Promise.all(keys.map((key) => processor.run(key, increment)))).toEqual(keys.map(() => 1));
  });

  test('deleting what is not there sends nothing', async () => {
    const statements: string[] = [];
    const pool = place.pool();
    const client = {
      query: (text: string, values: string[]) => (statements.push(text), pool.query(text, values)),
    };
    await place.start(client).update('nothing', () => undefined as unknown as Counter);
    expect(statements).toHaveLength(1);
  });
});
