/** What is kept of one airport. Delays are minutes, distances miles. */
export const emptyStatistics = () => ({ count: 0, mean: 0, squares: 0, worst: null, distance: 0 });

/**
 * Adds a flight in place, by Welford's method: mean and sum of squared deviations are right after every
 * flight, without a second pass and without the cancellation of the textbook formula.
 */
export function addFlight(statistics, { delay, distance }) {
  statistics.count += 1;
  const deviation = delay - statistics.mean;
  statistics.mean += deviation / statistics.count;
  statistics.squares += deviation * (delay - statistics.mean);
  statistics.worst = statistics.worst === null ? delay : Math.max(statistics.worst, delay);
  statistics.distance += distance;
}

/** Of the sample: NaN for fewer than two flights. */
export const standardDeviation = ({ count, squares }) => (count < 2 ? NaN : Math.sqrt(squares / (count - 1)));
