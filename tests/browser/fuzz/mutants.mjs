// The package, broken on purpose in one place. Each has to be found out.

/**
 * @typedef {object} Mutant
 * @property {string} name
 * @property {{ file: string, find: string, replace: string }} patch
 */

/** @type {Mutant[]} */
export const mutants = [
  {
    name: 'no lock of a record',
    patch: {
      file: 'stores/indexeddb/locks.ts',
      find: 'const release = await lockRecord(key, context);',
      replace: 'void lockRecord; const release = () => {};',
    },
  },
  {
    name: 'the store is shared by those without a window',
    patch: {
      file: 'stores/indexeddb/locks.ts',
      find: "takeStore: joinedLock(prefix, 'exclusive')",
      replace: "takeStore: joinedLock(prefix, 'shared')",
    },
  },
  {
    name: 'the lock goes with the first of those that share it',
    patch: { file: 'page/joined-lock.ts', find: 'if (keys.size > 0) return;', replace: '' },
  },
  {
    name: 'versionchange is ignored',
    patch: {
      file: 'stores/indexeddb/connection.ts',
      find: 'if (newVersion !== null) return session.retire();',
      replace: 'if (newVersion !== undefined) return;',
    },
  },
  {
    name: 'a connection that is to close does not wait for its batches',
    patch: {
      file: 'stores/indexeddb/session.ts',
      find: 'if (this.#batches.size === 0) this.close();',
      replace: 'this.close();',
    },
  },
  {
    name: 'a deletion is taken for an upgrade',
    patch: {
      file: 'stores/indexeddb/connection.ts',
      find: 'if (newVersion !== null) return session.retire();\n      this.#incarnation++;',
      replace: '',
    },
  },
  {
    name: 'a save is not committed',
    patch: {
      file: 'stores/indexeddb/transaction.ts',
      find: "if (mode === 'readwrite') transaction.commit();",
      replace: '',
    },
  },
  {
    name: 'nothing is flushed when a page is left',
    patch: {
      file: 'page/life.ts',
      find: "  addEventListener('pagehide', leave);",
      replace: '',
    },
  },
  {
    name: 'a batch is saved twice',
    patch: {
      file: 'stores/indexeddb/records.ts',
      find: 'const request = attempt(() => store.put(record, key));',
      replace:
        'const twice = record as { ids: string[] }; twice.ids.push(twice.ids.at(-1) as string); const request = attempt(() => store.put(record, key));',
    },
  },
];
