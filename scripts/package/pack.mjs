// The package as npm would publish it.

import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { run } from '../setup/run.mjs';

/** Packs the package in `root` into `folder`, which holds nothing else, and returns the tarball's path. */
export async function pack(root, folder) {
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  await run('npm', ['pack', '--pack-destination', folder], { cwd: root });
  const [tarball] = await readdir(folder);
  return join(folder, tarball);
}
