import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A place that is just a folder, for a database that has no server. */
export async function startFolder(name) {
  const folder = await mkdtemp(join(tmpdir(), `groupcommit-${name}-`));
  return { location: { folder }, stop: () => rm(folder, { recursive: true, force: true, maxRetries: 5 }) };
}
