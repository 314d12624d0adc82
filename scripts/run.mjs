// `node scripts/run.mjs SCRIPT [ARGUMENTS]` sets up, builds, and runs a script of this repository.

import { ensureBuilt } from './build.mjs';
import { runInPlace } from './setup/run.mjs';

await ensureBuilt();
({ exitCode: process.exitCode } = await runInPlace(process.execPath, process.argv.slice(2)));
