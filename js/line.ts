import type { Group } from './group.js';

/**
 * The groups of a processor whose batches have ended, in the order in which they did. Their runs settle group by group: each is read and written
 * several times until its caller has heard, and with other groups in between the caches would have lost it each time.
 */
export class Line {
  /** When it leaves, all have settled. */
  last: Group | undefined = undefined;

  /** Settles the group's runs, after those of the groups before it. */
  enter(group: Group): void {
    const { last } = this;
    this.last = group;
    if (last) last.next = group;
    else if (group.settleRuns()) this.leave(group);
  }

  /** The runs of the first group have settled, and their callers have heard: now the next. */
  leave(first: Group): void {
    let next: Group | undefined = first;
    do {
      const group: Group = next;
      next = group.next;
      group.next = undefined;
      if (!next) this.last = undefined;
      group.settled();
    } while (next?.settleRuns());
  }
}
