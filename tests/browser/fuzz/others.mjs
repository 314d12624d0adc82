// What other code of the app does to the database.

export const database = 'fuzz';
export const stores = ['a', 'b'];

export const others = {
  upgrade: () =>
    new Promise((resolve) => {
      const probe = indexedDB.open(database);
      probe.onsuccess = () => {
        const { version } = probe.result;
        probe.result.close();
        const request = indexedDB.open(database, version + 1);
        request.onsuccess = () => resolve(request.result.close());
        // Another tab was faster.
        request.onerror = () => resolve();
      };
    }),

  delete: () =>
    new Promise((resolve, reject) => {
      const request = indexedDB.deleteDatabase(database);
      request.onsuccess = () => resolve();
      request.onerror = () => reject(request.error);
    }),

  /** All that is stored: by object store the ids of each key, and how often each page has been left. */
  async stored() {
    const records = {};
    for (const [name, names] of [
      [database, stores],
      ['by hand', ['leaves']],
    ]) {
      const opened = await new Promise((resolve, reject) => {
        const request = indexedDB.open(name);
        request.onsuccess = () => resolve(request.result);
        request.onerror = () => reject(request.error);
      });
      for (const store of names) {
        records[store] = [];
        if (!opened.objectStoreNames.contains(store)) continue;
        const request = opened.transaction(store).objectStore(store).openCursor();
        await new Promise((resolve) => {
          request.onsuccess = () => {
            if (!request.result) return resolve();
            records[store].push([request.result.key, request.result.value]);
            request.result.continue();
          };
        });
      }
      opened.close();
    }
    return records;
  },

  /** The locks that are held, or wanted, for longer than a page takes to go. */
  async locksLeft() {
    const deadline = performance.now() + 10_000;
    for (;;) {
      const { held, pending } = await navigator.locks.query();
      const names = [...held, ...pending].map(({ name }) => name);
      if (names.length === 0 || performance.now() > deadline) return names;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  },
};
