import type { Batch } from './batch.js';
import type { Call } from './call.js';
import type { Lane } from './lane.js';
import { isBefore, nameOf, type Wish } from './places.js';
import type { State } from './state.js';

/** Which batches go together in calls for many keys: those that ask in the same turn, and those that wait, in the order of asking. */
export class Together {
  readonly #state: State;
  /** The calls of one turn that could have taken one more, and when their batches asked. */
  #turn = 0;
  #calls: { call: Call; moments: Set<object> }[] = [];

  constructor(state: State) {
    this.#state = state;
  }

  /** A call is made now. Others wait. */
  made(call: Call, wishes: Wish[], others: Wish[]): void {
    const { maxKeys } = this.#state.settings;
    if (wishes.length === 0) this.#violate(`a ${call.phase} is called for no key`);
    if (wishes.length > maxKeys) this.#violate(`${nameOf(call)} by one call, more than maxKeys`);
    for (const [place, wish] of wishes.entries()) this.#checkPlace(call, wish, wishes.slice(0, place));
    for (const other of others) this.#checkOther(call, other, wishes, wishes.length < maxKeys);
    for (const batch of call.batches) this.#checkApart(call, batch);
    const moments = new Set(call.batches.flatMap(({ moment }) => moment ?? []));
    if (wishes.length < maxKeys) this.#calls.push({ call, moments });
  }

  /** A key waits for a place, since this turn. */
  isLeftOut({ head, key, firstLive }: Lane): void {
    const moment = head ? head.moment : firstLive?.isFresh ? firstLive.moment : undefined;
    const call = this.#roomAt(moment, head?.phase === 'loaded' ? 'save' : 'load');
    if (call) this.#violate(`${nameOf(call)} without ${key}, which asked at the same moment`);
  }

  /** Who has been flushed does not wait for his turn. */
  #checkPlace(call: Call, wish: Wish, before: Wish[]): void {
    const later = before.find((other) => !other.isExempt && !wish.isExempt && isBefore(wish, other));
    if (later) this.#violate(`${nameOf(call)}, but ${wish.lane.key} asked before ${later.lane.key}`);
  }

  #checkOther(call: Call, other: Wish, wishes: Wish[], hasRoom: boolean): void {
    if (other.phase !== call.phase) return;
    const what = `${nameOf(call)} without ${other.lane.key}`;
    if (hasRoom && other.latest < this.#state.turn) this.#violate(`${what}, which waits for the next call`);
    if (wishes.some((wish) => !wish.isExempt && isBefore(other, wish)))
      this.#violate(`${what}, which asked first`);
  }

  #checkApart(call: Call, { moment, lane }: Batch): void {
    const other = this.#roomAt(moment, call.phase);
    if (other) this.#violate(`${nameOf(other)} without ${lane.key}, which asked at the same moment`);
  }

  /** A call of this turn with one that asked at the same moment, and with room for more. */
  #roomAt(moment: object | undefined, phase: Call['phase']): Call | undefined {
    if (this.#turn !== this.#state.turn) this.#calls = [];
    this.#turn = this.#state.turn;
    return this.#calls.find(({ call, moments }) => call.phase === phase && moment && moments.has(moment))
      ?.call;
  }

  #violate(violation: string): void {
    this.#state.violate(violation);
  }
}
