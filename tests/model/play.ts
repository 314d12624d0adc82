import { Clock } from './clock.js';
import { Model } from './model.js';
import { checkCall, checkQuiet, checkSignal } from './quiet.js';
import { Reality, type Start } from './reality.js';
import { full, type Scenario, type Step, type World } from './scenario.js';
import { settingsOf } from './settings.js';

/** Taken before it can be faked. */
const realSetImmediate = setImmediate;

/** Resolves when no microtask is left. */
const quiet = () => new Promise<void>((resolve) => realSetImmediate(resolve));

async function microtasks(turns: number): Promise<void> {
  for (let turn = 1; turn < turns; turn++) await undefined;
}

/** Plays a scenario on the package; tells what was against the contract, if anything was. */
export async function play({ world, steps }: Scenario, start: Start): Promise<string | undefined> {
  const clock = new Clock(world.isFrozen, world.random);
  const putBack = clock.install();
  const stopListening = listenToErrors(
    (violation) => game.model.state.violate(violation),
    () => game.reality,
  );
  let game!: Game;
  try {
    game = new Game(world, clock, start);
    for (const step of steps) {
      // Where nothing passes between two steps there must be no await.
      const passing = game.step(step);
      if (passing) await passing;
      if (passing) game.model.state.moment = {};
      if (game.violation) return game.violation;
    }
    await game.end();
    return game.violation;
  } catch (error) {
    return game?.violation ?? String(error instanceof Error ? error.stack : error);
  } finally {
    // Nothing of a scenario that went wrong goes on in the next one.
    await quiet();
    putBack();
    stopListening();
  }
}

class Game {
  readonly model: Model;
  readonly reality: Reality;
  readonly #clock: Clock;
  readonly #world: World;

  constructor(world: World, clock: Clock, start: Start) {
    this.#world = world;
    this.#clock = clock;
    this.model = new Model(settingsOf(world), clock, world.keys);
    this.reality = new Reality(world, this.model, start);
  }

  get violation(): string | undefined {
    return this.model.state.violation;
  }

  step({ action, place, turns }: Step): Promise<void> | undefined {
    switch (action.type) {
      case 'time passes':
        return this.#pass(action.time);
      case 'blocked':
        this.#clock.block(action.time);
        return undefined;
      case 'timers lost':
        return this.#loseTimers();
    }
    if (place !== 'now') {
      this.reality.actLater(place, action);
      return undefined;
    }
    this.reality.act(action);
    if (turns === full) return this.#quiet();
    return turns > 0 ? microtasks(turns) : undefined;
  }

  async #loseTimers(): Promise<void> {
    await this.#quiet();
    this.#clock.lose();
    for (const { head } of this.model.state.lanes.values()) {
      if (head) head.deadlines.isExcused = true;
      head?.attempts.timersLost();
    }
  }

  async end(): Promise<void> {
    const { reality, model } = this;
    await this.#quiet();
    if (this.#world.waits) await this.#allTimers();
    reality.act({ type: 'stop', signal: 'none' });
    await this.#quiet();
    while (reality.answers.held.length > 0 && !this.violation) {
      reality.act({ type: 'call ends', which: 0, how: 'well' });
      await this.#quiet();
    }
    const { state, callers, calls, batches } = model;
    if (this.violation) return;
    for (const lane of state.lanes.values())
      if (lane.head || lane.unheard.length > 0) state.violate(`${lane.key} hangs`);
    if (callers.stops.some((stop) => !stop.isHeard)) state.violate('stop hangs');
    if (reality.listeners > 0) state.violate('listeners are left on the signals of callers');
    if (reality.callbacks.expectedReports.size > 0) state.violate('an error was not reported');
    if (reality.lost) state.violate(reality.lost);
    for (const batch of batches.begun) checkSignal(model, batch);
    for (const call of calls.shared) checkCall(model, call);
    if (this.#world.iterates && !reality.observers.hasIterated)
      state.violate('the iteration over the metrics does not end');
    if (this.#world.iterates && reality.observers.iterated.length !== batches.begun.length)
      state.violate('the iteration has not given one metric for each batch');
  }

  async #pass(time: number): Promise<void> {
    await this.#quiet();
    const until = this.#clock.now + time;
    while (this.#clock.next <= until && !this.violation) {
      this.#clock.now = Math.max(this.#clock.now, this.#clock.next);
      this.model.state.turnStart = this.#clock.now;
      this.#clock.fire();
      await this.#quiet();
    }
    this.#clock.now = Math.max(this.#clock.now, until);
    await this.#quiet();
  }

  /** Lets time pass until no timer is left. Each of them has a deadline of a batch, or a pause, so they are not many. */
  async #allTimers(): Promise<void> {
    const { begun } = this.model.batches;
    for (let count = 0; this.#clock.armed > 0 && !this.violation; count++) {
      const attempts = begun.reduce((sum, batch) => sum + batch.attempts.count, 0);
      if (count > 10 + 4 * attempts) return this.model.state.violate('timers are armed again and again');
      await this.#pass(this.#clock.next - this.#clock.now);
    }
  }

  async #quiet(): Promise<void> {
    await quiet();
    checkQuiet(this.model, this.#world.readsSignals);
    this.reality.checkPending();
  }
}

/** Hears what the platform reports as uncaught: those errors that callbacks threw on purpose, each once, and no others. */
function listenToErrors(violate: (violation: string) => void, reality: () => Reality): () => void {
  const own = globalThis as { reportError?: (error: unknown) => void };
  const { reportError } = own;
  own.reportError = (error) => {
    if (!reality().callbacks.expectedReports.delete(error)) violate(`reported: ${error}`);
  };
  const unhandled = (error: unknown) => violate(`unhandled rejection: ${error}`);
  process.on('unhandledRejection', unhandled);
  return () => {
    if (reportError) own.reportError = reportError;
    else delete own.reportError;
    process.off('unhandledRejection', unhandled);
  };
}
