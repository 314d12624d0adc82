import pc from 'picocolors';
import { decimal, whole } from '../flights/format.mjs';
import { section, table } from '../flights/layout.mjs';

export const introduction = ({ requests, connections }) =>
  `${pc.bold('A flash sale')}
${whole(requests)} requests, ${whole(connections)} under way at a time: four of five want one of 8 items on sale, each of which 125
want and 100 get; every fifth is a deposit on one of 1,000 accounts. One PostgreSQL, which writes
synchronously; the service, the database and the buyers share this machine.\n`;

export function figures(results) {
  const rows = results.map(({ processes, name, throughput, p50, p99, conflicts }, place) => [
    processes === results[place - 1]?.processes ? '' : pc.bold(processes),
    name,
    whole(throughput),
    `${decimal(p50)} ms`,
    `${decimal(p99)} ms`,
    conflicts.toFixed(2),
  ]);
  const head = ['processes', 'way', 'requests/s', 'p50', 'p99', 'conflicts'];
  return section('Figures', 'conflicts: a request, on average', table(head, rows, ['way']));
}

/** Whether the books are right, and what is wrong if not. */
export function proof(results) {
  const sales = results.map(({ name, processes, bought, differences, failed }) => ({
    title: `${processes} × ${name}`,
    bought,
    faults: failed > 0 ? [...differences, `${failed} requests failed`] : differences,
  }));
  const wrong = sales.filter(({ faults }) => faults.length > 0);
  const bought = sales.reduce((sum, sale) => sum + sale.bought, 0);
  const verdict =
    wrong.length === 0
      ? `${pc.green('✓')} ${pc.bold('No more was sold than there was.')} All ${whole(bought)} buyers who were told yes are in the book, once,
  nobody else is, and the balances are the sums of the deposits.`
      : `${pc.red('✗')} ${pc.bold(`${wrong.length} of ${sales.length} sales went wrong.`)}`;
  const details = wrong.map(({ title, faults }) =>
    [title, ...faults.slice(0, 5).map((fault) => `  ${fault}`)].join('\n'),
  );
  return section('Proof', 'the table, compared with the answers', verdict, ...details);
}
