// The examples of docs/durable-objects.md beside what one would write by hand, in workerd.

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startWorker } from '../../../tests/stores/durable-objects/workerd.mjs';
import { table, times, whole } from '../../table.mjs';
import { median } from '../measure.mjs';

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

const CALLS = 300;
const classes = ['StorageByHand', 'StorageOurs', 'R2ByHand', 'R2Ours'];

/** So many calls of one object at once, by an RPC each; the median of the rounds. */
export async function report(rounds) {
  const medians = await measure(rounds);
  const row = (what, kind) => {
    const [byHand, ours] = [medians[`${kind}ByHand`], medians[`${kind}Ours`]];
    return [what, whole(byHand), whole(ours), times(byHand / ours)];
  };
  return table(
    `Durable Objects: ${CALLS} calls of one object at once, ms`,
    ['', 'by hand', 'groupcommit', 'times as fast'],
    [row('its storage: get, put', 'Storage'), row('R2: blockConcurrencyWhile', 'R2')],
  );
}

async function measure(rounds) {
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
    const durations = Object.fromEntries(classes.map((name) => [name, []]));
    for (let round = 0; round <= rounds; round++) {
      for (const contestant of classes) {
        const body = JSON.stringify({ contestant, calls: CALLS });
        const started = performance.now();
        const response = await worker.dispatchFetch('http://localhost', { method: 'POST', body });
        const last = Math.max(...(await response.json()));
        // The first round warms up.
        if (round > 0) durations[contestant].push(performance.now() - started);
        if (last !== CALLS * (round + 1))
          throw new Error(`${contestant} has lost calls: it has counted ${last}`);
      }
    }
    return Object.fromEntries(classes.map((name) => [name, median(durations[name])]));
  } finally {
    await worker.dispose();
    await rm(folder, { recursive: true });
  }
}
