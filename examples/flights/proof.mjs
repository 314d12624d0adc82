import { readDatabase } from './database.mjs';
import { addFlight, emptyStatistics } from './statistics.mjs';

/** What a database must hold after these updates. */
export function statisticsOf(updates) {
  const airports = new Map();
  for (const { airport, flight } of updates) {
    if (!airports.has(airport)) airports.set(airport, emptyStatistics());
    addFlight(airports.get(airport), flight);
  }
  return airports;
}

/**
 * Every difference between a database and what it must hold, a line each. Numbers must be equal to the last bit. As
 * rounding depends on the order of the flights, that also shows that each airport's updates ran in the order
 * of the calls.
 */
export async function differences(location, expected) {
  const stored = await readDatabase(location);
  const lines = [];
  for (const [airport, statistics] of expected) {
    if (!stored.has(airport)) {
      lines.push(`${airport} is missing`);
      continue;
    }
    const found = stored.get(airport);
    for (const field of new Set([...Object.keys(statistics), ...Object.keys(found)])) {
      if (!Object.is(found[field], statistics[field])) {
        lines.push(`${airport}: ${field} is ${found[field]} instead of ${statistics[field]}`);
      }
    }
  }
  for (const airport of stored.keys()) {
    if (!expected.has(airport)) lines.push(`${airport} should not be there`);
  }
  return lines;
}
