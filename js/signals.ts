import { mistyped } from './options.js';

/** Something that a signal can call off. */
export interface Cancellable {
  cancel(reason: unknown): void;
}

/** Any number of runs may use one signal, but Node warns at eleven listeners: all of them share one. */
const listeners = new WeakMap<AbortSignal, Listener>();

class Listener extends Set<Cancellable> {
  handleEvent({ target }: Event): void {
    const signal = target as AbortSignal;
    listeners.delete(signal);
    for (const cancellable of this) cancellable.cancel(signal.reason);
  }
}

/** Has `cancellable` called off when `signal` aborts. */
export function attach(signal: AbortSignal, cancellable: Cancellable): void {
  let listener = listeners.get(signal);
  if (!listener) {
    listener = new Listener();
    signal.addEventListener('abort', listener, { once: true });
    listeners.set(signal, listener);
  }
  listener.add(cancellable);
}

/** Ends what `attach` began; with the last one the listener goes too. */
export function detach(signal: AbortSignal, cancellable: Cancellable): void {
  const listener = listeners.get(signal);
  if (listener?.delete(cancellable) && listener.size === 0) {
    listeners.delete(signal);
    signal.removeEventListener('abort', listener);
  }
}

/** The signal of a method's options, if there is one. */
export function signalOf(
  options: { signal?: AbortSignal | null | undefined } | undefined,
): AbortSignal | undefined {
  const signal = options?.signal ?? undefined;
  if (signal !== undefined && !isAbortSignal(signal)) {
    throw mistyped('signal', 'an AbortSignal', signal);
  }
  return signal;
}

/** A signal may come from another realm, and one of this realm may be a polyfill without a tag. */
function isAbortSignal(value: object): boolean {
  return Object.prototype.toString.call(value) === '[object AbortSignal]' || value instanceof AbortSignal;
}
