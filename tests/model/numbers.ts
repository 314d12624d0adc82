import {
  type Action,
  type CallMode,
  full,
  type Key,
  type Place,
  type Scenario,
  type Step,
  type World,
} from './scenario.js';

/**
 * A scenario is written as a list of numbers for its world and one number for each of its steps: they are made and shrunk fast, and any number means
 * something. What is simplest has the smallest number.
 */
/** As many numbers describe a world. Those that are left out are 0. */
export const worldSize = 13;
/** The numbers of worlds and steps are below this. */
export const range = 2 ** 30;

/** Takes choices out of a number. */
class Choices {
  #rest: number;

  constructor(number: number) {
    this.#rest = number;
  }

  below(limit: number): number {
    const choice = this.#rest % limit;
    this.#rest = Math.floor(this.#rest / limit);
    return choice;
  }

  of<const T>(...choices: T[]): T {
    return choices[this.below(choices.length)] as T;
  }

  list<T>(item: () => T): T[] {
    return Array.from({ length: 1 + this.below(4) }, item);
  }
}

export function scenarioOf(numbers: readonly number[], stepNumbers: readonly number[]): Scenario {
  const world = worldOf(numbers.map((number) => new Choices(number)));
  return { world, steps: stepNumbers.map((number) => stepOf(number, world)) };
}

function worldOf(numbers: Choices[]): World {
  const [keys, min, max, most, concurrency, locks, releases, loads, saves, clock, metrics, end, hostility] =
    numbers;
  const choices = (numbers = new Choices(0)) => numbers;
  const modes = (numbers: Choices): CallMode[] =>
    numbers.list(() =>
      numbers.of('hangs', 'promise', 'hangs', 'value', 'obeys', 'thenable', 'hangs', 'rejects', 'throws'),
    );
  const minDuration = choices(min).of(0, 100, 0, 100, undefined, 1);
  const isTimed = minDuration !== 0;
  const others = choices(hostility);
  return {
    keys: (['a', 'b', 'c'] as Key[]).slice(0, 1 + choices(keys).below(3)),
    minDuration,
    maxDuration: isTimed
      ? choices(max).of(undefined, Number.POSITIVE_INFINITY, 150, 100)
      : choices(max).of(undefined, 150, 40),
    maxOperations: choices(most).of(undefined, 1, 2, undefined, 3),
    concurrency: choices(concurrency).of(undefined, 1, undefined, 2),
    locks: choices(locks).below(2) === 0 ? undefined : modes(choices(locks)),
    releases: choices(releases).list(() =>
      choices(releases).of('releases', 'releases', 'nothing', 'throws', 'releases', 'releases', 'mistake'),
    ),
    loads: modes(choices(loads)),
    saves: modes(choices(saves)),
    isFrozen: choices(clock).below(6) === 5,
    readsSignals: choices(metrics).of(true, false),
    subscribes: choices(metrics).of(true, true, false),
    iterates: choices(metrics).of(false, false, true),
    waits: choices(end).of(false, true),
    values: others.of('plain', 'touchy', 'plain', 'revoked'),
    thenables: others.of('twice', 'own then', 'late', 'throws'),
    mutes: others.of(false, true),
  };
}

/** How often each kind of action comes: the simplest has the first places. */
const kinds = (
  [
    ['run', 24],
    ['call ends', 17],
    ['time passes', 7],
    ['flush', 5],
    ['abort', 5],
    ['blocked', 1],
    ['stop', 1],
    ['abort stop', 1],
    ['subscribe', 1],
    ['unsubscribe', 1],
    ['timers lost', 1],
  ] as const
).flatMap(([type, weight]) => new Array<Action['type']>(weight).fill(type));

function stepOf(number: number, world: World): Step {
  // The kind is in the highest digits, so that smaller numbers are simpler kinds first.
  const kind = kinds[Math.floor((number / range) * kinds.length)] as Action['type'];
  const choices = new Choices(number % 2 ** 24);
  const turns = choices.of(full, 0, full, 0, full, 0, full, 1, full, 3);
  const callback = choices.below(2) === 0 ? 'now' : choices.of<Place>(...places);
  const action = actionOf(kind, choices, world);
  return { action, place: isOutside(action) ? 'now' : callback, turns };
}

const places = [
  'now',
  'operation',
  'continuation of a run',
  'load',
  'save',
  'now',
  'operation',
  'continuation of a flush',
  'lock',
  'release',
  'abort of a caller',
  'abort of a batch',
  'metric',
] as const;

/** Time does not pass in the midst of something. */
function isOutside({ type }: Action): boolean {
  return type === 'time passes' || type === 'blocked' || type === 'timers lost';
}

function actionOf(type: Action['type'], choices: Choices, { keys }: World): Action {
  switch (type) {
    case 'run':
      return {
        type,
        key: choices.of(...keys),
        method: choices.of('run', 'run', 'update', 'read'),
        signal: choices.of(undefined, undefined, undefined, undefined, 0, 1, 2),
        ending: choices.of(
          'value',
          'value',
          'value',
          'value',
          'undefined',
          'throws',
          'value',
          'promise',
          'thenable',
        ),
      };
    case 'call ends':
      return {
        type,
        which: choices.below(3),
        how: choices.of('well', 'well', 'badly', 'well', 'badly, but stored'),
      };
    case 'time passes':
      return { type, time: choices.of(100, 50, 99, 1, 150, 20, 200, 250) };
    case 'blocked':
      return { type, time: choices.of(30, 120, 500) };
    case 'flush':
      return { type, key: choices.of<Key | undefined>(undefined, ...keys) };
    case 'abort':
      return { type, signal: choices.below(3) };
    case 'stop':
      return { type, signal: choices.of('none', 'later', 'later', 'aborted') };
    case 'subscribe':
      return { type, throws: choices.of(false, true) };
    default:
      return { type };
  }
}
