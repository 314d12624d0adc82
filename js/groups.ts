import type { Group, Numbers, Phase } from './group.js';

/**
 * The engine's host: the groups of one processor, by number. The engine calls these methods, and decides when.
 *
 * The engine keeps this object alive for as long as the processor. So it refers to nothing of the user's but through the groups, and a
 * processor that is dropped can go once its batches have ended.
 */
export class Groups {
  /**
   * The number of each key's latest group, and not the group: a map that grows and shrinks leaves old tables behind, and one of them in old space is
   * enough to keep all that follow alive from one minor collection to the next, with whatever they hold.
   */
  readonly #latest = new Map<string | number, number>();
  #groups: (Group | undefined)[] = [];

  /** The key's latest group, if it has any. */
  latest(key: string | number): Group | undefined {
    const number = this.#latest.get(key);
    return number === undefined ? undefined : this.#groups[number];
  }

  /** The groups of one key, or all. */
  list(key: string | number | undefined): Group[] {
    if (key === undefined) return this.#groups.filter((group) => !!group);
    const groups: Group[] = [];
    for (let group = this.latest(key); group; group = group.ahead) groups.push(group);
    return groups;
  }

  add(group: Group): void {
    group.ahead = this.latest(group.key);
    if (group.ahead) group.ahead.behind = group;
    this.#latest.set(group.key, group.number);
    this.#groups[group.number] = group;
  }

  at(number: number): Group {
    return this.#groups[number] as Group;
  }

  get isEmpty(): boolean {
    return this.#latest.size === 0;
  }

  #forget(group: Group): void {
    if (group.behind) {
      group.behind.ahead = undefined;
      // Dead groups must not keep those that follow alive, one after the other.
      group.behind = undefined;
    } else {
      this.#latest.delete(group.key);
    }
    this.#groups[group.number] = undefined;
    if (this.isEmpty) {
      if (this.#groups.length > 1_024) this.#groups = [];
      group.home.idle();
    }
  }

  close(number: number): void {
    this.at(number).isClosed = true;
  }

  overflows(number: number): boolean {
    return this.at(number).overflows;
  }

  goesOn(number: number): boolean {
    const group = this.at(number);
    if (group.hasUnsettled) return true;
    this.#forget(group);
    return false;
  }

  call(number: number, phase: Phase): boolean {
    return this.at(number).call(phase);
  }

  release(number: number): void {
    this.at(number).release();
  }

  execute(number: number): number {
    return this.at(number).execute();
  }

  keepExecuting(number: number): void {
    this.at(number).keepExecuting();
  }

  take(number: number): void {
    this.at(number).take();
  }

  settle(number: number): boolean {
    this.at(number).settle();
    return this.goesOn(number);
  }

  fail(number: number, operationCount: number): boolean {
    this.at(number).fail(operationCount);
    return this.goesOn(number);
  }

  abort(number: number): void {
    this.at(number).abort();
  }

  publish(number: number, numbers: Numbers, failed: boolean): void {
    this.at(number).publish(numbers, failed);
  }
}
