import Table from 'cli-table3';
import pc from 'picocolors';

/** What is no terminal counts as 80 columns wide. */
export const width = Math.min(Math.max(process.stdout.columns ?? 80, 80), 110);

export const section = (title, remark, ...content) =>
  ['', `${pc.bold(title)}  ${pc.dim(remark)}`, ...content.map(indent)].join('\n');

const indent = (text) => text.replace(/^/gm, '  ').replace(/ +$/gm, '');

const notHorizontal =
  'top-left top-mid top-right left left-mid middle mid-mid right right-mid bottom-left bottom-mid bottom-right';
const onlyHorizontalLines = Object.fromEntries(notHorizontal.split(' ').map((part) => [part, '']));

/** The columns that hold words are named, numbers stand to the right. */
export function table(head, rows, words) {
  const result = new Table({
    head,
    colAligns: head.map((column) => (words.includes(column) ? 'left' : 'right')),
    chars: onlyHorizontalLines,
    style: { head: [], border: [], compact: true },
  });
  result.push(...rows);
  return result.toString();
}
