import { realpathSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { ensureDatabases } from '../../../scripts/setup.mjs';
import { freePort, startServer } from './server.mjs';

/**
 * Starts a PostgreSQL, with the settings that Debian gives it: what is committed is on the disk.
 * @param {Record<string, string>} [settings]
 */
export async function startPostgres(settings = {}) {
  const { postgres } = await ensureDatabases();
  const bin = dirname(realpathSync(postgres.note));
  const server = await startServer('postgres');
  try {
    const data = join(server.folder, 'data');
    const initdb = ['--no-sync', '--auth=trust', '--username=postgres', '--encoding=UTF8', '--locale=C'];
    server.run(join(bin, 'initdb'), [...initdb, '-D', data], postgres.env);
    const port = await freePort();
    const all = {
      listen_addresses: '127.0.0.1',
      port: `${port}`,
      unix_socket_directories: server.folder,
      ...settings,
    };
    const args = Object.entries(all).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
    const ready = { isReady: /database system is ready to accept connections/, env: postgres.env };
    const start = () => server.start(join(bin, 'postgres'), ['-D', data, ...args], ready);
    await start();
    return {
      /** What `pg` and `postgres` take. */
      connection: { host: '127.0.0.1', port, user: 'postgres', database: 'postgres' },
      start,
      kill: () => server.kill(),
      /** At once for its clients, but in good order. */
      stop: () => server.stop('SIGINT'),
    };
  } catch (error) {
    await server.stop();
    throw error;
  }
}
