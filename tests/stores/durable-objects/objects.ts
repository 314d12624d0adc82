import { afterAll, beforeAll } from 'vitest';
import { startWorker } from './workerd.mjs';

/** The Worker of the tests: it calls the method of an object that it is told, and tells the outcome. */
const entry = `
  export default {
    async fetch(request, { OBJECTS }) {
      const { name, method, args } = await request.json();
      try {
        return Response.json({ value: await OBJECTS.get(OBJECTS.idFromName(name))[method](...args) });
      } catch (error) {
        return Response.json({ error: { name: error.name, message: error.message, code: error.code } });
      }
    },
  };`;

interface Miniflare {
  ready: Promise<URL>;
  dispose(): Promise<void>;
  getR2Bucket(name: string): Promise<Bucket>;
}
export interface Bucket {
  get(key: string): Promise<{ json(): Promise<unknown> } | null>;
  put(key: string, value: string): Promise<unknown>;
}

/** The objects of a class, and a bucket, for the tests of one `describe`. @param source has the class `Tested` */
export function objectsOf(source: string) {
  let worker: Miniflare;
  beforeAll(async () => {
    worker = await startWorker(source + entry, {
      durableObjects: { OBJECTS: { className: 'Tested', useSQLite: true } },
      r2Buckets: ['BUCKET'],
    });
  }, 300_000);
  afterAll(() => worker?.dispose());

  return {
    bucket: () => worker.getR2Bucket('BUCKET'),
    /** A request of its own. */
    async call(name: string, method: string, args: unknown[] = [], signal?: AbortSignal): Promise<unknown> {
      const body = JSON.stringify({ name, method, args });
      const response = await fetch(await worker.ready, { method: 'POST', body, ...(signal && { signal }) });
      const { value, error } = (await response.json()) as { value: unknown; error?: { message: string } };
      if (error) throw Object.assign(new Error(error.message), error);
      return value;
    },
  };
}

export const upTo = (count: number): number[] => Array.from({ length: count }, (_, i) => i + 1);
export const byNumber = (a: unknown, b: unknown): number => Number(a) - Number(b);
