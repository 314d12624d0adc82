import type { Group } from './group.js';

/** What listens to the promise that a group's lock, load or save has returned: one of the two is called, and once. */
export interface Listeners {
  readonly succeeded: (value: unknown) => void;
  readonly failed: (cause: unknown) => void;
  group: Group | undefined;
}

/** Used again and again: to make such a pair costs more than all that a batch needs of the engine. */
const spares: Listeners[] = [];
const MOST_SPARES = 1_024;

export function listenersFor(group: Group): Listeners {
  const listeners = spares.pop() ?? makeListeners();
  listeners.group = group;
  return listeners;
}

/** The group has no call under way, and none soon. */
export function giveBack(listeners: Listeners): void {
  listeners.group = undefined;
  if (spares.length < MOST_SPARES) spares.push(listeners);
}

function makeListeners(): Listeners {
  const listeners: Listeners = {
    succeeded: (value) => listeners.group?.succeeded(value),
    failed: (cause) => listeners.group?.failed(cause),
    group: undefined,
  };
  return listeners;
}
