/**
 * Draws numbers below `count`, small ones more often, by Zipf's law, as YCSB does (Gray et al., "Quickly generating billion-record synthetic
 * databases").
 * @param {number} count
 * @param {number} theta
 */
export function zipfian(count, theta) {
  const zeta = (/** @type {number} */ n) => {
    let sum = 0;
    for (let i = 1; i <= n; i++) sum += 1 / i ** theta;
    return sum;
  };
  const all = zeta(count);
  const alpha = 1 / (1 - theta);
  const eta = (1 - (2 / count) ** (1 - theta)) / (1 - zeta(2) / all);
  return () => {
    const u = Math.random();
    if (u * all < 1 || count === 1) return 0;
    if (u * all < 1 + 0.5 ** theta) return 1;
    return Math.floor(count * (eta * u - eta + 1) ** alpha);
  };
}
