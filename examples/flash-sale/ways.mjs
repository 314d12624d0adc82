import { startProcessor } from 'groupcommit';
import { postgresStore } from 'groupcommit/postgres';
import { compareAndSet, forUpdate } from './by-hand.mjs';
import { buy, deposit, SoldOut, TABLE } from './rows.mjs';

// A way turns `buy(item, buyer)` and `deposit(account, amount)` into statements. The promise settles when the change is
// on the server's disk; that of `buy` rejects with SoldOut when nothing is left.

/** All is said in one statement. Most changes of a document cannot be. */
const statementEach = {
  name: 'a statement each',
  start(pool) {
    const BUY = `UPDATE ${TABLE} SET version = version + 1, value = jsonb_build_object(
      'left', (value->>'left')::int - 1, 'buyers', value->'buyers' || to_jsonb($2::text)
    ) WHERE key = $1 AND (value->>'left')::int > 0`;
    const DEPOSIT = `UPDATE ${TABLE} SET version = version + 1, value = jsonb_build_object(
      'balance', (value->>'balance')::int + $2::int
    ) WHERE key = $1`;
    return {
      async buy(item, buyer) {
        const { rowCount } = await pool.query(BUY, [item, buyer]);
        if (rowCount === 0) throw new SoldOut();
      },
      deposit: (account, amount) => pool.query(DEPOSIT, [account, amount]),
    };
  },
};

const forUpdateEach = { name: 'FOR UPDATE each', start: (pool) => selling(forUpdate(pool, TABLE)) };

const compareAndSetEach = {
  name: 'compare-and-set each',
  start: (pool) => selling(compareAndSet(pool, TABLE)),
};

const groupcommit = (routing, minDuration) => ({
  name: `groupcommit ${minDuration} ms, ${routing}`,
  routing,
  window: minDuration,
  start(pool) {
    const records = startProcessor({ ...postgresStore({ client: pool, table: TABLE }), minDuration });
    const way = { conflicts: 0, change: (key, operation) => records.run(key, operation) };
    records.subscribeBatchMetrics(({ attempts }) => {
      way.conflicts += attempts - 1;
    });
    return selling(way);
  },
});

const selling = (way) => ({
  get conflicts() {
    return way.conflicts;
  },
  buy: (item, buyer) => way.change(item, (row) => buy(row, buyer)),
  deposit: (account, amount) => way.change(account, (row) => deposit(row, amount)),
});

/** @param {number[]} windows of groupcommit, in ms */
export const waysWith = (windows) => [
  statementEach,
  forUpdateEach,
  compareAndSetEach,
  ...windows.flatMap((window) => [groupcommit('any process', window), groupcommit('by key', window)]),
];
