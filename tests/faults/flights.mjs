import { flightsAvailable, readFlights, updatesOf } from '../../examples/flights/flights.mjs';
import { addFlight, emptyStatistics } from '../../examples/flights/statistics.mjs';

/** The flights that update each airport, in order. */
export async function flightsByAirport() {
  const airports = {};
  for (const { airport, flight } of updatesOf(await readFlights(flightsAvailable), 1)) {
    airports[airport] ??= [];
    airports[airport].push(flight);
  }
  return airports;
}

/** What an airport's record must be after so many updates. */
export function statisticsAfter(count, flights) {
  const statistics = emptyStatistics();
  for (let update = 0; update < count; update++) addFlight(statistics, flights[update % flights.length]);
  return statistics;
}
