import { startProcessor } from 'groupcommit';
import { type PostgresStoreOptions, postgresStore } from 'groupcommit/postgres';
import { describe, expect, test } from 'vitest';
import { increment, placeOfTests, rejection, table } from './postgres/place.js';

// biome-ignore lint/suspicious/noExplicitAny: what TypeScript would refuse
type Wrong = any;

describe('groupcommit/postgres', () => {
  const place = placeOfTests();

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
});
