/**
 * Numbers below `count`, of which small ones are much more frequent: YCSB's generator, after Gray et al., Quickly generating
 * billion-record synthetic databases.
 *
 * @param {number} count
 * @param {number} theta 0.99 in YCSB
 */
export function zipfian(count, theta) {
  const zeta = (/** @type {number} */ n) => {
    let sum = 0;
    for (let i = 1; i <= n; i++) sum += i ** -theta;
    return sum;
  };
  const whole = zeta(count);
  const eta = (1 - (2 / count) ** (1 - theta)) / (1 - zeta(2) / whole);
  return () => {
    const random = Math.random();
    if (random * whole < 1) return 0;
    if (random * whole < 1 + 0.5 ** theta) return 1;
    return Math.floor(count * (eta * random - eta + 1) ** (1 / (1 - theta)));
  };
}
