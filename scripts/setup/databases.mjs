// The servers of databases that the stores are tested with: those on the PATH, or where Debian has them, else Debian's packages, unpacked
// into the cache. They are not installed, as Debian would start each as a service.

import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { cached, cachePath } from './cache.mjs';
import { aptExtract, isDebian } from './debian/apt.mjs';
import { explained, SetupError } from './failure.mjs';
import { step } from './progress.mjs';
import { which } from './run.mjs';
import { versionOf } from './versions.mjs';

export const postgres = server('PostgreSQL', 'postgres', 'postgresql', postgresFolders);
export const redis = server('Redis', 'redis-server', 'redis-server', (root) => [join(root, 'usr/bin')]);

/**
 * @param {string} name
 * @param {string} command
 * @param {string} debianPackage
 * @param {(root: string) => string[]} folders where Debian has the command, below a root
 * @returns {import('../setup.mjs').Need}
 */
function server(name, command, debianPackage, folders) {
  const works = async (root) => (await findBelow(root)) !== undefined;
  const findBelow = async (root) => {
    const env = libraries(root);
    for (const folder of folders(root)) {
      const path = join(folder, command);
      if (await versionOf(path, { env })) return { note: path, env };
    }
  };

  return {
    name,

    async find() {
      const path = which(command);
      return path ? { note: path } : ((await findBelow('/')) ?? findBelow(cachePath(debianPackage)));
    },

    async bring() {
      const missing = `${name} is not on the PATH (${command})`;
      const install = `sudo apt-get install ${debianPackage}`;
      if (!isDebian) throw new SetupError(missing, { command: install });
      const root = await explained(`${missing}, and Debian's cannot be had`, install, () =>
        step(`apt-get download ${debianPackage}`, missing, (report) =>
          cached(
            debianPackage,
            { works, fill: (folder) => aptExtract(debianPackage, folder, report) },
            report,
          ),
        ),
      );
      const found = await findBelow(root);
      if (!found) throw new SetupError(`${missing}, and Debian's does not start`, { command: install });
      return found;
    },
  };
}

/** The newest first. */
function postgresFolders(root) {
  const versions = join(root, 'usr/lib/postgresql');
  const byVersion = (a, b) => b.localeCompare(a, 'en', { numeric: true });
  return entriesOf(versions)
    .sort(byVersion)
    .map((version) => join(versions, version, 'bin'));
}

/** What has been unpacked finds the libraries that came with it. */
function libraries(root) {
  if (root === '/') return {};
  const folder = join(root, 'usr/lib');
  const triplets = entriesOf(folder).filter((name) => name.endsWith('-linux-gnu'));
  return { LD_LIBRARY_PATH: triplets.map((triplet) => join(folder, triplet)).join(':') };
}

function entriesOf(folder) {
  try {
    return readdirSync(folder);
  } catch (error) {
    if (error.code !== 'ENOENT') throw error;
    return [];
  }
}
