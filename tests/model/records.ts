import { ConflictError } from 'groupcommit';
import type { Answers } from './answers.js';
import type { Batch } from './batch.js';
import type { Call } from './call.js';
import type { Result } from './calls.js';
import { mistake } from './failure.js';
import type { Model } from './model.js';
import type { Operations } from './operations.js';
import type { CallMode, Key, ResultMode, World } from './scenario.js';
import type { Store } from './store.js';
import { touchy } from './values.js';

/** Loads and saves records: one at a time, or many in one call. */
export class Records {
  readonly #world: World;
  readonly #model: Model;
  readonly #store: Store;
  readonly #answers: Answers;
  readonly #operations: Operations;
  readonly #counts = { load: 0, save: 0 };
  #results = 0;
  #conflicts = 0;
  /** Where a load has resolved to an array of another length: once a key, as the errors of two cannot be told apart. */
  readonly #mistaken = new Set<Key>();

  constructor(world: World, model: Model, store: Store, answers: Answers, operations: Operations) {
    this.#world = world;
    this.#model = model;
    this.#store = store;
    this.#answers = answers;
    this.#operations = operations;
  }

  load(call: Call): unknown {
    const load = ({ lane, given }: Batch): Result => ({ value: this.#store.load(lane.key, given) });
    const settled = (results: Result[]) => this.#model.calls.loadSettled(call, results);
    return this.#answer(call, this.#world.loads, load, settled);
  }

  save(call: Call, begins: () => void): unknown {
    const logs = call.batches.map(({ resource }) => resource && [...resource.log]);
    begins();
    const save = (batch: Batch, place: number): Result => {
      const { lane, given } = batch;
      if (this.#store.conflicts(lane.key, given)) return this.#conflict();
      this.#store.save(lane.key, logs[place], this.#operations.deletes(batch));
      this.#operations.stored(batch);
      return { value: undefined };
    };
    const settled = (results: Result[]) => {
      this.#model.calls.saveSettled(call, results);
      for (const [place, batch] of call.batches.entries())
        if (!('cause' in (results[place] as Result))) this.#operations.saved(batch, logs[place]);
    };
    return this.#answer(call, this.#world.saves, save, settled);
  }

  #answer(
    call: Call,
    modes: CallMode[],
    act: (batch: Batch, place: number) => Result,
    settled: (results: Result[]) => void,
  ): unknown {
    const phase = call.phase as 'load' | 'save';
    const count = this.#counts[phase]++;
    const { results } = this.#world;
    const resultMode = call.given && results[this.#results++ % results.length];
    return this.#answers.answer({
      mode: modes[count % modes.length] as CallMode,
      cause: `${phase} ${count} failed`,
      signal: () => call.given?.signal ?? (call.batches[0] as Batch).given.signal,
      conflict: () => (this.#conflict() as { cause: unknown }).cause,
      succeed: () => {
        if (resultMode === 'too short' && this.#mayBeMistaken(call)) {
          settled(call.batches.map(() => ({ cause: mistake })));
          return { value: new Array(call.batches.length - 1) };
        }
        const all = call.batches.map(
          (batch, place) =>
            this.#failure(resultMode, place, `${phase} ${count} of ${batch.lane.key} failed`) ??
            act(batch, place),
        );
        settled(all);
        if (!call.given) return all[0] as Result;
        const hasFailed = all.some((result) => 'cause' in result);
        if (phase === 'save' && resultMode === 'nothing' && !hasFailed) return { value: undefined };
        return {
          value: all.map((result) => ('cause' in result ? result.cause : this.#value(phase, result.value))),
        };
      },
      fail: (cause, isStored) => {
        if (isStored) call.batches.forEach(act);
        const isConflict = (cause as { code?: unknown }).code === 'ERR_CONFLICT';
        settled(call.batches.map(() => ({ cause, isConflict })));
      },
    });
  }

  /** What fails in one place of a call for many keys. */
  #failure(mode: ResultMode | undefined, place: number, message: string): Result | undefined {
    const isFirst = place === 0;
    if (mode === (isFirst ? 'first fails' : 'others fail')) return { cause: new Error(message) };
    return mode === (isFirst ? 'first conflicts' : 'others conflict') ? this.#conflict() : undefined;
  }

  /** One that is the package's, or another that says so. */
  #conflict(): Result {
    const isOwn = this.#conflicts++ % 2 === 0;
    const cause = isOwn ? new ConflictError() : Object.assign(new Error(), { code: 'ERR_CONFLICT' });
    return { cause, isConflict: true };
  }

  /** What is in the place of a save that has succeeded does not count, and is not looked at. */
  #value(phase: 'load' | 'save', value: unknown): unknown {
    return phase === 'save' && this.#world.values !== 'plain' ? new Proxy({}, touchy) : value;
  }

  #mayBeMistaken({ phase, batches }: Call): boolean {
    if (phase === 'save') return true;
    if (batches.some(({ lane }) => this.#mistaken.has(lane.key))) return false;
    for (const { lane } of batches) this.#mistaken.add(lane.key);
    return true;
  }
}
