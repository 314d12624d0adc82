import { BatchError, ConflictError, startProcessor } from 'groupcommit';
import { describe, expect, test } from 'vitest';

type Record = { version: number; changes: string[] };

/** A store with a version for each record, that is asked over a network: a save with another version than the record's is refused. */
class VersionedStore {
  readonly #records = new Map<string, Record>();
  conflicts = 0;

  changes(key: string): string[] {
    return this.#records.get(key)?.changes ?? [];
  }

  async load(key: string): Promise<Record> {
    await travel();
    const found = structuredClone(this.#records.get(key) ?? { version: 0, changes: [] });
    await travel();
    return found;
  }

  async save(key: string, { version, changes }: Record): Promise<void> {
    await travel();
    if (version !== (this.#records.get(key)?.version ?? 0)) {
      this.conflicts++;
      await travel();
      throw new ConflictError(`version ${version} is gone`);
    }
    this.#records.set(key, { version: version + 1, changes: [...changes] });
    await travel();
  }
}

/** Takes a few turns of the event loop, not always as many. */
async function travel(): Promise<void> {
  for (let turn = Math.random() * 4; turn > 0; turn--)
    await new Promise<void>((resolve) => setImmediate(resolve));
}

/** A processor of its own, as each process has one, that keeps the versions by the batch. */
function processorOver(store: VersionedStore, options: object, fault?: () => Error | undefined) {
  const versions = new WeakMap<object, number>();
  return startProcessor<string[]>({
    minDuration: 0,
    ...options,
    async loadResource(key, batch) {
      const { version, changes } = await store.load(key);
      versions.set(batch, version);
      return changes;
    },
    async saveResource(key, changes, batch) {
      await store.save(key, { version: versions.get(batch) as number, changes });
      const error = fault?.();
      if (error) throw error;
    },
  });
}

const keys = ['alice', 'bob', 'carol'];

/** So many processors change the same records, each in rounds. Tells what was acknowledged, and why the rest was not. */
async function contest(processors: ReturnType<typeof processorOver>[], rounds: number) {
  const acknowledged: [key: string, change: string][] = [];
  const failures: unknown[] = [];
  await Promise.all(
    processors.map(async (processor, own) => {
      for (let round = 0; round < rounds; round++) {
        const runs = keys.flatMap((key) =>
          [0, 1, 2].map(async (each) => {
            const change = `${own}/${round}/${each}`;
            try {
              await processor.run(key, (changes) => void changes.push(change));
              acknowledged.push([key, change]);
            } catch (error) {
              failures.push(error);
            }
          }),
        );
        await Promise.all(runs);
      }
    }),
  );
  return { acknowledged, failures };
}

describe('Where others write the same records without a lock, a store notices it at the save', () => {
  test.each([2, 4, 8])(
    'no acknowledged change is lost, and none is there twice (%d processors)',
    async (count) => {
      const store = new VersionedStore();
      const processors = Array.from({ length: count }, () => processorOver(store, { retries: 1_000 }));
      const { acknowledged, failures } = await contest(processors, 4);
      expect(failures).toEqual([]);
      expect(acknowledged).toHaveLength(count * 4 * keys.length * 3);
      for (const key of keys) {
        const own = acknowledged.filter(([each]) => each === key).map(([, change]) => change);
        expect([...store.changes(key)].sort()).toEqual(own.sort());
      }
      expect(store.conflicts).toBeGreaterThan(0);
    },
  );

  test('each processor has its changes in the order of its calls', async () => {
    const store = new VersionedStore();
    const processors = [0, 1, 2].map(() => processorOver(store, { retries: 1_000 }));
    await contest(processors, 4);
    for (const key of keys) {
      for (const own of ['0', '1', '2']) {
        const changes = store.changes(key).filter((change) => change.startsWith(`${own}/`));
        expect(changes).toHaveLength(12);
        expect(changes).toEqual([...changes].sort());
      }
    }
  });

  test('what was given up after too many conflicts is not there, all else is', async () => {
    const store = new VersionedStore();
    const processors = Array.from({ length: 8 }, () => processorOver(store, { retries: 1 }));
    const { acknowledged, failures } = await contest(processors, 4);
    expect(failures.length).toBeGreaterThan(0);
    for (const failure of failures) {
      expect(failure).toBeInstanceOf(BatchError);
      expect((failure as BatchError).cause).toBeInstanceOf(ConflictError);
    }
    for (const key of keys) {
      const own = acknowledged.filter(([each]) => each === key).map(([, change]) => change);
      expect([...store.changes(key)].sort()).toEqual(own.sort());
    }
  });

  test('a save whose outcome is not known is never made again: what it saved is there once', async () => {
    const store = new VersionedStore();
    let saves = 0;
    const lostAnswer = () => (++saves % 5 === 0 ? new Error('connection reset') : undefined);
    const processors = [0, 1, 2].map(() => processorOver(store, { retries: 1_000 }, lostAnswer));
    const { acknowledged, failures } = await contest(processors, 4);
    expect(failures.length).toBeGreaterThan(0);
    for (const key of keys) {
      const changes = store.changes(key);
      expect(new Set(changes).size).toBe(changes.length);
      for (const [each, change] of acknowledged) if (each === key) expect(changes).toContain(change);
    }
    const there = keys.reduce((sum, key) => sum + store.changes(key).length, 0);
    expect(there).toBe(acknowledged.length + failures.length);
  });
});
