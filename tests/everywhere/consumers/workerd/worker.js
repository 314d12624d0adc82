import { DurableObject } from 'cloudflare:workers';
import { startProcessor } from 'groupcommit';
import { check, checkContexts } from './check.mjs';

/** Its requests share a processor, as those of a plain Worker cannot: there a promise belongs to one request. */
export class Account extends DurableObject {
  loads = 0;
  accounts = startProcessor({
    loadResource: async (key) => {
      this.loads++;
      return (await this.ctx.storage.get(key)) ?? { balance: 0 };
    },
    saveResource: (key, account) => this.ctx.storage.put(key, account),
  });

  async deposit(amount) {
    const balance = await this.accounts.run('alice', (account) => (account.balance += amount));
    return `${balance} after ${this.loads}`;
  }
}

export default {
  async fetch(request, { ACCOUNTS }) {
    if (new URL(request.url).pathname !== '/durable-object') return new Response(`${await check()}, ${await checkContexts()}`);
    const alice = ACCOUNTS.get(ACCOUNTS.idFromName('alice'));
    const balances = await Promise.all([1, 20, 300].map((amount) => alice.deposit(amount)));
    return new Response([...balances, await alice.deposit(4000)].join(', '));
  },
};
