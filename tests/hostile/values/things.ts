import { setFlagsFromString } from 'node:v8';
import { runInNewContext, runInThisContext } from 'node:vm';
import { noop, throwIt } from '../support.js';

/** What hostile things throw. */
export const thrown = new Error('hostile');

export interface Thing {
  readonly name: string;
  /** A new one each time. Those that call back, call back with `answer`. */
  make(answer?: unknown): unknown;
  /** A native promise that rejects: it has to go where somebody handles it. */
  readonly rejects?: true;
}

const fail = () => throwIt(thrown);

function throwingTraps(target: object, ...except: string[]): object {
  const traps = Object.getOwnPropertyNames(Reflect).filter((trap) => !except.includes(trap));
  return new Proxy(target, Object.fromEntries(traps.map((trap) => [trap, fail])));
}

function revoked(target: object): object {
  const { proxy, revoke } = Proxy.revocable(target, {});
  revoke();
  return proxy;
}

const withGetters = (target: object, ...names: PropertyKey[]) =>
  Object.defineProperties(target, Object.fromEntries(names.map((name) => [name, { get: fail }])));

/** Falsy, and of the type 'undefined', as `document.all` is. */
function undetectable(): unknown {
  setFlagsFromString('--allow-natives-syntax');
  const value = runInThisContext('%GetUndetectable()');
  setFlagsFromString('--no-allow-natives-syntax');
  return value;
}

type Then = (resolve: (value: unknown) => void, reject: (reason: unknown) => void) => unknown;

/** What a `then` can do, given what it is to call back with. */
const thens: Record<string, (answer: unknown) => Then> = {
  'that throws': () => fail,
  'that calls back at once': (answer) => (resolve) => resolve(answer),
  'that calls back twice': (answer) => (resolve) => (resolve(answer), resolve('twice')),
  'that calls back late': (answer) => (resolve) => setImmediate(resolve, answer),
  'that calls back late, twice': (answer) => (resolve) => (
    setImmediate(resolve, answer), setImmediate(resolve, 'twice')
  ),
  'that calls back, then throws': (answer) => (resolve) => (resolve(answer), fail()),
  'that rejects': () => (_, reject) => reject(thrown),
  'that rejects, then calls back': (answer) => (resolve, reject) => (reject(thrown), resolve(answer)),
  'that calls back with another thenable': (answer) => (resolve) =>
    resolve({ then: (again: (value: unknown) => void) => again(answer) }),
  'that calls back with a hostile one': () => (resolve) => resolve(withGetters({}, 'then')),
  'that never calls back': () => noop,
};

class Subclass<T> extends Promise<T> {}
class HostileSubclass<T> extends Promise<T> {
  static override get [Symbol.species](): never {
    return fail();
  }
}
class Unprintable {
  [Symbol.toPrimitive] = fail;
  toString = fail;
  toJSON = fail;
}

const thing = (name: string, make: Thing['make']): Thing => ({ name, make });
const constant = (name: string, value: unknown): Thing => ({ name, make: () => value });

export const primitives: Thing[] = [
  constant('undefined', undefined),
  constant('null', null),
  constant('NaN', Number.NaN),
  constant('-0', -0),
  constant("''", ''),
  constant("'__proto__'", '__proto__'),
  constant("'constructor'", 'constructor'),
  constant('true', true),
  constant('a BigInt', 10n),
  constant('a symbol', Symbol('hostile')),
];

export const objects: Thing[] = [
  thing('something like document.all', undetectable),
  thing('a revoked Proxy', () => revoked({})),
  thing('a revoked Proxy of a function', () => revoked(noop)),
  thing('a Proxy whose traps throw', () => throwingTraps({})),
  thing('a Proxy of a function whose traps throw', () => throwingTraps(noop, 'get', 'apply')),
  thing('a Proxy whose traps throw, but get', () => throwingTraps({}, 'get')),
  thing('a frozen object', () => Object.freeze({})),
  thing('an object without prototype', () => Object.create(null)),
  thing('an array', () => []),
  thing('an object with a constructor getter that throws', () => withGetters({}, 'constructor')),
  thing('an instance that cannot be printed', () => new Unprintable()),
  thing('an error with getters that throw', () =>
    withGetters(new Error('own'), 'stack', 'message', 'name', 'code', 'cause'),
  ),
  thing('an error with a cause of itself', () => {
    const error = new Error('own');
    return Object.assign(error, { cause: error });
  }),
  thing("another realm's object", () => runInNewContext('({})')),
  thing("another realm's function", () => runInNewContext('(() => {})')),
  thing("another realm's error", () => runInNewContext('new TypeError("realm")')),
  thing('a then that is no function', () => ({ then: 'now' })),
  thing('a then getter that throws', () => withGetters({}, 'then')),
];

export const thenables: Thing[] = [
  ...Object.entries(thens).flatMap(([kind, then]) => [
    thing(`a then ${kind}`, (answer) => ({ then: then(answer) })),
    thing(`a function with a then ${kind}`, (answer) => Object.assign(() => {}, { then: then(answer) })),
    thing(`a native promise with an own then ${kind}`, (answer) =>
      Object.assign(Promise.resolve(answer), { then: then(answer) }),
    ),
  ]),
  thing('a native promise', (answer) => Promise.resolve(answer)),
  thing('a native promise with a then getter that throws', (answer) =>
    withGetters(Promise.resolve(answer), 'then'),
  ),
  thing('a native promise with a constructor getter that throws', (answer) =>
    withGetters(Promise.resolve(answer), 'constructor'),
  ),
  thing('a native promise that is frozen', (answer) => Object.freeze(Promise.resolve(answer))),
  thing('a native promise without prototype', (answer) =>
    Object.setPrototypeOf(Promise.resolve(answer), null),
  ),
  thing('a subclass of Promise', (answer) => Subclass.resolve(answer)),
  thing('a subclass of Promise with a hostile species', (answer) => HostileSubclass.resolve(answer)),
  thing("another realm's promise", (answer) => runInNewContext('(value) => Promise.resolve(value)')(answer)),
];

export const rejections: Thing[] = [
  { name: 'a native promise that rejects', make: () => Promise.reject(thrown), rejects: true },
  { name: 'a subclass of Promise that rejects', make: () => Subclass.reject(thrown), rejects: true },
  {
    name: "another realm's promise that rejects",
    make: () => runInNewContext('(reason) => Promise.reject(reason)')(thrown),
    rejects: true,
  },
];

/** Whatever can be given to somebody who does not wait for it. */
export const things: Thing[] = [...primitives, ...objects, ...thenables];
