import { ClassicLevel } from 'classic-level';
import { levelStore } from 'groupcommit/level';
import { startFolder } from '../race/folders.mjs';
import { connectToOwner, startOwner } from '../race/owner.mjs';

/** Only one process can have a LevelDB open. The others send what they want to that one. */
/** @type {import('../harness.js').Harness} */
export const harness = {
  name: 'groupcommit/level on classic-level',
  module: import.meta.url,
  hasConflicts: false,
  start: () => startFolder('level'),
  async open({ folder }, options) {
    const db = await openOnce(folder);
    return {
      store: levelStore({ db, ...options }),
      get: async (key) => {
        const text = await db.get(key);
        return text === undefined ? undefined : JSON.parse(text);
      },
      close: () => closeLast(folder),
    };
  },
  shared: { start: () => startOwner(import.meta.url), connect: connectToOwner },
};

/** The databases of this process, and how many use each. */
const open = new Map();

async function openOnce(folder) {
  const entry = open.get(folder) ?? { db: new ClassicLevel(folder), users: 0 };
  open.set(folder, entry);
  entry.users++;
  await entry.db.open();
  return entry.db;
}

async function closeLast(folder) {
  const entry = open.get(folder);
  if (--entry.users > 0) return;
  open.delete(folder);
  await entry.db.close();
}
