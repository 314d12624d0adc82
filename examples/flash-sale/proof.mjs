import { TABLE } from './rows.mjs';

/** What is wrong with the books after a sale, a line each. Nobody is told yes twice: each buyer asks once. */
export async function differences(pool, items, { bought, deposited }) {
  const { rows } = await pool.query(`SELECT key, value FROM ${TABLE}`);
  const records = new Map(rows.map(({ key, value }) => [key, value]));
  const lines = [];

  for (const [item, stock] of items) {
    const { left, buyers } = records.get(item);
    const toldYes = bought.filter((purchase) => purchase.item === item).map(({ buyer }) => buyer);
    if (left < 0 || left + buyers.length !== stock)
      lines.push(`${item}: ${buyers.length} sold and ${left} left of ${stock}`);
    if (new Set(buyers).size !== buyers.length) lines.push(`${item}: somebody is in the book twice`);
    const book = new Set(buyers);
    for (const buyer of toldYes)
      if (!book.has(buyer)) lines.push(`${item}: ${buyer} was told yes and is not in the book`);
    if (buyers.length !== toldYes.length)
      lines.push(`${item}: ${buyers.length} in the book, ${toldYes.length} told yes`);
  }

  const sums = new Map();
  for (const { account, amount } of deposited) sums.set(account, (sums.get(account) ?? 0) + amount);
  for (const [account, sum] of sums) {
    const { balance } = records.get(account);
    if (balance !== sum) lines.push(`${account}: ${balance} instead of ${sum}`);
  }
  return lines;
}
