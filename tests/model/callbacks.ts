import { ConflictError, type ProcessorOptions } from 'groupcommit';
import type { Answers } from './answers.js';
import type { Batch, Given, Resource } from './batch.js';
import type { Call, CallGiven } from './call.js';
import { mistake } from './failure.js';
import type { Model } from './model.js';
import type { Records } from './records.js';
import type { CallMode, Key, Place, World } from './scenario.js';

/** What the processor calls: lock, load, save, and the release of locks. */
export class Callbacks {
  /** What the platform is to report as uncaught. */
  readonly expectedReports = new Set<unknown>();
  readonly #world: World;
  readonly #model: Model;
  readonly #answers: Answers;
  readonly #records: Records;
  readonly #callback: (place: Place) => void;
  #count = 0;
  /** Where a lock has resolved to something that is no function: once a key, as the errors of two cannot be told apart. */
  readonly #mistaken = new Set<Key>();

  constructor(
    world: World,
    model: Model,
    answers: Answers,
    records: Records,
    callback: (place: Place) => void,
  ) {
    this.#world = world;
    this.#model = model;
    this.#answers = answers;
    this.#records = records;
    this.#callback = callback;
  }

  /** The options of the processor. */
  get options(): ProcessorOptions<Resource, Key> {
    const { minDuration, maxDuration, maxOperations, concurrency, maxKeys, retries } = this.#world;
    const { locks, sharesLoads, sharesSaves } = this.#world;
    return {
      minDuration,
      maxDuration,
      maxOperations,
      concurrency,
      maxKeys,
      retries,
      lockResource: locks && ((key: Key, given: Given) => this.#lock(this.#of(key, given), locks)),
      ...(sharesLoads
        ? { loadResources: (givens: Given[], call: CallGiven) => this.#load(givens, call) }
        : { loadResource: (key: Key, given: Given) => this.#load([this.#of(key, given)]) }),
      ...(sharesSaves
        ? {
            saveResources: (givens: Given[], call: CallGiven) =>
              this.#save(
                givens.map((given) => ({ given, resource: given.resource })),
                call,
              ),
          }
        : {
            saveResource: (key: Key, resource: Resource, given: Given) =>
              this.#save([{ given: this.#of(key, given), resource }]),
          }),
    } as unknown as ProcessorOptions<Resource, Key>;
  }

  #of(key: Key, given: Given): Given {
    if (given.key !== key) this.#model.state.violate(`a batch of ${key} has the key ${given.key}`);
    return given;
  }

  #lock(given: Given, modes: CallMode[]): unknown {
    const { calls } = this.#model;
    const call = calls.lockCalled(given);
    this.#begins(call, 'lock');
    const { releases } = this.#world;
    const release = releases[this.#count % releases.length];
    const mode = modes[this.#count % modes.length] as CallMode;
    const [batch] = call.batches as [Batch];
    const { key } = batch.lane;
    return this.#answers.answer({
      mode,
      cause: `lock ${this.#count++} failed`,
      // Only a save can be in conflict: this is a failure like any other.
      conflict: () => new ConflictError(),
      signal: () => given.signal,
      succeed: () => {
        const isMistake = release === 'mistake' && !this.#mistaken.has(key);
        if (isMistake) this.#mistaken.add(key);
        const value = () => this.#release(batch, release === 'throws');
        const isNothing = release === 'nothing';
        calls.lockSettled(
          call,
          isMistake ? { cause: mistake } : { value: isNothing ? undefined : value },
          mode === 'value',
        );
        return { value: isMistake ? 'no function' : isNothing ? undefined : value };
      },
      fail: (cause) => calls.lockSettled(call, { cause }, false),
    });
  }

  #release(batch: Batch, throws: boolean): void {
    this.#model.batches.released(batch);
    this.#callback('release');
    if (throws) this.throwUncaught();
  }

  throwUncaught(): never {
    const error = new Error('to be reported');
    this.expectedReports.add(error);
    throw error;
  }

  #load(givens: Given[], given?: CallGiven): unknown {
    const call = this.#model.calls.loadCalled(givens, given);
    this.#begins(call, 'load');
    return this.#records.load(call);
  }

  #save(saves: { given: Given; resource: unknown }[], given?: CallGiven): unknown {
    const call = this.#model.calls.saveCalled(saves, given);
    return this.#records.save(call, () => this.#begins(call, 'save'));
  }

  #begins(call: Call, place: Place): void {
    if (this.#world.readsSignals) {
      for (const { given, calls } of call.batches) if (calls.length === 1) this.#listen(given, () => {});
      if (call.given) this.#listen(call.given, () => this.#model.calls.aborts(call));
    }
    this.#callback(place);
  }

  #listen({ signal }: { signal: AbortSignal }, heard: () => void): void {
    const abort = () => {
      heard();
      this.#callback('abort of a batch');
    };
    if (signal.aborted) abort();
    else signal.addEventListener('abort', abort, { once: true });
  }
}
