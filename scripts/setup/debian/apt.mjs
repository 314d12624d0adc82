// Debian's packages, by apt-get: as root, or by a sudo that asks for no password.

import { readFileSync } from 'node:fs';
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { locked } from '../cache.mjs';
import { explained, SetupError } from '../failure.mjs';
import { step } from '../progress.mjs';
import { CommandError, run, which } from '../run.mjs';

export const isDebian =
  which('apt-get') !== undefined && /^ID=debian$/m.test(readFileSync('/etc/os-release', 'utf8'));

// Never at the cost of a package that is there already; and an archive that does not answer is given up soon.
const install = ['install', '--yes', '--no-remove', '--no-install-recommends'];
const patience = '-o Acquire::Retries=1 -o Acquire::http::Timeout=20 -o DPkg::Lock::Timeout=120'.split(' ');

/**
 * Installs those of the packages that are missing.
 * @param {string[]} packages
 * @param {string} why
 */
export async function aptInstall(packages, why) {
  const versions = await Promise.all(packages.map(installedVersion));
  const missing = packages.filter((_, index) => versions[index] === undefined);
  if (missing.length === 0) return;
  const command = commandFor(missing);
  const becomeRoot = await waysToRoot();
  if (!becomeRoot)
    throw new SetupError(`${why}. Only root can install Debian's ${missing.join(', ')}`, { command });

  const [first, ...rest] = [...becomeRoot, 'env', 'DEBIAN_FRONTEND=noninteractive', 'apt-get', ...patience];
  const aptGet = (args, options) => run(first, [...rest, ...args], options);
  await explained(`${why}, and apt-get could not install ${missing.join(', ')}`, command, () =>
    step(`apt-get install ${missing.join(' ')}`, why, (report) =>
      locked('apt', report, async () => {
        await aptGet(['update'], { report });
        await aptGet([...install, '--download-only', ...missing], { report });
        // Interrupted here, it would leave the system's package database in disorder.
        await aptGet([...install, ...missing], { report, endsOnInterrupt: false });
      }),
    ),
  );
}

/**
 * Unpacks a package into a folder, with those that it needs and the system lacks. Nothing else changes: no service starts, and whoever is
 * not root can do it, too.
 * @param {string} name
 * @param {string} folder
 * @param {(line: string) => void} report
 */
export async function aptExtract(name, folder, report) {
  const aptGet = (...args) => run('apt-get', [...patience, ...args], { cwd: folder, report });
  if (process.getuid?.() === 0) await aptGet('update');
  const files = await aptGet(...install, '--print-uris', name);
  const lacking = [...files.matchAll(/^'[^']+' ([^_\s]+)_\S+\.deb /gm)].map(([, lacking]) => lacking);
  await aptGet('download', ...lacking);
  for (const file of await readdir(folder)) {
    if (!file.endsWith('.deb')) continue;
    await run('dpkg-deb', ['--extract', file, '.'], { cwd: folder, report });
    await rm(join(folder, file));
  }
}

/** @param {string} name @returns {Promise<string | undefined>} */
export async function installedVersion(name) {
  try {
    const status = await run('dpkg-query', ['--status', name]);
    return /^Status: .* installed$[\s\S]*^Version: (.+)$/m.exec(status)?.[1];
  } catch (error) {
    if (error instanceof CommandError) return undefined;
    throw error;
  }
}

async function waysToRoot() {
  if (process.getuid?.() === 0) return [];
  if (!which('sudo')) return undefined;
  return run('sudo', ['--non-interactive', 'true']).then(
    () => ['sudo', '--non-interactive'],
    () => undefined,
  );
}

function commandFor(packages) {
  const command = `apt-get update && apt-get install ${packages.join(' ')}`;
  if (process.getuid?.() === 0) return command;
  return which('sudo') ? `sudo sh -c '${command}'` : `su -c '${command}'`;
}
