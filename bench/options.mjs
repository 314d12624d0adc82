import { closeSync, openSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { CONTEXTS } from './processes.mjs';
import { workloads } from './workloads.mjs';

/** What is compared besides the workloads. */
export const GUARANTEES = 'guarantees';
export const MEMORY = 'memory';

const parts = [...workloads.map(({ name }) => name), GUARANTEES, MEMORY];

export const help = `Compares groupcommit with the same algorithm written by hand and with packages that
serve the same end, side by side, in turns.

  npm run bench -- [options]

  --only LIST     of the workloads below, separated by commas     all
  --context WHICH on: the asynchronous context of the callers is carried, as in
                  Node, by the hand-written code too; off: there is none, as in
                  browsers; both, since there are limits for each   both
  --rounds N      of which the median counts, after the warm-up   13
  --json FILE     writes all that was measured
  --control       puts a second copy of the hand-written code in the place of
                  groupcommit: ratios other than 1.00 are noise
  --help          this text

GROUPCOMMIT_UNDER_TEST names the folder of another build to measure.

Workloads:
${parts.map((name) => `  ${name}`).join('\n')}

Exit code: 0 when nothing was lost, whatever the figures; 1 when groupcommit lost
an update, or something failed; 2 for a bad option.`;

/** Something the user asked for cannot be had; the message names the option. */
export class OptionError extends Error {
  /** @override */
  name = 'OptionError';
}

/** @param {string[]} args */
export function parseOptions(args) {
  const values = parse(args);
  return {
    help: values.help,
    control: values.control,
    rounds: roundsOf(values.rounds),
    contexts: contextsOf(values.context),
    only: values.only === undefined ? parts : values.only.split(',').map((name) => partOf(name.trim())),
    json: values.json === undefined ? undefined : fileOf(values.json),
  };
}

/** @param {string[]} args */
function parse(args) {
  try {
    const { values } = parseArgs({
      args,
      options: {
        help: { type: 'boolean', default: false, short: 'h' },
        control: { type: 'boolean', default: false },
        rounds: { type: 'string', default: '13' },
        only: { type: 'string' },
        context: { type: 'string', default: 'both' },
        json: { type: 'string' },
      },
    });
    return values;
  } catch (error) {
    if (error instanceof TypeError) throw new OptionError(error.message);
    throw error;
  }
}

/** @param {string} text */
function roundsOf(text) {
  const number = /^\d+$/.test(text) ? Number(text) : NaN;
  if (number >= 1 && number <= 1_000) return number;
  throw new OptionError(`--rounds: a whole number from 1 to 1000 is expected, not ${JSON.stringify(text)}`);
}

/** @param {string} which */
function contextsOf(which) {
  const contexts = CONTEXTS.filter((context) => which === context || which === 'both');
  if (contexts.length === 0)
    throw new OptionError(`--context: on, off or both is expected, not ${JSON.stringify(which)}`);
  if (contexts.includes('on') && process.getBuiltinModule === undefined)
    throw new OptionError('--context: with this version of Node the package finds none; choose off');
  return contexts;
}

/** Before minutes of measuring, not after them. @param {string} path */
function fileOf(path) {
  try {
    closeSync(openSync(path, 'a'));
    return path;
  } catch (error) {
    const { code } = /** @type {NodeJS.ErrnoException} */ (error);
    throw new OptionError(`--json: ${JSON.stringify(path)} cannot be written (${code})`);
  }
}

/** @param {string} name */
function partOf(name) {
  if (parts.includes(name)) return name;
  throw new OptionError(`--only: there is no workload ${JSON.stringify(name)}; --help lists them`);
}
