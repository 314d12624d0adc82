import { join } from 'node:path';
import { contest } from './contest.mjs';
import { createDatabase, destroyDatabase } from './database.mjs';
import { inFlightName } from './format.mjs';
import { rate, startProgress } from './progress.mjs';
import { differences, statisticsOf } from './proof.mjs';

/**
 * Holds a contest, again (25 times at most) until it took a second in all, each round on a new database that is
 * then compared with what it must hold. The result is the median round by throughput, together with all rounds.
 */
export async function measure({ contestant, inFlight, updates, expected, folder, signal }) {
  const { name } = contestant;
  const location = join(folder, `${inFlightName(inFlight)} ${name}`.replaceAll(' ', '-'));
  const progress = startProgress(
    `${inFlightName(inFlight).padStart(17)}  ${name.padEnd(18)}`,
    updates.length,
    signal,
  );
  const rounds = [];
  let outcome = 'failed';
  try {
    do {
      progress.restart();
      const round = await contestOn(location, {
        contestant,
        inFlight,
        updates,
        signal,
        onSettled: progress.onSettled,
      });
      const isWhole = round.accepted === updates.length;
      const mustHold = isWhole ? expected : statisticsOf(updates.slice(0, round.accepted));
      rounds.push({ ...round, differences: await differences(location, mustHold) });
    } while (!signal.aborted && rounds.length < 25 && (secondsOf(rounds) < 1 || rounds.length % 2 === 0));
    const median = rounds.toSorted((a, b) => a.throughput - b.throughput)[Math.floor(rounds.length / 2)];
    outcome = signal.aborted ? 'stopped' : rate(median.throughput);
    return { name, inFlight, location, rounds, ...median };
  } finally {
    progress.stop(outcome);
  }
}

/** Lets the engine's compilers see each way before anything is measured. */
export async function warmUp({ contestants, updates, folder, signal }) {
  const location = join(folder, 'warm-up');
  for (const contestant of contestants) {
    await contestOn(location, {
      contestant,
      inFlight: Infinity,
      updates: updates.slice(0, 2000),
      signal,
      onSettled() {},
    });
  }
  await destroyDatabase(location);
}

async function contestOn(location, options) {
  const database = await createDatabase(location);
  try {
    return await contest({ ...options, database });
  } finally {
    await database.close();
  }
}

const secondsOf = (rounds) => rounds.reduce((sum, { seconds }) => sum + seconds, 0);
