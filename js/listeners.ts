import type { Group } from './group.js';

/** What listens to the promise that a group's lock, load or save has returned. */
export interface Listeners {
  readonly succeeded: (value: unknown) => void;
  readonly failed: (cause: unknown) => void;
  group: Group | undefined;
}

/** Used again and again: to make such a pair costs more than all that a batch needs of the engine. */
const spares: Listeners[] = [];
const MOST_SPARES = 1_024;

/** Whatever kind of thenable has been called, one of the two is called, and once. */
export function listenersOf(group: Group): Listeners {
  const listeners = spares.pop() ?? makeListeners();
  listeners.group = group;
  return listeners;
}

function makeListeners(): Listeners {
  const listeners: Listeners = {
    succeeded: (value) => release(listeners).succeeded(value),
    failed: (cause) => release(listeners).failed(cause),
    group: undefined,
  };
  return listeners;
}

function release(listeners: Listeners): Group {
  const group = listeners.group as Group;
  listeners.group = undefined;
  if (spares.length < MOST_SPARES) spares.push(listeners);
  return group;
}
