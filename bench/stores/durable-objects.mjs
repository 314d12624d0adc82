// The examples of docs/durable-objects.md beside what one would write by hand, in workerd: node bench/stores/durable-objects.mjs

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startWorker } from '../../tests/stores/durable-objects/workerd.mjs';
import { table, times, whole } from '../table.mjs';

const source = `
  import { DurableObject } from 'cloudflare:workers';
  import { Item } from 'example:0';
  import { Counter } from 'example:2';

  export class StorageOurs extends Item {
    call() { return this.buy(); }
  }
  export class StorageByHand extends DurableObject {
    async call() {
      const stock = (await this.ctx.storage.get('stock')) ?? { sold: 0 };
      stock.sold++;
      this.ctx.storage.put('stock', stock); // the output gate waits for it
      return stock.sold;
    }
  }
  export class R2Ours extends Counter {
    call() { return this.visit('ours'); }
  }
  export class R2ByHand extends DurableObject {
    call() {
      return this.ctx.blockConcurrencyWhile(async () => {
        const found = await this.env.BUCKET.get('by hand');
        const page = found ? await found.json() : { visits: 0 };
        page.visits++;
        await this.env.BUCKET.put('by hand', JSON.stringify(page));
        return page.visits;
      });
    }
  }
  export default {
    async fetch(request, env) {
      const { contestant, calls } = await request.json();
      const object = env[contestant].get(env[contestant].idFromName('one'));
      return Response.json(await Promise.all(Array.from({ length: calls }, () => object.call())));
    },
  };`;

const classes = ['StorageByHand', 'StorageOurs', 'R2ByHand', 'R2Ours'];

/**
 * So many calls of one object at once. Resolves to the median of the rounds, in ms, for each contestant.
 * @param {{ calls?: number, rounds?: number }} [options]
 */
export async function measureDurableObjects({ calls = 300, rounds = 9 } = {}) {
  const folder = await mkdtemp(join(tmpdir(), 'groupcommit-workerd-'));
  const worker = await startWorker(source, {
    durableObjects: Object.fromEntries(
      classes.map((className) => [className, { className, useSQLite: true }]),
    ),
    durableObjectsPersist: join(folder, 'objects'),
    r2Buckets: ['BUCKET'],
    r2Persist: join(folder, 'buckets'),
  });
  try {
    /** @type {Record<string, number[]>} */
    const durations = Object.fromEntries(classes.map((name) => [name, []]));
    for (let round = 0; round <= rounds; round++) {
      for (const contestant of classes) {
        const body = JSON.stringify({ contestant, calls });
        const started = performance.now();
        const response = await worker.dispatchFetch('http://localhost', { method: 'POST', body });
        const results = /** @type {number[]} */ (await response.json());
        // The first round warms up.
        if (round > 0) durations[contestant]?.push(performance.now() - started);
        const last = Math.max(...results);
        if (last !== calls * (round + 1))
          throw new Error(`${contestant} has lost calls: it has counted ${last}`);
      }
    }
    return /** @type {Record<string, number>} */ (
      Object.fromEntries(classes.map((name) => [name, median(durations[name] ?? [])]))
    );
  } finally {
    await worker.dispose();
    await rm(folder, { recursive: true });
  }
}

/** @param {Record<string, number>} medians @param {number} calls */
export function reportDurableObjects(medians, calls = 300) {
  const row = (/** @type {string} */ what, /** @type {string} */ kind) => {
    const [byHand, ours] = [medians[`${kind}ByHand`] ?? NaN, medians[`${kind}Ours`] ?? NaN];
    return [what, whole(byHand), whole(ours), times(byHand / ours)];
  };
  const head = ['a Durable Object, ms', 'by hand', 'groupcommit', 'times as fast'];
  return table(`${calls} calls at once`, head, [
    row('storage: get, put', 'Storage'),
    row('R2: blockConcurrencyWhile', 'R2'),
  ]);
}

/** @param {number[]} numbers */
const median = (numbers) => numbers.sort((a, b) => a - b)[numbers.length >> 1];

if (process.argv[1] === fileURLToPath(import.meta.url))
  console.log(reportDurableObjects(await measureDurableObjects()));
