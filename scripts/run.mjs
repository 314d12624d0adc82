// `node scripts/run.mjs SCRIPT [ARGUMENTS]` sets up, builds, and runs a script of this repository.

import { spawn } from 'node:child_process';
import { ensureBuilt } from './build.mjs';

await ensureBuilt();
const child = spawn(process.execPath, process.argv.slice(2), { stdio: 'inherit' });
// A terminal sends Ctrl-C to both: the script decides when it ends. Whoever stops this process by its number means the script.
process.on('SIGINT', () => {});
process.on('SIGTERM', () => child.kill('SIGTERM'));
child.on('exit', (code, signal) => {
  process.exitCode = code ?? (signal === 'SIGINT' ? 130 : 143);
});
