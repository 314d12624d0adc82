import Table from 'cli-table3';
import pc from 'picocolors';

/**
 * @param {string} title
 * @param {string[]} head
 * @param {string[][]} rows
 */
export function table(title, head, rows) {
  if (rows.length === 0) return undefined;
  const table = new Table({
    head,
    colAligns: head.map((_, column) => (column === 0 ? 'left' : 'right')),
    style: { head: [], border: [], compact: true },
  });
  table.push(...rows);
  return `${pc.bold(title)}\n${table}`;
}

export const times = (/** @type {number} */ ratio) => ratio.toFixed(2);
export const megabytes = (/** @type {number} */ bytes) => (bytes / 2 ** 20).toFixed(2);
export const whole = (/** @type {number} */ number) => Math.round(number).toLocaleString('en-US');
