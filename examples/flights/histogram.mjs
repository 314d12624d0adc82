import pc from 'picocolors';
import { whole } from './format.mjs';

/** Upper bounds, inclusive: 1, 2, 4, 8, … */
export const powersOfTwo = Array.from({ length: 31 }, (_, exponent) => 2 ** exponent);

/** Upper bounds, inclusive: 1, 2, 5, 10, 20, 50, … */
export const oneTwoFive = Array.from({ length: 7 }, (_, power) =>
  [1, 2, 5].map((digit) => digit * 10 ** power),
).flat();

/**
 * Draws sets of values side by side over the same buckets, from the lowest to the highest that holds anything.
 * A bar is the share of the set's values that fall into the bucket.
 */
export function histogram({ sets, bounds, bucketName, width }) {
  const shares = sets.map(({ values }) => sharesOfBuckets(values, bounds));
  const used = bounds.map((_, bucket) => shares.some((share) => share[bucket] > 0));
  const [first, last] = [used.indexOf(true), used.lastIndexOf(true)];

  const names = bounds.map((bound, bucket) => bucketName(bounds[bucket - 1] ?? 0, bound));
  const nameWidth = Math.max(...names.slice(first, last + 1).map((name) => name.length));
  const columnWidth = Math.max(Math.floor((width - nameWidth) / sets.length) - 2, 16);

  const headings = sets.map(({ heading }) => pc.dim(heading.padEnd(columnWidth)));
  const bars = names.map((name, bucket) => [name, ...shares.map((share) => bar(share[bucket], columnWidth))]);
  return [['', ...headings], ...bars.slice(first, last + 1)]
    .map(([name, ...cells]) => [name.padStart(nameWidth), ...cells].join('  '))
    .join('\n');
}

function sharesOfBuckets(values, bounds) {
  const counts = bounds.map(() => 0);
  for (const value of values) counts[bounds.findIndex((bound) => value <= bound)] += 1;
  return counts.map((count) => count / values.length);
}

const eighths = ['', '▏', '▎', '▍', '▌', '▋', '▊', '▉'];

function bar(share, width) {
  if (share === 0) return ' '.repeat(width);
  const percentage = share < 0.005 ? ' <1 %' : ` ${whole(share * 100)} %`;
  const length = Math.ceil(share * (width - ' 100 %'.length) * 8);
  const blocks = '█'.repeat(Math.floor(length / 8)) + eighths[length % 8];
  return pc.cyan(blocks) + percentage + ' '.repeat(width - blocks.length - percentage.length);
}
