// What all ways keep, in one table: the items of the sale, and the balances of accounts.

/** The table, as groupcommit/postgres has it: every way uses the same. */
export const TABLE = 'sale';

/** An item has what is left of it, and the book: who has bought one. */
export const newItem = (stock) => ({ left: stock, buyers: [] });
export const newAccount = () => ({ balance: 0 });

export class SoldOut extends Error {
  name = 'SoldOut';
}

/** One operation on an item, in place. */
export function buy(item, buyer) {
  if (item.left === 0) throw new SoldOut();
  item.left -= 1;
  item.buyers.push(buyer);
}

/** One operation on an account, in place. */
export function deposit(account, amount) {
  account.balance += amount;
}
