import { Choices, range } from './choices.js';
import { type Action, full, type Key, type Place, type Step, type World } from './scenario.js';

/** How often each kind of action comes: the simplest has the first places. */
const weights = [
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
] as const;
/** Where several keys may be in one call, runs come in crowds, too; and others write where a save tells whether they have. */
const kinds = [false, true].map((isMany) =>
  [false, true].map((hasOthers) =>
    [
      ...weights,
      ...(isMany ? [['crowd', 12] as const] : []),
      ...(hasOthers ? [['another writes', 8] as const] : []),
    ].flatMap(([type, weight]) => new Array<Action['type']>(weight).fill(type)),
  ),
);

export function stepOf(number: number, world: World): Step {
  // The kind is in the highest digits, so that smaller numbers are simpler kinds first.
  const isMany = world.sharesLoads || world.sharesSaves;
  const all = kinds[Number(isMany)]?.[Number(world.hasOthers)] as Action['type'][];
  const kind = all[Math.floor((number / range) * all.length)] as Action['type'];
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

const endings = [
  'value',
  'value',
  'value',
  'value',
  'undefined',
  'throws',
  'value',
  'promise',
  'thenable',
] as const;

function actionOf(type: Action['type'], choices: Choices, { keys, retries }: World): Action {
  switch (type) {
    case 'run':
      return {
        type,
        key: choices.of(...keys),
        method: choices.of('run', 'run', 'update', 'read'),
        signal: choices.of(undefined, undefined, undefined, undefined, 0, 1, 2),
        ending: retries
          ? choices.of(...endings, 'throws at first', 'throws later', 'throws at first')
          : choices.of(...endings),
      };
    case 'call ends':
      return {
        type,
        which: choices.below(3),
        how:
          retries === undefined
            ? choices.of('well', 'well', 'badly', 'well', 'badly, but stored')
            : choices.of(
                'well',
                'in conflict',
                'badly',
                'well',
                'badly, but stored',
                'in conflict',
                'in conflict',
              ),
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
    case 'crowd':
      return {
        type,
        keys: keys.slice(choices.below(keys.length)),
        method: choices.of('run', 'update', 'read'),
        signal: choices.of(undefined, undefined, 0, undefined, 1),
      };
    case 'another writes':
      return { type, key: choices.of(...keys) };
    case 'subscribe':
      return { type, throws: choices.of(false, true) };
    default:
      return { type };
  }
}
