import { getEventListeners } from 'node:events';
import type { Processor, startProcessor } from 'groupcommit';
import { Answers } from './answers.js';
import type { Resource } from './batch.js';
import { Callbacks } from './callbacks.js';
import type { Stop } from './callers.js';
import type { Model } from './model.js';
import { Observers } from './observers.js';
import { Operations } from './operations.js';
import { Records } from './records.js';
import type { Outcome } from './run.js';
import type { Action, Key, Place, World } from './scenario.js';
import { Signals } from './signals.js';
import { Store } from './store.js';

export type Start = typeof startProcessor;

/** A processor of the package, driven by actions. All that is asked of it and all that is seen of it is told to the model. */
export class Reality {
  readonly processor: Processor<Resource, Key>;
  readonly answers: Answers;
  readonly #store: Store;
  readonly observers: Observers;
  readonly #model: Model;
  readonly #world: World;
  readonly callbacks: Callbacks;
  readonly #operations: Operations;
  /** What is to be done in the next callback of each kind. */
  readonly #later = new Map<Place, Action[]>();
  readonly #signals: Signals;
  readonly #stops: { stop: Stop; controller: AbortController }[] = [];
  #reasons = 0;
  /** A method of the processor is being called: no operation may run now. */
  #isCalling = 0;

  constructor(world: World, model: Model, start: Start) {
    this.#world = world;
    this.#model = model;
    this.answers = new Answers(world.thenables);
    this.#store = new Store(world.hasOthers);
    const callback = (place: Place) => this.#callback(place);
    this.#signals = new Signals(() => callback('abort of a caller'));
    this.#operations = new Operations(world.values, callback);
    const records = new Records(world, model, this.#store, this.answers, this.#operations);
    this.callbacks = new Callbacks(world, model, this.answers, records, callback);
    this.processor = start(this.callbacks.options);
    this.observers = new Observers(this.processor, model.metrics, (throws) => {
      callback('metric');
      if (throws) this.callbacks.throwUncaught();
    });
    if (world.subscribes) this.observers.subscribe(false);
    if (world.iterates) void this.observers.iterate();
  }

  act(action: Action): void {
    switch (action.type) {
      case 'run':
        return this.#run(action);
      case 'crowd':
        for (const key of action.keys) this.#run({ ...action, type: 'run', key, ending: 'value' });
        return;
      case 'call ends':
        return this.answers.end(action);
      case 'abort':
        return this.#abort(action.signal);
      case 'flush':
        return this.#flush(action.key);
      case 'stop':
        return this.#stop(action.signal);
      case 'abort stop': {
        const waiting = this.#stops.find(({ controller }) => !controller.signal.aborted);
        if (!waiting) return;
        const reason = this.#reason('stop');
        this.#model.callers.stopAborts(waiting.stop, reason);
        return waiting.controller.abort(reason);
      }
      case 'subscribe':
        return this.observers.subscribe(action.throws);
      case 'unsubscribe':
        return this.observers.unsubscribe();
      case 'another writes':
        return this.#store.anotherWrites(action.key);
    }
  }

  /** The action is done in the next callback of this kind. */
  actLater(place: Place, action: Action): void {
    const actions = this.#later.get(place);
    if (actions) actions.push(action);
    else this.#later.set(place, [action]);
  }

  #callback(place: Place): void {
    const action = this.#later.get(place)?.shift();
    if (!action) return;
    // Nobody knows whether that is one go with what was before and what comes after.
    const { state } = this.#model;
    state.moment = {};
    this.act(action);
    state.moment = {};
  }

  /** How many listeners of the processor are left on the signals of callers. */
  get listeners(): number {
    let count = this.#signals.listeners;
    for (const { controller } of this.#stops) count += getEventListeners(controller.signal, 'abort').length;
    return count;
  }

  #run(action: Action & { type: 'run' }): void {
    const run = this.#model.callers.runs(action);
    const { key, method, signal } = action;
    const options = signal === undefined ? undefined : { signal: this.#signals.get(signal) };
    const operation = (resource: Resource) => {
      if (this.#isCalling) this.#model.state.violate(`the operation of run ${run.id} runs within a call`);
      this.#model.calls.operationRuns(run, resource);
      return this.#operations.execute(run, resource);
    };
    const promise = this.#call(() => this.processor[method as 'run'](key, operation as never, options));
    const heard = (outcome: Outcome) => {
      this.#model.callers.outcomes.settled(run, outcome);
      this.#callback('continuation of a run');
    };
    promise.then(
      (value) => heard({ type: 'value', value }),
      (error) => heard({ type: 'error', error }),
    );
  }

  #abort(number: number): void {
    if (this.#signals.get(number).aborted) return;
    const { callers } = this.#model;
    const reason = this.#reason('caller');
    const isMuted = this.#world.mutes && callers.haveTheirTurn(number);
    callers.aborts(number, reason);
    this.#signals.abort(number, reason, isMuted);
  }

  #flush(key: Key | undefined): void {
    const flush = this.#model.callers.flush(key);
    this.#call(() => this.processor.flush(key)).then(
      () => {
        this.#model.callers.flushResolved(flush);
        this.#callback('continuation of a flush');
      },
      (error) => this.#model.state.violate(`flush rejects with ${error}`),
    );
  }

  #stop(kind: 'none' | 'later' | 'aborted'): void {
    const controller = new AbortController();
    const reason = kind === 'aborted' ? this.#reason('stop') : undefined;
    if (kind === 'aborted') controller.abort(reason);
    const stop = this.#model.callers.stop(kind === 'aborted' ? { reason } : undefined);
    if (kind === 'later') this.#stops.push({ stop, controller });
    const stopProcessor = this.processor.stop as (options?: { signal: AbortSignal }) => Promise<void>;
    const options = kind === 'none' ? undefined : { signal: controller.signal };
    const heard = (outcome: Outcome) => {
      this.#model.callers.stopSettled(stop, outcome);
      this.#callback('continuation of a flush');
    };
    this.#call(() => stopProcessor.call(this.processor, options)).then(
      (value) => heard({ type: 'value', value }),
      (error) => heard({ type: 'error', error }),
    );
  }

  #call<T>(method: () => Promise<T>): Promise<T> {
    this.#isCalling++;
    try {
      return method();
    } catch (error) {
      this.#model.state.violate(`a method throws ${error}`);
      return new Promise(() => {});
    } finally {
      this.#isCalling--;
      this.checkPending();
    }
  }

  checkPending(): void {
    const { pending } = this.processor;
    const { min, max } = this.#model.callers.pending;
    if (pending < min || pending > max)
      this.#model.state.violate(
        `pending is ${pending}, and should be ${min === max ? min : `${min} to ${max}`}`,
      );
  }

  #reason(whose: string): string {
    return `reason ${++this.#reasons} of a ${whose}`;
  }

  /** What callers were told to be saved, against what is stored. */
  get lost(): string | undefined {
    return this.#operations.lost(this.#store, this.#world.keys);
  }
}
