import { rm } from 'node:fs/promises';
import { groupcommit, groupcommitManyKeys, writePerUpdate } from './contestants.mjs';
import { makeFolder, readDatabase } from './database.mjs';
import { readFlights, updatesOf } from './flights.mjs';
import { exitCode, interruption } from './interruption.mjs';
import { measure, warmUp } from './measure.mjs';
import { help, OptionError, parseOptions } from './options.mjs';
import { statisticsOf } from './proof.mjs';
import { batchHistograms, busiestAirports, introduction, proof, stopped, throughputs } from './report.mjs';

async function main(args) {
  const options = parseOptions(args);
  if (options.help) {
    console.log(help);
    return 0;
  }
  const signal = interruption();
  const folder = await makeFolder(options.database);
  let isFolderKept = options.database !== undefined;
  try {
    const results = await holdContests(options, folder, signal);
    const isNothingLost = results.every(({ rounds }) =>
      rounds.every((round) => round.differences.length === 0),
    );
    isFolderKept ||= !isNothingLost || (signal.aborted && results.length > 0);
    if (isFolderKept) console.log(`\nThe databases are in ${folder}`);
    if (!isNothingLost) return 1;
    return signal.aborted ? exitCode(signal.reason) : 0;
  } finally {
    if (!isFolderKept) await rm(folder, { recursive: true });
  }
}

async function holdContests(options, folder, signal) {
  const flights = await readFlights(options.flights);
  const updates = updatesOf(flights, options.passes);
  const expected = statisticsOf(updates);
  console.log(introduction(flights, updates, expected, folder));

  const ways = (windows) => [
    writePerUpdate,
    ...windows.map(groupcommit),
    ...windows.map(groupcommitManyKeys),
  ];
  const contestants = ways(options.windows);
  await warmUp({ contestants: ways([0]), updates, folder, signal });
  const results = [];
  for (const inFlight of options.inFlight) {
    for (const contestant of contestants) {
      if (signal.aborted) break;
      results.push(await measure({ contestant, inFlight, updates, expected, folder, signal }));
    }
  }

  if (signal.aborted) {
    console.log(stopped(signal.reason, results.at(-1), updates.length));
  } else {
    console.log(busiestAirports(await readDatabase(results[0].location)));
    for (const { name, isBatched } of contestants) {
      if (isBatched) console.log(batchHistograms(name, results));
    }
    console.log(throughputs(results));
  }
  if (results.length > 0) console.log(proof(results));
  return results;
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  if (error instanceof OptionError) {
    console.error(`${error.message}\nAll options: npm start -- --help`);
    process.exitCode = 2;
  } else {
    console.error(error);
    process.exitCode = 1;
  }
}
