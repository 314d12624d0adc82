// What the buyers ask for, in order: the same for every way.

/** Items on sale at a time. When one is sold out, more or less, the next one of its row is. */
const ROWS = 8;
const STOCK = 100;
/** Of each item so many more want one than there are. */
const BUYERS = 125;
const ACCOUNTS = 1_000;

/** @returns {{ requests: { key: string, path: string }[], items: Map<string, number>, accounts: string[] }} */
export function planSale(count) {
  const items = new Map();
  const requests = [];
  let purchases = 0;
  for (let number = 0; number < count; number++) {
    // Every fifth is a deposit.
    if (number % 5 === 4) {
      const key = `account-${(number * 7919) % ACCOUNTS}`;
      requests.push({ key, path: `/accounts/${key}/deposits/${1 + (number % 100)}` });
    } else {
      const row = purchases % ROWS;
      const key = `item-${row}-${Math.floor(purchases / ROWS / BUYERS)}`;
      items.set(key, STOCK);
      requests.push({ key, path: `/items/${key}/buyers/buyer-${number}` });
      purchases++;
    }
  }
  return { requests, items, accounts: Array.from({ length: ACCOUNTS }, (_, number) => `account-${number}`) };
}

/** Which process gets a request: any, or always the same for a key. */
export function route(requests, processes, routing) {
  const queues = Array.from({ length: processes }, () => []);
  for (const request of requests) {
    const to = routing === 'by key' ? hash(request.key) % processes : Math.floor(Math.random() * processes);
    queues[to].push(request);
  }
  return queues;
}

/** FNV-1a. */
function hash(text) {
  let hash = 0x811c9dc5;
  for (const char of text) hash = Math.imul(hash ^ char.codePointAt(0), 0x01000193) >>> 0;
  return hash;
}
