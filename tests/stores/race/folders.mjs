import { rmSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A place that is just a folder, for a database that has no server. It is removed also if this process ends before. */
export async function startFolder(name) {
  const folder = await mkdtemp(join(tmpdir(), `groupcommit-${name}-`));
  const remove = () => rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  process.once('exit', remove);
  return {
    location: { folder },
    async stop() {
      process.off('exit', remove);
      remove();
    },
  };
}
