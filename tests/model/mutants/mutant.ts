import type { Processor, ProcessorOptions } from 'groupcommit';
import type { Start } from '../reality.js';

/**
 * A processor that breaks a promise on purpose, to show that the model sees it. Either it is made of the package by wrapping what is public, or its
 * sources are patched.
 */
export interface Mutant {
  name: string;
  /** The sentence of the contract that it breaks. */
  breaks: string;
  wrap?: (start: Start) => Start;
  patch?: Patch | Patch[];
}

/** A text that is in a file of js/ exactly once, and what is to be there instead. */
interface Patch {
  file: string;
  find: string;
  replace: string;
}

export type Options = ProcessorOptions<unknown>;
export type Any = Processor<unknown>;
export type Callback = (...args: unknown[]) => unknown;

/** With other options than the caller's. */
export function withOptions(
  change: (options: Options) => Partial<Record<keyof Options, unknown>>,
): (start: Start) => Start {
  return (start) =>
    ((options: Options) => {
      const changes = change(options);
      // Where loads or saves are for many keys, there is nothing to change in the form for one.
      for (const name of ['loadResource', 'saveResource'] as const) if (!options[name]) delete changes[name];
      return start({ ...options, ...changes } as Options);
    }) as Start;
}

/** With other methods than the package's. */
export function withMethods(
  change: (processor: Any) => Partial<Record<keyof Any, unknown>>,
): (start: Start) => Start {
  return (start) =>
    ((options: Options) => {
      const processor = start(options) as Any;
      const methods = change(processor);
      return new Proxy(processor, {
        get: (target, name) => {
          if (Object.hasOwn(methods, name)) {
            const own = methods[name as keyof Any];
            return name === 'pending' ? (own as () => number)() : own;
          }
          const value = Reflect.get(target, name);
          return typeof value === 'function' ? value.bind(target) : value;
        },
      });
    }) as unknown as Start;
}

/** Every third time something else is done. */
export function everyThird(usual: Callback, other: Callback): Callback {
  let count = 0;
  return (...args) => (++count % 3 === 0 ? other : usual)(...args);
}

export const callbackOf = (options: Options, name: 'lockResource' | 'loadResource' | 'saveResource') =>
  options[name] as Callback;
