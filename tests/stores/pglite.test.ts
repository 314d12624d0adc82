import { postgresStore } from 'groupcommit/postgres';
import { describe } from 'vitest';
import type { Harness } from './harness.js';
import { pglite } from './servers/clients.mjs';
import { conflicts } from './suite/conflicts.js';
import { core } from './suite/core.js';
import { keys } from './suite/keys.js';
import { values } from './suite/values.js';

// A Postgres in this process, and in its memory: there are no others, and no connection.
const table = 'records';
const databases = new Map<number, ReturnType<typeof pglite>>();

const harness: Harness = {
  name: 'groupcommit/postgres on PGlite',
  module: import.meta.url,
  hasConflicts: true,
  async start() {
    const database = pglite();
    const number = databases.size;
    databases.set(number, database);
    await postgresStore({ client: database.client, table }).createTable();
    return { location: { number }, stop: database.close };
  },
  async open({ number }, options) {
    const { client, query } = databases.get(number) as ReturnType<typeof pglite>;
    let isClosed = false;
    const own = {
      query: (text: string, values: string[]) =>
        isClosed ? Promise.reject(new Error('This one has been closed')) : client.query(text, values),
    };
    return {
      store: postgresStore({ client: own, table, ...options }),
      get: async (key) => (await query(`select value from ${table} where key = $1`, [key]))[0]?.value,
      close: async () => void (isClosed = true),
    };
  },
};

describe(harness.name, () => {
  for (const part of [core, values, keys, conflicts]) part(harness);
});
