import { throwIt } from '../support.js';
import { awaited, resolvedWith, sample, thenOf } from './kinds.js';
import { rejections, type Thing, things } from './things.js';
import type { Accounts, Options, Place } from './trial.js';

const returned = [...things, ...rejections];

/** Only what is called first is hostile, and only for one key. */
function once(callback: 'lockResource' | 'loadResource' | 'saveResource', hostile: () => unknown): Options {
  let calls = 0;
  return {
    [callback]: (key: string) => {
      if (key === 'hostile' && calls++ === 0) return hostile();
      return callback === 'loadResource' ? {} : undefined;
    },
  };
}

const own = (accounts: Accounts) => accounts.run('hostile', () => 'own');

/** What a callback returned is taken as the platform takes it; where a look at `then` throws, there may be nothing to see. */
async function taken(thing: Thing): Promise<string[]> {
  const kinds = [await resolvedWith(thing), await awaited(thing)];
  return thenOf(sample(thing)) === 'throws' ? [...kinds, 'itself'] : kinds;
}

const failure = (code: string) => (kind: string) =>
  kind.startsWith('rejected: ') ? kind.replace('rejected: ', `rejected: ${code} `) : undefined;

function loads(): Place[] {
  let seen: unknown;
  const call = (accounts: Accounts) => accounts.run('hostile', (resource) => ((seen = resource), 'own'));
  const outcome = (kind: string) => failure('ERR_LOAD_FAILED')(kind) ?? (kind === 'pending' ? kind : 'own');
  const check = (value: unknown, kind: string) =>
    kind !== 'own' || Object.is(seen, value) || thenOf(value) === 'function' ? undefined : 'another resource';
  const base = { call, check, isShared: true, comesFirst: true };
  return [
    {
      ...base,
      name: 'what loadResource returns',
      things: returned,
      options: (value) => once('loadResource', () => value),
      expected: async (thing) => (await taken(thing)).map(outcome),
    },
    {
      ...base,
      name: 'what the promise of loadResource resolves to',
      things: returned,
      options: (value) => once('loadResource', () => new Promise((resolve) => resolve(value))),
      expected: async (thing) => [outcome(await resolvedWith(thing))],
    },
  ];
}

function saves(): Place[] {
  const outcome = (kind: string) => failure('ERR_SAVE_FAILED')(kind) ?? (kind === 'pending' ? kind : 'own');
  const base = { call: own, isShared: true };
  return [
    {
      ...base,
      name: 'what saveResource returns',
      things: returned,
      options: (value) => once('saveResource', () => value),
      expected: async (thing) => (await taken(thing)).map(outcome),
    },
    {
      ...base,
      name: 'what the promise of saveResource resolves to',
      things: returned,
      options: (value) => once('saveResource', () => new Promise((resolve) => resolve(value))),
      expected: async (thing) => [outcome(await resolvedWith(thing))],
    },
  ];
}

function locks(): Place[] {
  const outcome = (thing: Thing) => (kind: string) => {
    if (kind === 'pending') return kind;
    const isRelease = kind === 'answer' || kind === 'undefined' || thing.name === 'undefined';
    const itself = kind === 'itself' && typeof sample(thing) === 'function';
    if (isRelease || itself) return 'own';
    return failure('ERR_LOCK_FAILED')(kind) ?? 'rejected: ERR_LOCK_FAILED TypeError';
  };
  const base = { call: own, isShared: true };
  // To call a revoked Proxy of a function throws, which is what a release function must not do.
  const harmless = returned.filter(({ name }) => !name.includes('Proxy of a function'));
  return [
    {
      ...base,
      name: 'what lockResource returns',
      things: harmless,
      options: (value) => once('lockResource', () => value),
      expected: async (thing) => (await taken(thing)).map(outcome(thing)),
    },
    {
      ...base,
      name: 'what the promise of lockResource resolves to',
      things: harmless,
      options: (value) => once('lockResource', () => new Promise((resolve) => resolve(value))),
      expected: async (thing) => [outcome(thing)(await resolvedWith(thing))],
    },
    {
      name: 'what the release function throws',
      things,
      options: (value) => once('lockResource', () => () => throwIt(value)),
      call: own,
      expected: () => ['own'],
      reports: () => ['itself'],
    },
  ];
}

const causes = (['lockResource', 'loadResource', 'saveResource'] as const).flatMap((callback): Place[] => {
  const code = `ERR_${callback.slice(0, 4).toUpperCase()}_FAILED`;
  const base = { things, call: own, isShared: true, expected: () => [`rejected: ${code} itself`] };
  return [
    { ...base, name: `what ${callback} throws`, options: (value) => once(callback, () => throwIt(value)) },
    {
      ...base,
      name: `what ${callback} rejects with`,
      options: (value) => once(callback, () => Promise.reject(value)),
    },
  ];
});

/** What lockResource, loadResource and saveResource give back. */
export const callbackPlaces: Place[] = [...locks(), ...loads(), ...saves(), ...causes];
