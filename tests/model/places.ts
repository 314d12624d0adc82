import type { Call } from './call.js';
import type { Ask, Lane } from './lane.js';
import type { State } from './state.js';
import { Together } from './together.js';

/** What a batch of a call that is made now had asked for. */
export interface Wish extends Ask {
  readonly lane: Lane;
  /** It waits for no place. */
  readonly isExempt: boolean;
}

/** How many loads and saves are under way, and whose turn is next. A call for many keys takes one place. */
export class Places {
  readonly #state: State;
  readonly #together: Together;
  /** Loads and saves whose promise has not settled. */
  #inFlight = 0;
  /** Those of them that had to wait for a place. Whether the others take one is not said. */
  #taken = 0;

  constructor(state: State) {
    this.#state = state;
    this.#together = new Together(state);
  }

  get areFree(): boolean {
    return this.#inFlight < this.#state.settings.concurrency;
  }

  /** Whether what waits has to go on now, and not only when there is a place. */
  lets(lane: Lane): boolean {
    return this.areFree || this.#isFlushed(lane);
  }

  /** Whether a load or save perhaps waits for no place. */
  #isExempt(lane: Lane): boolean {
    return this.#isFlushed(lane) || !!lane.head?.mayBeFlushed;
  }

  #isFlushed(lane: Lane): boolean {
    const { isStopped, settings } = this.#state;
    const flushed = lane.head && lane.head.phase !== 'over' ? lane.head : lane.firstLive;
    return isStopped || !!flushed?.isFlushed || settings.concurrency === Number.POSITIVE_INFINITY;
  }

  /** It has been seen, when all was quiet, that a key waits for a place. */
  asks(lane: Lane, phase: 'load' | 'save', isCertain = true): void {
    const { turn } = this.#state;
    lane.ask ??= { phase, earliest: turn, latest: turn, order: lane.head ? undefined : orderOf(lane) };
    if (!isCertain) lane.ask.latest = Number.POSITIVE_INFINITY;
    else if (lane.ask.latest === Number.POSITIVE_INFINITY) {
      // It has perhaps asked anew, for another run.
      lane.ask.latest = turn;
      lane.ask.order = undefined;
    } else if (lane.ask.latest === turn) this.#together.isLeftOut(lane);
  }

  /** A load or save is called: nobody may have asked before. */
  take(call: Call): void {
    const wishes = call.batches.map(({ lane, order }) => this.#wish(lane, call, order));
    const isExempt = wishes.some((wish) => wish.isExempt);
    if (!isExempt) this.#check(call, wishes);
    if (call.given) this.#together.made(call, wishes, this.#others(call));
    for (const { lane } of wishes) lane.ask = undefined;
    this.#inFlight++;
    call.hasPlace = !isExempt;
    if (call.hasPlace) this.#taken++;
  }

  leave({ hasPlace }: Call): void {
    this.#inFlight--;
    if (hasPlace) this.#taken--;
  }

  #wish(lane: Lane, { phase }: Call, order: number | undefined): Wish {
    const { turn } = this.#state;
    const ask = lane.ask ?? { phase: phase as 'load' | 'save', earliest: turn, latest: turn, order };
    return { ...ask, lane, isExempt: this.#isExempt(lane) };
  }

  /** Those who wait for a place and are not in a call. */
  #others({ batches }: Call): Wish[] {
    const lanes = [...this.#state.lanes.values()];
    const others = lanes.filter((lane) => lane.ask && batches.every((batch) => batch.lane !== lane));
    return others
      .map((lane) => ({ ...(lane.ask as Ask), lane, isExempt: this.#isExempt(lane) }))
      .filter(({ isExempt }) => !isExempt);
  }

  #check(call: Call, wishes: Wish[]): void {
    const { concurrency, shares } = this.#state.settings;
    const what = nameOf(call);
    if (this.#taken >= concurrency) this.#state.violate(`${what} beyond the concurrency`);
    const needed = new Set<unknown>();
    for (const other of this.#others(call)) {
      if (!wishes.every((wish) => isBefore(other, wish))) continue;
      needed.add(shares[other.phase] ? other.phase : other.lane);
      // Where there are places for both, it does not matter who takes his first.
      if (needed.size >= concurrency - this.#taken)
        this.#state.violate(`${what} before ${other.lane.key}, which asked first`);
    }
  }
}

export function nameOf({ phase, batches }: Call): string {
  const keys = batches.map(({ lane }) => lane.key).join(', ');
  return `${keys} ${batches.length > 1 ? 'are' : 'is'} ${phase === 'load' ? 'loaded' : 'saved'}`;
}

/** Whether one has certainly asked before another. */
export function isBefore(one: Ask, other: Ask): boolean {
  if (one.latest !== other.earliest) return one.latest < other.earliest;
  return one.order !== undefined && other.order !== undefined && one.order < other.order;
}

function orderOf({ firstLive }: Lane): number | undefined {
  return firstLive?.isFresh ? firstLive.id : undefined;
}
