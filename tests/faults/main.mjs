// Kills the main job's work, again and again: see docs/testing.md.

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { optionsOf } from '../../scripts/options.mjs';
import { Kills, randomKill } from './kills.mjs';
import { aboveZero } from './number.mjs';

const usage = 'npm run kills -- [--times N]   200 if nothing else is said';

const { times } = optionsOf({ times: { type: 'string', default: '200' } }, usage, ({ times }) =>
  aboveZero('times', times),
);
const folder = await mkdtemp(join(tmpdir(), 'kills-'));
const kills = await Kills.on(folder);
try {
  while (kills.kills < Number(times)) {
    const kill = randomKill();
    const differences = await kills.kill(kill);
    const progress = `kill ${kills.kills}: ${kill.way}, ${kill.inFlight} in flight, after ${kill.after} ms`;
    console.log(`${progress}; ${kills.acknowledgements} updates acknowledged so far`);
    for (const difference of differences) console.log(`  ${difference}`);
    if (differences.length > 0) {
      process.exitCode = 1;
      break;
    }
  }
  if (process.exitCode !== 1) await rm(folder, { recursive: true });
  console.log(
    process.exitCode === 1
      ? `Something is lost or wrong. The database is in ${folder}`
      : `${kills.kills} kills, ${kills.acknowledgements} acknowledged updates, none of them lost`,
  );
} catch (error) {
  console.error(error, `\nThe database is in ${folder}`);
  process.exitCode = 1;
}
