import fc from 'fast-check';
import { type BatchError, type Processor, startProcessor } from 'groupcommit';
import { afterEach, describe, expect, test, vi } from 'vitest';
import {
  type Action,
  causeOf,
  fulfilled,
  type Key,
  type Mode,
  Model,
  operate,
  pending,
  type Resource,
  type RunSpec,
  reasonOf,
  rejected,
  type World,
} from './model.js';
import { type Context, type Deferred, deferred, settleDown } from './support.js';

/** How many random sequences each property tries. */
const numRuns = Number(process.env.GROUPCOMMIT_MODEL_RUNS ?? 2_000);

/** Time passes in steps that no deadline below coincides with. */
const step = 60;
const forever = 2 ** 31 - 1;

/** The package, driven by the same actions as the model, and what can be seen of it. */
class Reality {
  readonly outcomes = new Map<string, string>();
  readonly settled: string[] = [];
  readonly flushes = new Map<string, string>();
  readonly events: Record<Key, string[]> = { a: [], b: [], c: [] };
  readonly metrics: Record<Key, string[]> = { a: [], b: [], c: [] };
  readonly contexts: Record<Key, Context[]> = { a: [], b: [], c: [] };
  readonly stored = new Map<Key, string[]>();
  readonly processor: Processor<Resource, Key>;
  readonly #readsSignals: boolean;
  readonly #counts: Record<string, number> = {};
  readonly #held = new Map<string, { gate: Deferred<unknown>; cause: string; value: () => unknown }>();
  readonly #controllers = new Map<string, AbortController>();
  readonly #active = new Set<Key>();

  constructor(world: World, readsSignals: boolean) {
    this.#readsSignals = readsSignals;
    this.processor = startProcessor<Resource, Key>({
      minDuration: world.minDuration,
      maxDuration: world.maxDuration,
      maxOperations: world.maxOperations,
      loadResource: (key, context) => {
        this.contexts[key].push(context);
        this.events[key].push('load');
        return this.#call('load', key, context, world.loads, () => ({
          log: [...(this.stored.get(key) ?? [])],
        })) as Resource;
      },
      saveResource: (key, resource, context) => {
        this.events[key].push(`save ${resource?.log.join(' ')}`);
        const log = resource && [...resource.log];
        return this.#call('save', key, context, world.saves, () => {
          if (log) this.stored.set(key, log);
          else this.stored.delete(key);
        });
      },
    });
    this.processor.subscribeBatchMetrics(({ resourceKey, operationCount, error }) => {
      this.metrics[resourceKey].push(`${operationCount} ${error ? describeError(error) : 'saved'}`);
    });
  }

  #call(phase: 'load' | 'save', key: Key, context: Context, modes: Mode[], value: () => unknown): unknown {
    if (this.#readsSignals) expect(context.signal).toBeInstanceOf(AbortSignal);
    expect(this.#active.has(key), `a second call at once for ${key}`).toBe(false);
    const name = `${phase} ${key}`;
    const count = this.#counts[name] ?? 0;
    this.#counts[name] = count + 1;
    const cause = causeOf(phase, key, count);
    switch (modes[count % modes.length]) {
      case 'value':
        return value();
      case 'promise':
        return Promise.resolve(value());
      case 'throw':
        throw cause;
      case 'reject':
        return Promise.reject(cause);
      default: {
        this.#active.add(key);
        const gate = deferred<unknown>();
        this.#held.set(name, { gate, cause, value });
        return gate.promise;
      }
    }
  }

  readonly act = (action: Action, name: string): void => {
    switch (action.type) {
      case 'run':
        return this.#run(action, name);
      case 'abort':
        return this.#controller(action.key, action.signal).abort(reasonOf(action.key, action.signal));
      case 'flush':
        return this.#flush(name, this.processor.flush(action.key));
      case 'stop':
        return this.#flush(name, this.processor.stop());
      case 'load ends':
      case 'save ends':
        return this.#callEnds(`${action.type.slice(0, 4)} ${action.key}`, action.key, action.succeeds);
      case 'time passes':
        throw new Error('time passes only between two settlements');
    }
  };

  #run(spec: RunSpec, name: string): void {
    const { method, key, signal } = spec;
    const operation = (resource: Resource) => {
      this.events[key].push(`operation ${name}`);
      return operate(spec, name, resource, this.act) as Resource;
    };
    const options = signal === undefined ? undefined : { signal: this.#controller(key, signal).signal };
    this.outcomes.set(name, pending);
    this.processor[method as 'run'](key, operation, options).then(
      (value) => this.#settle(name, fulfilled(value)),
      (error) => this.#settle(name, describeError(error)),
    );
  }

  #settle(name: string, outcome: string): void {
    this.settled.push(name);
    this.outcomes.set(name, outcome);
  }

  #flush(name: string, promise: Promise<void>): void {
    this.flushes.set(name, 'pending');
    promise.then(
      () => this.flushes.set(name, 'fulfilled'),
      () => this.flushes.set(name, 'rejected'),
    );
  }

  #callEnds(name: string, key: Key, succeeds: boolean): void {
    const held = this.#held.get(name);
    if (!held) return;
    this.#held.delete(name);
    this.#active.delete(key);
    if (succeeds) held.gate.resolve(held.value());
    else held.gate.reject(held.cause);
  }

  #controller(key: Key, signal: 0 | 1): AbortController {
    const name = `${key} ${signal}`;
    let controller = this.#controllers.get(name);
    if (!controller) this.#controllers.set(name, (controller = new AbortController()));
    return controller;
  }
}

function describeError(error: unknown): string {
  if (error instanceof TypeError) return rejected.mistaken;
  if (!(error instanceof Error)) return rejected.thrown(error);
  const { code, phase, key, operationCount, cause } = error as BatchError;
  if (code === ('ERR_PROCESSOR_STOPPED' as string)) return rejected.stopped;
  if (code === ('ERR_OPERATION_CANCELLED' as string)) return rejected.cancelled(cause);
  return rejected.failed(phase, String(key), operationCount, cause);
}

/** Compares all that can be seen from outside. */
function compare(model: Model, reality: Reality): void {
  const outcomes = new Map<string, string>();
  for (const [name, run] of model.runs) {
    const seen = reality.outcomes.get(name);
    const isEither =
      run.outcome === rejected.stoppedOrCancelled &&
      /ERR_(PROCESSOR_STOPPED|OPERATION_CANCELLED)/.test(seen ?? '');
    outcomes.set(name, isEither ? (seen as string) : run.outcome);
  }
  expect(reality.events).toEqual(model.events);
  expect(byName(reality.outcomes)).toEqual(byName(outcomes));
  expect(reality.metrics).toEqual(model.metrics);
  expect(reality.processor.pending).toBe(model.pending);
  expect(byName(reality.stored)).toEqual(byName(model.stored));
  for (const name of model.flushes.keys()) {
    const expected = model.flushState(name);
    if (expected !== 'either')
      expect(`flush ${name} ${reality.flushes.get(name)}`).toBe(`flush ${name} ${expected}`);
  }
}

const byName = (map: Map<string, unknown>) =>
  Object.fromEntries([...map].sort(([one], [other]) => (one < other ? -1 : 1)));

/** The runs of each batch settle in order. */
function compareOrder(model: Model, reality: Reality): void {
  const places = new Map(reality.settled.map((name, place) => [name, place]));
  for (const batch of model.batches) {
    if (batch.phase !== 'ended') continue;
    const names = batch.joined.map((run) => run.name);
    expect(
      [...names].sort((one, other) => (places.get(one) as number) - (places.get(other) as number)),
    ).toEqual(names);
  }
}

function compareSignals(model: Model, reality: Reality, world: World): void {
  for (const key of world.keys) {
    const expected = model.batches
      .filter((batch) => batch.lane.key === key)
      .map((batch) => model.signalOf(batch));
    const seen = reality.contexts[key].map(({ signal }) => (signal.aborted ? signal.reason.name : 'none'));
    expect(seen).toEqual(expected);
  }
}

interface Scenario {
  world: World;
  /** The actions of one tick happen one after the other, with nothing in between; after each tick everything settles. */
  ticks: Action[][];
  readsSignals: boolean;
}

async function play({ world, ticks, readsSignals }: Scenario): Promise<void> {
  const model = new Model(world);
  const reality = new Reality(world, readsSignals);
  const tick = async (actions: Action[], number: number | string) => {
    // Whether a call has been made within the tick of the run that needs it, or just after it, is not said. So it cannot end there.
    let held = model.held;
    for (const [index, action] of actions.entries()) {
      if (action.type === 'time passes') {
        model.settle();
        await settleDown();
        model.pass(step);
        await vi.advanceTimersByTimeAsync(step);
        held = model.held;
      } else if (
        'succeeds' in action &&
        !held.some(({ type, key }) => type === action.type && key === action.key)
      ) {
        // Nothing hangs that could end.
      } else {
        reality.act(action, `${number}.${index}`);
        model.act(action, `${number}.${index}`);
      }
    }
    model.settle();
    await settleDown();
    compare(model, reality);
    if (readsSignals) compareSignals(model, reality, world);
  };

  for (const [number, actions] of ticks.entries()) await tick(actions, number);

  // In the end everything ends.
  await tick([{ type: 'stop' }], 'end');
  for (let round = 0; model.held.length > 0; round++) {
    await tick(
      model.held.map(({ type, key }) => ({ type, key, succeeds: true })),
      `end ${round}`,
    );
  }
  expect(reality.processor.pending).toBe(0);
  expect([...reality.flushes.values()].every((state) => state === 'fulfilled')).toBe(true);
  compareOrder(model, reality);
  compareSignals(model, reality, world);
}

/**
 * Different keys never wait for each other, so the contract does not say in which order the operations of two keys run in one tick. Therefore
 * what operations do inside is restricted to what this order cannot change:
 * - one key: everything;
 * - several keys: only what concerns their own key;
 * - several keys, where those of `a` may do everything to all, the others do nothing, and no load fails, nor does a window close by itself. Then the runs of
 *   each batch are decided by the calls of run and flush alone.
 */
type Shape = 'one key' | 'keys apart' | 'keys together';

const all: Key[] = ['a', 'b', 'c'];

function scenarios(shape: Shape, withTime: boolean): fc.Arbitrary<Scenario> {
  const keys =
    shape === 'one key'
      ? fc.constant(all.slice(0, 1))
      : fc.integer({ min: 2, max: 3 }).map((count) => all.slice(0, count));
  const modes = (...choice: Mode[]) =>
    fc.array(fc.oneof({ weight: 3, arbitrary: fc.constant<Mode>('held') }, fc.constantFrom(...choice)), {
      minLength: 1,
      maxLength: 4,
    });
  const worlds = keys.chain((keys) =>
    fc.record<World>({
      keys: fc.constant(keys),
      minDuration: withTime
        ? fc.constant(100)
        : shape === 'keys together'
          ? fc.constant(forever)
          : fc.constantFrom(0, forever),
      maxDuration: fc.constant(withTime ? 150 : Number.POSITIVE_INFINITY),
      maxOperations: fc.constantFrom(1, 2, 3, Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY),
      loads:
        shape === 'keys together'
          ? modes('value', 'promise')
          : modes('value', 'promise', 'value', 'promise', 'throw', 'reject'),
      saves: modes('value', 'promise', 'value', 'promise', 'throw', 'reject'),
    }),
  );
  return worlds.chain((world) =>
    fc.record<Scenario>({
      world: fc.constant(world),
      ticks: fc.array(fc.array(actions(shape, world, withTime), { minLength: 1, maxLength: 4 }), {
        minLength: 1,
        maxLength: 15,
      }),
      readsSignals: fc.boolean(),
    }),
  );
}

function actions(shape: Shape, world: World, withTime: boolean): fc.Arbitrary<Action> {
  const key = fc.constantFrom(...world.keys);
  const signal = fc.constantFrom<0 | 1>(0, 1);
  const inside = (key: Key, depth: number): fc.Arbitrary<Action[]> => {
    if (depth === 0 || (shape === 'keys together' && key !== 'a')) return fc.constant([]);
    const others = shape === 'keys apart' ? [key] : world.keys;
    const choices: fc.Arbitrary<Action>[] = [
      fc.constantFrom(...others).chain((other) => run(other, depth - 1)),
      fc.record({ type: fc.constant('abort'), key: fc.constant(key), signal }) as fc.Arbitrary<Action>,
      fc.constantFrom(...others).map((key): Action => ({ type: 'flush', key })),
    ];
    if (shape !== 'keys apart')
      choices.push(fc.constantFrom<Action>({ type: 'flush' }, { type: 'flush' }, { type: 'stop' }));
    return fc.oneof(
      { weight: 3, arbitrary: fc.constant<Action[]>([]) },
      fc.array(fc.oneof(...choices), { minLength: 1, maxLength: 3 }),
    );
  };
  const run = (key: Key, depth: number): fc.Arbitrary<Action> =>
    fc.record<RunSpec>({
      type: fc.constant('run'),
      method: fc.constantFrom('run', 'run', 'update', 'read'),
      key: fc.constant(key),
      signal: fc.option(signal, { nil: undefined }),
      inside: inside(key, depth),
      end: fc.constantFrom('value', 'value', 'value', 'throw', 'promise', 'undefined'),
    });
  const succeeds = shape === 'keys together' ? fc.constant(true) : fc.boolean();
  const choices: fc.WeightedArbitrary<Action>[] = [
    { weight: 8, arbitrary: key.chain((key) => run(key, 2)) },
    {
      weight: 4,
      arbitrary: fc.record({ type: fc.constant('load ends'), key, succeeds }) as fc.Arbitrary<Action>,
    },
    {
      weight: 4,
      arbitrary: fc.record({
        type: fc.constant('save ends'),
        key,
        succeeds: fc.boolean(),
      }) as fc.Arbitrary<Action>,
    },
    { weight: 2, arbitrary: fc.record({ type: fc.constant('abort'), key, signal }) as fc.Arbitrary<Action> },
    { weight: 2, arbitrary: key.map((key): Action => ({ type: 'flush', key })) },
  ];
  choices.push({
    weight: 1,
    arbitrary: fc.constantFrom<Action>({ type: 'flush' }, { type: 'flush' }, { type: 'stop' }),
  });
  if (withTime) choices.push({ weight: 6, arbitrary: fc.constant<Action>({ type: 'time passes' }) });
  return fc.oneof(...choices);
}

describe('Random sequences of runs, aborts, flushes, stops and of callbacks that succeed, fail and hang go as the model says', () => {
  afterEach(() => {
    vi.useRealTimers();
  });

  test.each<Shape>(['one key', 'keys apart', 'keys together'])(
    '%s',
    async (shape) => {
      await fc.assert(fc.asyncProperty(scenarios(shape, false), play), { numRuns });
    },
    600_000,
  );

  test.each<Shape>(['one key', 'keys apart'])(
    'and time passes: %s',
    async (shape) => {
      vi.useFakeTimers();
      await fc.assert(fc.asyncProperty(scenarios(shape, true), play), { numRuns: Math.ceil(numRuns / 10) });
    },
    600_000,
  );
});
