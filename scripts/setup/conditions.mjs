// What the set-up cannot bring, and asks for before anything else.

import { accessSync, constants, readFileSync } from 'node:fs';
import { join, parse } from 'node:path';
import { SetupError } from './failure.mjs';
import { root } from './root.mjs';
import { atLeast } from './versions.mjs';

/** @type {import('../setup.mjs').Need} */
export const node = {
  name: 'Node',

  async find() {
    const { devEngines } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
    const least = devEngines.runtime.version.replace('>=', '');
    const { node: version } = process.versions;
    if (atLeast(version, least)) return { note: `${version} in ${process.execPath}` };
    const command = `npx --yes --package node@22 npm run ${process.env.npm_lifecycle_event ?? 'setup'}`;
    throw new SetupError(`Node ${version} is too old: ${least} is needed`, { command });
  },
};

/** @type {import('../setup.mjs').Need} */
export const folder = {
  name: 'a folder to work in',

  async find() {
    const drive = parse(root).root;
    // Vite takes three for parts of a URL, and the PATH ends at the fourth.
    const odd = /[^/\\]*([#%?:])[^/\\]*/.exec(root.slice(drive.length));
    if (odd) {
      const [name, character] = odd;
      const path = root.slice(0, drive.length + odd.index + name.length);
      const command = `mv '${path}' '${path.slice(0, -name.length)}${name.replaceAll(/[#%?:]/g, '-')}'`;
      throw new SetupError(`${root} has a '${character}' in it, which not all tools can read`, { command });
    }
    try {
      accessSync(root, constants.W_OK);
    } catch (cause) {
      throw new SetupError(`${root} cannot be written`, { cause, command: `cp -r '${root}' "$(mktemp -d)"` });
    }
    return { note: root };
  },
};
