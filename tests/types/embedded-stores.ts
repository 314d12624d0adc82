// Clients fit by their shape, and the store tells the type of the resource. A comment at the beginning of a line is the title of what
// follows.

import type { AbstractLevel } from 'abstract-level';
import type Database from 'better-sqlite3';
import type { ClassicLevel } from 'classic-level';
import { expectTypeOf } from 'expect-type';
import { type Processor, startProcessor } from 'groupcommit';
import { levelStore, type Store } from 'groupcommit/level';
import { type SQLiteStore, sqliteStore } from 'groupcommit/sqlite';

interface Cart {
  items: string[];
}
declare const level: ClassicLevel;
declare const ofJSON: ClassicLevel<number, Cart>;
declare const abstract: AbstractLevel<string | Buffer | Uint8Array>;
declare const sublevel: ReturnType<typeof level.sublevel<string, Cart>>;
declare const betterSQLite: Database.Database;
declare const initial: () => Cart;

/** As node:sqlite declares it. */
declare const nodeSQLite: {
  exec(sql: string): void;
  readonly isTransaction: boolean;
  prepare(sql: string): {
    all(...values: (null | number | bigint | string | NodeJS.ArrayBufferView)[]): Record<string, unknown>[];
    get(
      ...values: (null | number | bigint | string | NodeJS.ArrayBufferView)[]
    ): Record<string, unknown> | undefined;
    run(...values: (null | number | bigint | string | NodeJS.ArrayBufferView)[]): {
      changes: number | bigint;
      lastInsertRowid: number | bigint;
    };
  };
};

// Any database of abstract-level fits, whatever its encodings, and any sublevel.
expectTypeOf(levelStore({ db: level, initial })).toEqualTypeOf<Store<Cart>>();
expectTypeOf(levelStore({ db: ofJSON, initial })).toEqualTypeOf<Store<Cart>>();
expectTypeOf(levelStore({ db: abstract, initial })).toEqualTypeOf<Store<Cart>>();
expectTypeOf(levelStore({ db: sublevel, initial, sync: true })).toEqualTypeOf<Store<Cart>>();
// @ts-expect-error
levelStore({ db: new Map(), initial });
// @ts-expect-error
levelStore({ initial });

// Both clients of SQLite fit, and the table has a name.
expectTypeOf(sqliteStore({ db: betterSQLite, table: 'carts', initial })).toEqualTypeOf<SQLiteStore<Cart>>();
expectTypeOf(sqliteStore({ db: nodeSQLite, table: 'carts', initial })).toEqualTypeOf<SQLiteStore<Cart>>();
// @ts-expect-error
sqliteStore({ db: betterSQLite, initial });
// @ts-expect-error
sqliteStore({ db: level, table: 'carts', initial });

// Without `initial` a resource may be undefined.
expectTypeOf(levelStore<Cart>({ db: level })).toEqualTypeOf<Store<Cart | undefined>>();
expectTypeOf(sqliteStore<Cart>({ db: betterSQLite, table: 'carts' })).toEqualTypeOf<
  SQLiteStore<Cart | undefined>
>();

// Keys may be numbers.
expectTypeOf(sqliteStore({ db: betterSQLite, table: 'carts', initial: (key: number) => key })).toEqualTypeOf<
  SQLiteStore<number, number>
>();

// The processor has the store's type, and what comes after the store in the options wins.
expectTypeOf(startProcessor({ ...levelStore({ db: level, initial }), minDuration: 0 })).toEqualTypeOf<
  Processor<Cart>
>();
expectTypeOf(
  startProcessor({ ...sqliteStore<Cart>({ db: nodeSQLite, table: 'carts' }), minDuration: 0, retries: 3 }),
).toEqualTypeOf<Processor<Cart | undefined>>();
