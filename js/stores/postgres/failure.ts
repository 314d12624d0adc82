import { unknownOutcome } from '../failure.js';
import type { Statements } from './statements.js';

/** The connection was not made: the server was not there, or not ready, or has refused. */
const UNSENT = /^(ECONNREFUSED|ENOENT|ENOTFOUND|CONNECT_TIMEOUT|57P03)$/;
/** What a server can say also when it has committed, as its last words. None of its codes begins with an E, unlike those of Node. */
const LAST_WORDS = /^(08|25P0[34]|40003|53100|57P|58|XX|E)/;

/** What the clients call `code`: a SQLSTATE, if the server has answered. */
function codeOf(error: unknown): string {
  return `${(error as { code?: unknown } | null)?.code}`;
}

/** Whether a statement that failed has certainly changed nothing. */
export function isRolledBack(error: unknown): boolean {
  const code = codeOf(error);
  return UNSENT.test(code) || (code.length === 5 && !LAST_WORDS.test(code));
}

/** Whether the same could succeed the next time: the statement was the victim of a deadlock, or found the rows changed. */
export function isOutOfTurn(error: unknown): boolean {
  return /^(40P01|40001)$/.test(codeOf(error));
}

/** Whether it may be one of the records that the database refuses: by its size, a constraint, or a trigger. */
export function isRefusal(error: unknown): boolean {
  return /^(22|23|54|P0)/.test(codeOf(error)) && isRolledBack(error);
}

/** Whether the table could not be made because somebody else was making it. */
export function isMadeMeanwhile(error: unknown): boolean {
  return /^(23505|42P07|42710)$/.test(codeOf(error));
}

/** The error that tells what is wrong with the table, if something is. */
export function explained(error: unknown, { name, create }: Statements): unknown {
  const code = codeOf(error);
  if (!/^(42|3F)/.test(code) || code === '42501') return error;
  const { message } = error as Error;
  return Object.assign(
    new Error(`The table ${name} is not what postgresStore takes: ${message}. It is made by: ${create}`, {
      cause: error,
    }),
    { code },
  );
}

/** The error for a save whose answer has been lost. */
export function unknownChange(cause: unknown, { name }: Statements): Error {
  return unknownOutcome(`the table ${name} has been changed`, cause);
}
