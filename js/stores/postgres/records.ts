import type { BatchContext, SavedBatch } from '../../core/types.js';
import { conflict, jsonOf, keyText, resourceOf } from '../records.js';
import type { Query, Row } from './client.js';
import type { Statements } from './statements.js';

/** A NUL or half a surrogate pair, as JSON writes them. */
const UNSTORABLE = /(?<!\\)(?:\\\\)*\\u(?:0000|d[89a-f])/;

/** Makes resources of rows, and saves them with the version that the row had. */
export class Records<Resource, Key extends string | number> {
  readonly #statements: Statements;
  readonly #initial: ((key: Key) => Resource) | undefined;
  /** Those of the rows that were loaded; undefined where there was none. */
  readonly #versions = new WeakMap<object, string | undefined>();

  constructor(statements: Statements, initial: ((key: Key) => Resource) | undefined) {
    this.#statements = statements;
    this.#initial = initial;
  }

  resource(batch: BatchContext<Key>, row: Row | undefined): Resource | Error {
    this.#versions.set(batch, row?.version);
    return resourceOf(row?.value, batch.key, this.#initial) as Resource | Error;
  }

  /** Saves them by one statement. An Error is in the place of one that is not saved. */
  async save(query: Query, batches: readonly SavedBatch<unknown, Key>[]): Promise<(Error | undefined)[]> {
    const changes = batches.map((batch) => changeOf(batch, this.#versions.get(batch)));
    const given = changes.filter((change) => typeof change === 'string');
    const rows = given.length === 0 ? [] : await query(this.#statements.save, `[${given}]`);
    const written = new Set(rows.map(({ key }) => key));
    return batches.map(({ key }, place) => {
      const change = changes[place];
      if (typeof change !== 'string') return change;
      return written.has(keyText(key)) ? undefined : conflict(key);
    });
  }
}

/** What is to be done to a record, as JSON; undefined if nothing is; the Error for its place if that cannot be done. */
function changeOf(
  { key, resource }: SavedBatch<unknown>,
  version: string | undefined,
): string | Error | undefined {
  const value = jsonOf(resource);
  if (value instanceof Error) return value;
  if (value === undefined && version === undefined) return undefined;
  if (UNSTORABLE.test(value as string))
    return new TypeError('PostgreSQL cannot hold it: a string in it has a NUL or half a surrogate pair');
  const members = [`"key":${JSON.stringify(keyText(key))}`];
  if (version !== undefined) members.push(`"version":${version}`);
  members.push(value === undefined ? '"gone":true' : `"value":${value}`);
  return `{${members}}`;
}
