import { readFile } from 'node:fs/promises';

/** The flights of the npm package vega-datasets, by the time of their departure. */
export async function readFlights(count) {
  const file = new URL('../data/flights-20k.json', import.meta.resolve('vega-datasets'));
  return JSON.parse(await readFile(file, 'utf8')).slice(0, count);
}

export const flightsAvailable = 20_000;

/** Each flight updates the airport it leaves and the airport it reaches; each pass goes over all flights again. */
export function updatesOf(flights, passes) {
  const pass = flights.flatMap((flight) => [
    { airport: flight.origin, flight },
    { airport: flight.destination, flight },
  ]);
  return Array.from({ length: passes }, () => pass).flat();
}
