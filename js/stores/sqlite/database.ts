/** What is asked of a connection: `DatabaseSync` of node:sqlite has it, and better-sqlite3. */
export interface SQLiteDatabase {
  exec(sql: string): unknown;
  prepare(sql: string): SQLiteStatement;
  /** Whether a transaction is open, in better-sqlite3. */
  readonly inTransaction?: boolean;
  /** The same in node:sqlite, since Node 22.16. */
  readonly isTransaction?: boolean;
}

/** What is asked of a prepared statement. */
export interface SQLiteStatement {
  all(...values: (string | number | bigint)[]): unknown[];
  run(...values: (string | number | bigint)[]): { changes: number | bigint };
}

/** The longest pause between two attempts to get at a database that somebody else has locked, in ms. */
const PAUSE = 5;

/** Does the work as soon as nobody else has the database locked. If the signal aborts first, throws what SQLite has said. */
export async function whenFree<T>(signal: AbortSignal, work: () => T): Promise<T> {
  signal.throwIfAborted();
  for (;;) {
    try {
      return work();
    } catch (error) {
      // So SQLite says SQLITE_BUSY, whose code each client has elsewhere.
      if (signal.aborted || !/database is locked/.test(`${error}`)) throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, Math.random() * PAUSE));
  }
}

/** Does the work in a transaction, of which nothing is left if it throws. */
export function transact<T>(db: SQLiteDatabase, work: () => T): T {
  // One that somebody else has begun on this connection is not ours to go on with, nor to roll back: this throws.
  db.exec('BEGIN IMMEDIATE');
  try {
    const result = work();
    db.exec('COMMIT');
    return result;
  } catch (error) {
    // Of some errors SQLite has rolled back by itself. Whether it has, an older node:sqlite does not tell.
    if ((db.inTransaction ?? db.isTransaction) !== false) db.exec('ROLLBACK');
    throw error;
  }
}
