// The processes of Firefox, as Linux tells them.

import { readdirSync, readFileSync } from 'node:fs';

/** Ends those that have tabs, whatever they are doing. @param {number} browser */
export function killTabs(browser) {
  const children = childrenOf();
  const family = [browser];
  for (const parent of family) family.push(...(children.get(parent) ?? []));
  for (const id of family) {
    if (!isTab(id)) continue;
    try {
      process.kill(id, 'SIGKILL');
    } catch (error) {
      if (error.code !== 'ESRCH') throw error;
    }
  }
}

function childrenOf() {
  const children = new Map();
  for (const name of readdirSync('/proc')) {
    const stat = /^\d+$/.test(name) ? read(`/proc/${name}/stat`) : '';
    const parent = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
    if (parent) children.set(parent, [...(children.get(parent) ?? []), Number(name)]);
  }
  return children;
}

function isTab(id) {
  const [, ...args] = read(`/proc/${id}/cmdline`).split('\0').filter(Boolean);
  return args.includes('-contentproc') && args.at(-1) === 'tab';
}

/** Nothing of a process that has ended meanwhile. */
function read(path) {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
