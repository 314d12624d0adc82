// What happens in a history: it follows from the seed and from what the browser can do.

import { Random } from './random.mjs';

/**
 * @typedef {object} Step
 * @property {keyof typeof WEIGHTS} what
 * @property {number} tab which tab it happens in
 * @property {number} pause how long to wait before it, in ms
 * @property {boolean} [byWorker] whether the tab hands it over to the worker
 * @property {number} [processor] by which of the processors records are changed
 * @property {string[]} [keys] which records are changed
 *
 * @typedef {object} History
 * @property {number} seed
 * @property {boolean[]} tabs for each whether it has `flushOnHide`
 * @property {'dedicated' | 'shared'} worker of the first tab, or of all
 * @property {boolean} isVersioned whether the app gives the version of its database
 * @property {boolean} sharesStore whether the processors without and with a window have one store
 * @property {Step[]} steps
 */

/** How often each happens, where it can. */
const WEIGHTS = {
  run: 34,
  show: 6,
  flush: 2,
  reload: 5,
  leave: 3,
  back: 6,
  close: 4,
  open: 8,
  kill: 2,
  'end the worker': 1,
  freeze: 3,
  thaw: 6,
  release: 2,
  upgrade: 2,
  delete: 1.5,
  'close the stores': 1,
};

/** What can happen to a tab in each state, and in which state it is then. */
const TRANSITIONS = {
  open: {
    run: 'open',
    show: 'open',
    flush: 'open',
    reload: 'open',
    leave: 'away',
    close: 'closed',
    kill: 'closed',
    'end the worker': 'open',
    freeze: 'frozen',
    release: 'open',
    upgrade: 'open',
    delete: 'open',
    'close the stores': 'open',
  },
  away: { back: 'open', close: 'closed' },
  frozen: { thaw: 'open', kill: 'closed' },
  closed: { open: 'open' },
};

/** What a browser lacks. */
export const LACKS = { chromium: [], firefox: ['freeze', 'thaw'] };

/**
 * @param {number} seed
 * @param {'chromium' | 'firefox'} browser
 * @returns {History}
 */
export function historyOf(seed, browser) {
  const random = new Random(seed);
  const tabs = Array.from({ length: 2 + random.below(3) }, () => random.chance(0.7));
  const isVersioned = random.chance(0.5);
  const lacks = [...LACKS[browser], isVersioned ? 'upgrade' : 'release'];
  const settings = {
    seed,
    tabs,
    worker: random.chance(0.5) ? 'dedicated' : 'shared',
    isVersioned,
    sharesStore: random.chance(0.5),
  };
  const closesStores = random.chance(0.3);
  const isDeleted = random.chance(0.4);
  if (!closesStores) lacks.push('close the stores');
  if (!isDeleted) lacks.push('delete');

  let states = tabs.map(() => 'open');
  const steps = Array.from({ length: 20 + random.below(25) }, () => {
    const tab = random.below(tabs.length);
    const possible = Object.entries(TRANSITIONS[states[tab]]).filter(([what]) => !lacks.includes(what));
    const what = random.weighted(Object.fromEntries(possible.map(([what]) => [what, WEIGHTS[what]])));
    // In Firefox it is not known which process a tab has.
    if (what === 'kill' && browser === 'firefox') states = states.map(() => 'closed');
    else states[tab] = TRANSITIONS[states[tab]][what];
    const pause = random.chance(0.5) ? 0 : random.below(random.chance(0.2) ? 200 : 40);
    return { what, tab, pause, ...(what === 'run' && changes(random)) };
  });
  return { ...settings, steps };
}

function changes(random) {
  const [prefix, most, among] = random.chance(0.05) ? ['many', 150, 150] : ['key', 6, 10];
  return {
    byWorker: random.chance(0.2),
    processor: random.below(3),
    keys: Array.from({ length: 1 + random.below(most) }, () => `${prefix} ${random.below(among)}`),
  };
}

/** @param {History} history */
export function describe({ tabs, worker, isVersioned, sharesStore, steps }) {
  const settings = [
    `${tabs.length} tabs, of which flush on hide: ${tabs.flatMap((flushes, tab) => (flushes ? tab : [])).join(', ') || 'none'}`,
    `a ${worker} worker`,
    isVersioned ? 'the app gives the version of its database' : 'no version is given',
    sharesStore ? 'windows of 0 and 50 ms on one store object' : 'a store object for each processor',
  ];
  const lines = steps.map(({ what, tab, pause, byWorker, processor, keys }, place) => {
    const how = keys ? `${byWorker ? ' by the worker' : ''}, processor ${processor}: ${summary(keys)}` : '';
    return `${String(place).padStart(4)}. after ${pause} ms, tab ${tab}: ${what}${how}`;
  });
  return [`  ${settings.join('; ')}`, ...lines].join('\n');
}

function summary(keys) {
  return keys.length > 6 ? `${keys.length} changes of ${keys[0].split(' ')[0]} records` : keys.join(', ');
}
