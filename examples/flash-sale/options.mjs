import { optionsOf } from '../../scripts/options.mjs';
import { waysWith } from './ways.mjs';

const usage = `A service that sells what many want at once, in 1 to 4 processes on one PostgreSQL, five ways side by side:
a statement each, SELECT … FOR UPDATE each, a compare-and-set loop each, and groupcommit, with requests that go to
any process, or for each key to the same one.

  npm run flash-sale -- [options]

  --requests N       for each way; a quarter is sent before, to warm up  4000
  --connections N    requests under way at a time                        100
  --processes LIST   of the service                                      1,4
  --windows LIST     minDuration of groupcommit, in ms                   0
  --way TEXT         only ways whose name has the text in it; several    all
  --plot FILE        the figures as SVG too
  --help             this text

Exit code: 0 when in every sale no more was sold than there was, everybody who was told yes is in the book, and all
deposits are in the balances; 1 when not, or something failed; 2 for a bad option.`;

export const parseOptions = () => {
  const values = optionsOf(
    {
      requests: { type: 'string', default: '4000' },
      connections: { type: 'string', default: '100' },
      processes: { type: 'string', default: '1,4' },
      windows: { type: 'string', default: '0' },
      way: { type: 'string', multiple: true, default: [''] },
      plot: { type: 'string' },
    },
    usage,
    check,
  );
  return {
    requests: Number(values.requests),
    connections: Number(values.connections),
    processes: values.processes.split(',').map(Number),
    chosen: chosenWays(values),
    plot: values.plot,
  };
};

const chosenWays = ({ way, windows }) =>
  waysWith(windows.split(',').map(Number)).filter(({ name }) => way.some((text) => name.includes(text)));

function check(values) {
  const { requests, connections, processes, windows, way } = values;
  whole('--requests', requests, 1_000, 1_000_000);
  whole('--connections', connections, 4, 1_000);
  for (const count of processes.split(',')) whole('--processes', count, 1, 4);
  for (const window of windows.split(',')) whole('--windows', window, 0, 1_000);
  if (chosenWays(values).length === 0) throw new Error(`--way: no way has ${way.join(' or ')} in its name`);
}

function whole(option, text, min, max) {
  const number = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (number >= min && number <= max) return;
  throw new Error(`${option}: a whole number from ${min} to ${max} is expected, not ${JSON.stringify(text)}`);
}
