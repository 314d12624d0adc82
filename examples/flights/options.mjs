import { parseArgs } from 'node:util';
import { flightsAvailable } from './flights.mjs';

export const help = `Keeps statistics of airports in a database on disk, from 20,000 US flights, in
three ways side by side: a read and a write per update behind a lock, groupcommit,
and groupcommit with many airports in one read and one write.

  npm start -- [options]

  --in-flight LIST   updates under way at a time, numbers or 'all'   100,1000,all
  --windows LIST     minDuration of groupcommit, in ms               0,100
  --passes N         how often to go over the flights                1
  --flights N        how many of the flights to take                 20000
  --database FOLDER  a new or empty folder, in which the databases
                     stay                                            a passing one
  --help             this text

Exit code: 0 when every database holds what was computed in memory, to the last
bit; 1 when one does not, or something failed; 2 for a bad option; 130 after
Ctrl-C, which saves the updates that are under way.`;

/** Something the user asked for cannot be had; the message names the option. */
export class OptionError extends Error {
  name = 'OptionError';
}

export function parseOptions(args) {
  const values = parse(args);
  return {
    help: values.help,
    database: values.database === undefined ? undefined : path('--database', values.database),
    windows: list('--windows', values.windows, milliseconds),
    inFlight: list('--in-flight', values['in-flight'], updatesInFlight),
    passes: whole('--passes', values.passes, 1, 25),
    flights: whole('--flights', values.flights, 1, flightsAvailable),
  };
}

function parse(args) {
  try {
    const { values } = parseArgs({
      args,
      options: {
        help: { type: 'boolean', default: false, short: 'h' },
        database: { type: 'string' },
        windows: { type: 'string', default: '0,100' },
        'in-flight': { type: 'string', default: '100,1000,all' },
        passes: { type: 'string', default: '1' },
        flights: { type: 'string', default: String(flightsAvailable) },
      },
    });
    return values;
  } catch (error) {
    if (!error.code?.startsWith('ERR_PARSE_ARGS_')) throw error;
    throw new OptionError(error.message);
  }
}

/** The different values of a list, in its order. */
const list = (option, text, item) => [...new Set(text.split(',').map((part) => item(option, part.trim())))];

const updatesInFlight = (option, text) =>
  text === 'all' ? Infinity : whole(option, text, 1, 1_000_000, " or 'all'");

function whole(option, text, min, max, alternative = '') {
  const number = /^\d+$/.test(text) ? Number(text) : NaN;
  if (number >= min && number <= max) return number;
  throw new OptionError(
    `${option}: a whole number from ${min} to ${max}${alternative} is expected, not ${JSON.stringify(text)}`,
  );
}

function milliseconds(option, text) {
  const number = /^\d+(\.\d+)?$/.test(text) ? Number(text) : NaN;
  if (number <= 60_000) return number;
  throw new OptionError(
    `${option}: a number of milliseconds from 0 to 60000 is expected, not ${JSON.stringify(text)}`,
  );
}

function path(option, text) {
  if (text !== '') return text;
  throw new OptionError(`${option}: a folder is expected, not ""`);
}
