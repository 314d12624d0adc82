import { report } from './report.js';
import { mistyped } from './settings.js';

/** Something that a signal can call off. */
export interface Cancellable {
  cancel(reason: unknown): void;
}

/** Any number of runs may use one signal, but Node warns at eleven listeners: all of them share one. */
const listeners = new WeakMap<AbortSignal, Listener>();

class Listener extends Set<Cancellable> {
  readonly #signal: AbortSignal;

  constructor(signal: AbortSignal) {
    super();
    this.#signal = signal;
  }

  /** Anybody can dispatch an event of that name: what counts is what the signal says. */
  handleEvent(): void {
    if (!isAborted(this.#signal)) return;
    const reason = reasonOf(this.#signal);
    listeners.delete(this.#signal);
    removeListener(this.#signal, this);
    for (const cancellable of this) cancellable.cancel(reason);
  }
}

export function isAborted(signal: AbortSignal): boolean {
  try {
    return signal.aborted;
  } catch {
    return false;
  }
}

export function reasonOf(signal: AbortSignal): unknown {
  try {
    return signal.reason;
  } catch (error) {
    return error;
  }
}

/** Has `cancellable` called off when `signal` aborts. */
export function attach(signal: AbortSignal, cancellable: Cancellable): void {
  let listener = listeners.get(signal);
  if (!listener) {
    listener = new Listener(signal);
    signal.addEventListener('abort', listener);
    listeners.set(signal, listener);
  }
  listener.add(cancellable);
}

/** Ends what `attach` began; with the last one the listener goes too. */
export function detach(signal: AbortSignal, cancellable: Cancellable): void {
  const listener = listeners.get(signal);
  if (listener?.delete(cancellable) && listener.size === 0) {
    listeners.delete(signal);
    removeListener(signal, listener);
  }
}

/** A signal whose listener cannot be removed keeps it. */
function removeListener(signal: AbortSignal, listener: Listener): void {
  try {
    signal.removeEventListener('abort', listener);
  } catch (error) {
    report(error);
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
