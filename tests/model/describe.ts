import { type Action, full, type Scenario, type Step } from './scenario.js';

/** A scenario as text, for whoever has to find out what went wrong. */
export function describe({ world, steps }: Scenario): string {
  const options = Object.entries(world).map(([name, value]) => `  ${name}: ${text(value)}`);
  return [
    ...options,
    ...steps.map((step, number) => `${String(number + 1).padStart(3)}. ${line(step)}`),
  ].join('\n');
}

function text(value: unknown): string {
  return Array.isArray(value) ? value.join(', ') : String(value);
}

function line({ action, place, turns }: Step): string {
  if (place !== 'now') return `in the next ${place}: ${told(action)}`;
  const after =
    turns === full ? '; then all settles' : turns === 0 ? '' : `; then ${turns} turns of microtasks`;
  return told(action) + after;
}

function withSignal({ signal }: { signal: number | undefined }): string {
  return signal === undefined ? '' : ` with signal ${signal}`;
}

function told(action: Action): string {
  switch (action.type) {
    case 'run': {
      const signal = withSignal(action);
      return `${action.method} on ${action.key}${signal}, ends with ${action.ending}`;
    }
    case 'crowd':
      return `${action.method} on each of ${text(action.keys)}${withSignal(action)}`;
    case 'call ends':
      return `the held call ${action.which} ends ${action.how}`;
    case 'time passes':
      return `${action.time} ms pass`;
    case 'blocked':
      return `the event loop is blocked for ${action.time} ms`;
    case 'abort':
      return `signal ${action.signal} aborts`;
    case 'flush':
      return action.key ? `flush ${action.key}` : 'flush all';
    case 'stop':
      return `stop, with signal: ${action.signal}`;
    case 'another writes':
      return `another process writes ${action.key}`;
    case 'subscribe':
      return action.throws ? 'subscribe with a callback that throws' : 'subscribe';
    default:
      return action.type;
  }
}
