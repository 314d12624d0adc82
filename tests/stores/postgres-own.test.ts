import { startProcessor } from 'groupcommit';
import { type PostgresStoreOptions, postgresStore } from 'groupcommit/postgres';
import { describe, expect, test } from 'vitest';
import { type Counter, increment, placeOfTests, rejection, table } from './postgres/place.js';

// biome-ignore lint/suspicious/noExplicitAny: what TypeScript would refuse
type Wrong = any;

describe('groupcommit/postgres', () => {
  const place = placeOfTests();
  const never = 600_000;

  describe('options', () => {
    const client = { query: async () => ({ rows: [] }) };
    test.for<[string, Wrong]>([
      ['client must be one of pg or postgres', { table }],
      ['client must be one of pg or postgres', { client: {}, table }],
      ['client must be one of pg or postgres', { client: 'postgres://localhost', table }],
      ['table must be', { client }],
      ['table must be', { client, table: '' }],
      ['schema must be', { client, table, schema: 1 }],
      ["lock must be 'row'", { client, table, lock: 'table' }],
      ['client must be a Pool of pg', { client, table, lock: 'row' }],
      ['initial must be a function', { client, table, initial: 0 }],
    ])('%s', ([message, options]) => {
      expect(() => postgresStore(options as PostgresStoreOptions<unknown>)).toThrow(
        expect.objectContaining({ name: 'TypeError', message: expect.stringContaining(message) }),
      );
    });
  });

  describe('the table', () => {
    test.for([['"; drop table own; --'], ['Ünïcode.with.dots'], ['select'], ["it's $1", 'My "schema"']])(
      'may be called %s',
      async ([name, schema]) => {
        if (schema) await place.query(`create schema "My ""schema"""`);
        const client = place.pool();
        const store = postgresStore({ client, table: name as string, schema, initial: () => 0 });
        await store.createTable();
        const processor = startProcessor({ ...store, minDuration: 0 });
        expect(await processor.update('a', (n) => n + 1)).toBe(1);
        const tables = await place.query(
          `select schemaname from pg_tables where tablename = $1 and schemaname = $2`,
          [name, schema ?? 'public'],
        );
        expect(tables).toHaveLength(1);
        await processor.stop();
      },
    );

    test('can be made by many at once', async () => {
      const client = place.pool();
      await Promise.all(
        Array.from({ length: 10 }, () => postgresStore({ client, table: 'by many' }).createTable()),
      );
    });

    test.for([
      ['is missing', ''],
      ['has no version', 'key text primary key, value jsonb not null'],
      ['has a json', 'key text primary key, value json not null, version bigint not null'],
      ['has a text', 'key text primary key, value text not null, version bigint not null'],
      ['has keys of another type', 'key int primary key, value jsonb not null, version bigint not null'],
    ])('that %s fails the load, and the error says what it should be', async ([what, columns]) => {
      const name = `that ${what}`;
      if (columns) await place.query(`create table "${name}" (${columns})`);
      for (const lock of [undefined, 'row'] as const) {
        const { code, cause } = await rejection(
          place.start(place.pool(), lock, {}, name).run('a', increment),
        );
        expect(code).toBe(lock ? 'ERR_LOCK_FAILED' : 'ERR_LOAD_FAILED');
        expect(cause.message).toContain(`The table "${name}" is not what postgresStore takes: `);
        expect(cause.message).toContain(`create table if not exists "${name}" (`);
        expect(cause.code).toMatch(/^42/);
        expect(cause.cause).toBeInstanceOf(Error);
      }
    });

    test('may have a constraint: what it refuses fails alone', async () => {
      await place.query(`create table strict (key text primary key, value jsonb not null, version bigint not null,
        check ((value ->> 'count')::int < 3))`);
      const processor = place.start(place.pool(), undefined, {}, 'strict');
      const keys = Array.from({ length: 20 }, (_, i) => `${i}`);
      const outcomes = await Promise.allSettled(
        keys.map((key) => processor.run(key, (counter) => void (counter.count = key === '7' ? 3 : 2))),
      );
      const failed = outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason] : []));
      expect(failed).toMatchObject([{ key: '7', cause: { code: '23514' } }]);
      expect(await place.query('select count(*)::int as n from strict')).toEqual([{ n: 19 }]);
    });
  });

  describe('values', () => {
    test('that no jsonb can take, by their depth, fail alone', async () => {
      let deep: Wrong = 0;
      for (let level = 0; level < 9_000; level++) deep = [deep];
      const processor = startProcessor({
        ...postgresStore<Wrong>({ client: place.pool(), table }),
        minDuration: 0,
      });
      const [bad, good] = await Promise.allSettled([
        processor.update('deep', () => deep),
        processor.update('shallow', () => 1),
      ]);
      expect(bad).toMatchObject({ reason: { code: 'ERR_SAVE_FAILED' } });
      expect(good).toMatchObject({ value: 1 });
      await processor.stop();
    });

    test('10,000 of 10 KB, at once', { timeout: 120_000 }, async () => {
      const store = postgresStore({ client: place.pool(), table, initial: () => '' });
      const processor = startProcessor({ ...store, minDuration: 0, maxKeys: 10_000 });
      const keys = Array.from({ length: 10_000 }, (_, i) => `large ${i}`);
      await Promise.all(keys.map((key) => processor.update(key, () => key.padEnd(10_000, '"\\ü'))));
      const sizes = await place.query(
        `select count(*)::int as n, min(length(value #>> '{}')) as least from ${table} where key like 'large %'`,
      );
      expect(sizes).toEqual([{ n: 10_000, least: 10_000 }]);
      await processor.stop();
    });

    test('that others have written with numbers too large are not saved as others', async () => {
      await place.query(`insert into ${table} (key, value) values ('huge', '{ "count": 1e400 }')`);
      const { cause } = await rejection(place.start(place.pool()).run('huge', increment));
      expect(cause.message).toContain('.count is Infinity');
      expect((await place.query(`select value::text from ${table} where key = 'huge'`))[0].value).toContain(
        '{"count": 1000',
      );
    });
  });

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
