// What runs in the tabs and in the worker of a history.

import { startProcessor } from 'groupcommit';
import { flushOnHide } from 'groupcommit/browser';
import { indexedDBStore } from 'groupcommit/indexeddb';
import { Assistant } from './assistant.mjs';
import { database, others, stores } from './others.mjs';

const { life, version, flushes, worker, sharesStore } = JSON.parse(
  decodeURIComponent(location.search.slice(1)),
);
const isTab = 'document' in globalThis;
/** A page that is loaded anew from the same address is another one. */
const name = life === 'worker' ? life : `${life}, loaded at ${performance.timeOrigin}`;

/** What the test has still to be told. */
let untold = [];
/** Whether it has been told. */
const telling = new Set();
/** The changes whose operation has run, and whose promise is pending. */
const loaded = new Set();
/** What `end` is doing. */
let ending = 'has not begun to end';

/** Lets the test know, who is in another process: also if this page goes at once. */
function tell(event) {
  if (untold.length === 0) queueMicrotask(send);
  untold.push(event);
}

function send() {
  const body = JSON.stringify({ life: name, events: untold });
  untold = [];
  // What does not arrive has not been promised to anybody.
  const told = fetch('/told', { method: 'POST', body, keepalive: true }).catch(() => {});
  telling.add(told);
  void told.then(() => telling.delete(told));
}

// In Firefox the answer to a page that was in the back/forward cache when it came is lost.
addEventListener('pageshow', ({ persisted }) => persisted && telling.clear());
addEventListener('error', ({ message }) => tell({ error: message }));
addEventListener('unhandledrejection', ({ reason }) => tell({ error: `unhandled: ${reason}` }));

const storeOf = (store) =>
  indexedDBStore({
    database,
    store,
    initial: () => ({ ids: [] }),
    ...(version && {
      version,
      upgrade(database) {
        for (const name of stores)
          if (!database.objectStoreNames.contains(name)) database.createObjectStore(name);
      },
    }),
  });
const first = storeOf('a');
const all = [first, sharesStore ? first : storeOf('a'), storeOf('b')];
const windows = [0, 50, 20];
const processors = all.map((store, i) => startProcessor({ ...store, minDuration: windows[i] }));
if (isTab && flushes) {
  for (const processor of processors) flushOnHide(processor);
  putOnLeave();
}

/** What the page would save by hand, after the processors: where that is lost it is the browser's loss. */
function putOnLeave() {
  let leaves = 0;
  const request = indexedDB.open('by hand', 1);
  request.onupgradeneeded = () => request.result.createObjectStore('leaves');
  request.onsuccess = () => {
    addEventListener('pagehide', () => {
      const transaction = request.result.transaction('leaves', 'readwrite');
      transaction.objectStore('leaves').put(++leaves, name);
      transaction.commit();
    });
  };
}

const methods = {
  run(processor, changes) {
    for (const [id, key] of changes) {
      const change = ({ ids }) => {
        ids.push(id);
        loaded.add(id);
      };
      processors[processor].run(key, change).then(
        () => {
          loaded.delete(id);
          tell({ saved: id });
        },
        ({ code, phase, cause, message }) => {
          loaded.delete(id);
          tell({ failed: id, code, phase, name: cause?.name, message: cause?.message ?? message });
        },
      );
    }
  },

  /** Whether there is somebody who hears. */
  ping: () => true,

  flush() {
    for (const processor of processors) void processor.flush();
  },

  /** What would be saved if the page were left now, by what is promised of `flushOnHide`. */
  promised: () => (flushes ? [...loaded] : []),

  closeStores() {
    for (const store of new Set(all)) store.close();
  },

  /** Resolves when everything has settled, and the test knows. */
  async end() {
    ending = 'flushes';
    await Promise.all(processors.map((processor) => processor.flush()));
    const pending = processors.map((processor) => processor.pending);
    ending = 'stops';
    await Promise.all(processors.map((processor) => processor.stop()));
    ending = 'tells';
    // Whatever a promise that has just settled leads to.
    await new Promise((resolve) => setTimeout(resolve));
    await Promise.all(telling);
    return pending.reduce((sum, pending) => sum + pending);
  },

  /** What `end` waits for. */
  async hanging() {
    const { held, pending } = await navigator.locks.query();
    const listed = (locks) =>
      locks.map(({ name, mode, clientId }) => `${mode} ${name} of ${clientId}`).join(', ');
    const counts = processors.map((processor) => processor.pending).join(', ');
    return `it ${ending}; pending: ${counts}; locks held: ${listed(held)}; locks wanted: ${listed(pending)}`;
  },
};

if (!isTab) serve();

/** As a worker: does what the tabs say. */
function serve() {
  const listen = (port) => {
    port.onmessage = async ({ data: { number, method, args } }) =>
      port.postMessage({ number, result: await methods[method](...args) });
  };
  if ('SharedWorkerGlobalScope' in globalThis) {
    onconnect = ({ ports: [port] }) => listen(port);
  } else listen(globalThis);
}

if (worker) {
  const assistant = new Assistant(worker, { life: 'worker', version, sharesStore });
  Object.assign(methods, {
    send: (...args) => void assistant.send(...args),
    ask: (...args) => assistant.ask(...args),
    endWorker: () => assistant.end(),
  });
}

globalThis.fuzz = { name, ...methods, ...others };
