import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cp, mkdtemp, readdir, readFile, realpath, rm } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Ended, ended, repository } from '../place.js';

export { repository };
export const cargoHome = process.env.CARGO_HOME ?? join(homedir(), '.cargo');
/** npm hands down where it was started, and what it was told. */
const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^npm_/i.test(name)));

/** A new folder that is empty. */
export async function emptyFolder(): Promise<string> {
  return realpath(await mkdtemp(join(tmpdir(), 'groupcommit-real-')));
}

/** What the repository has now, committed or not, in the folder `root`. Its npm packages are there too, unless they are to be installed. */
export async function clone(root: string, { isInstalled = true } = {}): Promise<void> {
  execFileSync('git', ['clone', '--quiet', repository, root]);
  const changed = execFileSync('git', ['ls-files', '-z', '--modified', '--others', '--exclude-standard'], {
    cwd: repository,
    encoding: 'utf8',
  });
  for (const file of changed.split('\0').filter(Boolean)) {
    await rm(join(root, file), { force: true });
    await cp(join(repository, file), join(root, file)).catch((error) => {
      if (error.code !== 'ENOENT') throw error;
    });
  }
  if (isInstalled) execFileSync('cp', ['-R', join(repository, 'node_modules'), root]);
}

export function run(
  root: string,
  command: string,
  args: string[],
  more: Record<string, string> = {},
): Promise<Ended> {
  return ended(
    spawn(command, args, { cwd: root, env: { ...env, ...more }, stdio: ['ignore', 'pipe', 'pipe'] }),
  );
}

/** The hash of each file of the package that is built in `root`. */
export async function built(root: string): Promise<Record<string, string>> {
  const dist = join(root, 'dist');
  const entries = await readdir(dist, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  const hashes = files.sort().map(async (file) => {
    const hash = createHash('sha256')
      .update(await readFile(file))
      .digest('hex');
    return [file.slice(dist.length), hash];
  });
  return Object.fromEntries(await Promise.all(hashes));
}

/** Begins a command that has file systems, and if wanted a network, of its own. Undefined where that needs more rights than there are. */
export function unshare(...flags: string[]): string[] | undefined {
  const user = process.getuid?.() === 0 ? [] : ['--map-root-user'];
  const command = ['unshare', ...user, ...flags];
  return spawnSync(command[0] as string, [...command.slice(1), 'true']).status === 0 ? command : undefined;
}
