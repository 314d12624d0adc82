// Updates the airports' statistics without end, and writes a line for each update that has resolved: worker.mjs LOCATION WAY IN_FLIGHT

import { writeSync } from 'node:fs';
import { groupcommit, groupcommitManyKeys } from '../../examples/flights/contestants.mjs';
import { openDatabase } from '../../examples/flights/database.mjs';
import { addFlight } from '../../examples/flights/statistics.mjs';
import { flightsByAirport } from './flights.mjs';

const [location, way, inFlight] = process.argv.slice(2);
const contestants = {
  'one key': groupcommit(0),
  'one key, a window': groupcommit(5),
  'many keys': groupcommitManyKeys(0),
  'many keys, a window': groupcommitManyKeys(5),
};

const database = await openDatabase(location);
const runner = contestants[way].start(database, () => {});
const airports = Object.entries(await flightsByAirport());

/** Adds the flights of an airport one after the other, from the one that comes after those in the database. */
async function caller([airport, flights]) {
  for (;;) {
    let count = 0;
    await runner.update(airport, (statistics) => {
      addFlight(statistics, flights[statistics.count % flights.length]);
      count = statistics.count;
    });
    // At once, into a pipe: whoever reads it knows of the update whatever becomes of this process.
    writeSync(1, `${airport} ${count}\n`);
  }
}

for (let number = 0; number < Number(inFlight); number++) caller(airports[number % airports.length]);
