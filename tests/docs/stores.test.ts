import { readFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { transform } from 'esbuild';
import * as groupcommit from 'groupcommit';
import { type ProcessorOptions, startProcessor } from 'groupcommit';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';

// The store of docs/stores.md, as it is written there, with a server that gives ETags.

interface List {
  items: string[];
}

const page = await readFile(fileURLToPath(new URL('../../docs/stores.md', import.meta.url)), 'utf8');
const [, block] = page.match(/^```ts\n([\s\S]*?)^```$/m) as unknown as [string, string];
const { code } = await transform(block, { loader: 'ts', format: 'cjs' });
const module = { exports: {} as { httpStore: (url: string, initial: List) => ProcessorOptions<List> } };
new Function('module', 'require', code)(module, () => groupcommit);

describe('The store of docs/stores.md', () => {
  let server: Server;
  let url: string;
  let records: Map<string, { tag: number; body: string }>;
  const statuses: number[] = [];
  /** Answers a request after it has done what was asked. */
  let answer: (status: number) => number;

  beforeEach(async () => {
    records = new Map();
    statuses.length = 0;
    answer = (status) => status;
    server = createServer(async (request, response) => {
      let body = '';
      for await (const chunk of request) body += chunk;
      const path = decodeURIComponent(request.url as string);
      const found = records.get(path);
      const end = (status: number, tag?: number, text?: string) => {
        const answered = request.method === 'PUT' ? answer(status) : status;
        if (request.method === 'PUT') statuses.push(answered);
        response.writeHead(answered, tag === undefined ? {} : { etag: `"${tag}"` }).end(text);
      };
      if (request.method === 'GET') return found ? end(200, found.tag, found.body) : end(404);
      const { 'if-match': match, 'if-none-match': none } = request.headers;
      if (found ? match !== `"${found.tag}"` : none !== '*') return end(412);
      const tag = (found?.tag ?? 0) + 1;
      records.set(path, { tag, body });
      end(204, tag);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });

  afterEach(() => {
    server.closeAllConnections();
    return new Promise((resolve) => server.close(resolve));
  });

  const processor = () =>
    startProcessor<List>({
      minDuration: 0,
      retries: 100,
      ...module.exports.httpStore(url, { items: [] }),
    });
  const itemsOf = (key: string): string[] => JSON.parse(records.get(`/${key}`)?.body ?? '{"items":[]}').items;
  const add = (to: ReturnType<typeof processor>, item: string) =>
    to.run('a/b', ({ items }) => items.push(item));

  test('has at most 20 lines', () => {
    expect(block.trimEnd().split('\n').length).toBeLessThanOrEqual(20);
  });

  test('loses no change of three processors that write the same record, which none of them finds at first', async () => {
    const processors = [processor(), processor(), processor()];
    await Promise.all(
      processors.map(async (each, own) => {
        for (let round = 0; round < 5; round++) await add(each, `${own}/${round}`);
      }),
    );
    const expected = [0, 1, 2].flatMap((own) => [0, 1, 2, 3, 4].map((round) => `${own}/${round}`));
    expect(itemsOf('a/b').sort()).toEqual(expected);
    expect(statuses).toContain(412);
    expect(statuses.filter((status) => status === 204)).toHaveLength(15);
  });

  test('starts over where the record has been deleted meanwhile', async () => {
    const accounts = processor();
    await add(accounts, 'first');
    let conflicts = 0;
    await accounts.run('a/b', ({ items }) => {
      if (conflicts++ === 0) records.delete('/a/b');
      items.push('second');
    });
    expect(itemsOf('a/b')).toEqual(['second']);
    expect(statuses).toEqual([204, 412, 204]);
  });

  test('does not repeat a save whose outcome is not known', async () => {
    answer = (status) => (status === 204 ? 504 : status);
    const error = await add(processor(), 'once').catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: 'ERR_SAVE_FAILED', cause: { message: 'HTTP 504' } });
    expect(itemsOf('a/b')).toEqual(['once']);
    expect(statuses).toEqual([504]);
  });
});
