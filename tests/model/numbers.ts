import { Choices } from './choices.js';
import type { CallMode, Key, Scenario, World } from './scenario.js';
import { stepOf } from './steps.js';

/**
 * A scenario is written as a list of numbers for its world and one number for each of its steps: they are made and shrunk fast, and any number means
 * something. What is simplest has the smallest number.
 */
/** As many numbers describe a world. Those that are left out are 0. */
export const worldSize = 16;

export function scenarioOf(numbers: readonly number[], stepNumbers: readonly number[]): Scenario {
  const world = worldOf(numbers.map((number) => new Choices(number)));
  return { world, steps: stepNumbers.map((number) => stepOf(number, world)) };
}

const modes = [
  'hangs',
  'promise',
  'hangs',
  'value',
  'obeys',
  'thenable',
  'hangs',
  'rejects',
  'throws',
] as const;

function worldOf(numbers: Choices[]): World {
  const [keys, min, max, most, concurrency, locks, releases, loads, saves, clock, metrics, end, hostility] =
    numbers;
  const [sharing, conflicts, random] = numbers.slice(13);
  const choices = (numbers = new Choices(0)) => numbers;
  const [sharesLoads, sharesSaves] = sharingOf(choices(sharing));
  const isShared = sharesLoads || sharesSaves;
  const retries = choices(conflicts).of(undefined, undefined, 1, undefined, 2, 3, 0);
  const modesOf = (numbers: Choices): CallMode[] =>
    numbers.list(() =>
      retries === undefined ? numbers.of(...modes) : numbers.of(...modes, 'conflicts', 'conflicts'),
    );
  const minDuration = choices(min).of(0, 100, 0, 100, undefined, 1);
  const isTimed = minDuration !== 0;
  const others = choices(hostility);
  return {
    keys: (['a', 'b', 'c', 'd', 'e'] as Key[]).slice(0, 1 + choices(keys).below(isShared ? 5 : 3)),
    minDuration,
    maxDuration: isTimed
      ? choices(max).of(undefined, Number.POSITIVE_INFINITY, 150, 100)
      : choices(max).of(undefined, 150, 40),
    maxOperations: choices(most).of(undefined, 1, 2, undefined, 3),
    concurrency: isShared
      ? choices(concurrency).of(undefined, 1, 2, 1, undefined, 3)
      : choices(concurrency).of(undefined, 1, undefined, 2),
    locks: choices(locks).below(2) === 0 ? undefined : modesOf(choices(locks)),
    releases: choices(releases).list(() =>
      choices(releases).of('releases', 'releases', 'nothing', 'throws', 'releases', 'releases', 'mistake'),
    ),
    loads: modesOf(choices(loads)),
    saves: modesOf(choices(saves)),
    sharesLoads,
    sharesSaves,
    maxKeys: choices(sharing).of(undefined, 2, undefined, 1, 3),
    results: choices(sharing).list(() =>
      choices(sharing).of(
        'array',
        'nothing',
        'array',
        'first fails',
        'others fail',
        'too short',
        'others conflict',
        'first conflicts',
      ),
    ),
    retries,
    hasOthers: choices(conflicts).of(false, true),
    random: choices(random).list(() => choices(random).of(0, 0.5, 0.999, 0.1)),
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

/** Whether loads and saves are calls for many keys. */
function sharingOf(choices: Choices): readonly [boolean, boolean] {
  return choices.of([false, false], [true, true], [false, false], [true, true], [true, false], [false, true]);
}
