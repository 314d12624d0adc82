import type { Page } from 'puppeteer-core';
import { describe, expect, test } from 'vitest';
import type { BrowserName, Visitor } from './browser.js';

type Leave = (page: Page) => Promise<unknown>;

/** What docs/pages.md promises, by its own examples: they are served as /recipes/NUMBER.js, in their order. */
export function recipeTests(visitor: () => Visitor, name: BrowserName): void {
  const ways: [string, Leave][] = [
    ['reload', (page) => Promise.all([page.waitForNavigation(), page.evaluate(() => location.reload())])],
    [
      'a link',
      (page) =>
        Promise.all([page.waitForNavigation(), page.evaluate(() => void (location.href = '/elsewhere'))]),
    ],
    ['closing', (page) => page.close()],
  ];
  const tries = 3;

  /** What another page sees: what a process that ends has sent may arrive after it. */
  async function expectSoon<T>(look: (page: Page) => Promise<T>, expected: T): Promise<void> {
    const page = await visitor().open();
    await expect.poll(() => look(page), { timeout: 10_000 }).toEqual(expected);
  }

  describe('Recipes', () => {
    test.each(ways)(
      'A record of 60 KB that was changed in a window is there after %s',
      async (how, leave) => {
        const database = `60 KB, ${how}`;
        for (let key = 0; key < tries; key++) {
          const page = await visitor().open();
          await page.evaluate(
            async (database, key) => {
              const { flushOnHide, indexedDBStore, startProcessor } = groupcommit;
              const store = indexedDBStore<{ text?: string }, number>({
                database,
                store: 'documents',
                initial: () => ({}),
              });
              const documents = startProcessor<{ text?: string }, number>({ ...store, minDuration: 60_000 });
              flushOnHide(documents);
              const text = Array.from({ length: 60_000 }, () => (Math.random() * 10) | 0).join('');
              await new Promise<void>((resolve) => {
                void documents.run(key, (document) => {
                  document.text = text;
                  resolve();
                });
              });
            },
            database,
            key,
          );
          await leave(page);
        }
        const look = (page: Page) =>
          page.evaluate(
            async (database, tries) => {
              const store = groupcommit.indexedDBStore<{ text?: string }, number>({
                database,
                store: 'documents',
                initial: () => ({}),
              });
              const keys = Array.from({ length: tries }, (_, key) => key);
              const documents = await Promise.all(keys.map((key) => load(store, key)));
              return documents.map(({ text = '' }) => text.length);
            },
            database,
            tries,
          );
        await expectSoon(look, Array(tries).fill(60_000));
      },
    );

    test.each(ways)(
      'A whole document that is overwritten in the very moment is there after %s',
      async (how, leave) => {
        for (let i = 0; i < tries; i++) {
          const page = await visitor().open();
          await page.evaluate(async (name) => {
            kept.editor = await importModule('/recipes/1.js');
            await kept.editor.open(name);
          }, `${how} ${i}`);
          const saves = page.evaluate((name) => void kept.editor.save(name, 'Dear reader'), `${how} ${i}`);
          await Promise.all([saves.catch(() => {}), leave(page)]);
        }
        const look = (page: Page) =>
          page.evaluate(
            async (how, tries) => {
              const { open } = await importModule('/recipes/1.js');
              return Promise.all(Array.from({ length: tries }, (_, i) => open(`${how} ${i}`)));
            },
            how,
            tries,
          );
        await expectSoon(look, Array(tries).fill('Dear reader'));
      },
    );

    test('A record of 5 MB in pieces is there after reload', async () => {
      const page = await visitor().open();
      const start = () =>
        page.evaluate(async () => {
          const opening = indexedDB.open('pieces', 1);
          opening.onupgradeneeded = () => opening.result.createObjectStore('books');
          await new Promise((resolve) => (opening.onsuccess = resolve));
          const { piecesStore } = await importModule('/recipes/2.js');
          kept.books = groupcommit.startProcessor<{ text: string }>({
            ...piecesStore(opening.result, 'books', () => ({ text: '' })),
            minDuration: 60_000,
          });
          groupcommit.flushOnHide(kept.books);
        });
      const change = (size: number) =>
        page.evaluate(
          (size) =>
            new Promise<string>((resolve) => {
              const text = Array.from({ length: size }, () => (Math.random() * 10) | 0).join('');
              void kept.books.run('long', (book: { text: string }) => {
                book.text = text;
                resolve(text.slice(-100));
              });
            }),
          size,
        );
      const read = () =>
        page.evaluate(() =>
          kept.books.read('long', ({ text }: { text: string }) => [text.length, text.slice(-100)]),
        );
      for (const size of [5_000_000, 1_000_000]) {
        await start();
        const end = await change(size);
        await page.reload();
        await page.waitForFunction(() => 'groupcommit' in globalThis);
        await start();
        expect(await read()).toEqual([size, end]);
        await page.reload();
        await page.waitForFunction(() => 'groupcommit' in globalThis);
      }
    });

    test('Where storage is blocked, records are kept in memory, and the app learns it', async () => {
      const page = await visitor().open(`${visitor().site.origin}/sandboxed`);
      const outcome = async (inFrame: Page['evaluate']) =>
        inFrame(async () => {
          const { startLasting } = await importModule('/recipes/3.js');
          const options = { database: 'lasting', store: 'carts', initial: () => ({ items: [] as string[] }) };
          const { records, lasts } = await startLasting(options);
          const put = (item: string) =>
            records.run('alice', (cart: { items: string[] }) => cart.items.push(item));
          return [lasts, await put('apple'), await put('pear')];
        });
      expect(await outcome(page.evaluate.bind(page))).toEqual([true, 1, 2]);
      const frame = page.frames()[1];
      if (!frame) throw new Error('The page has no frame');
      await frame.waitForFunction(() => 'groupcommit' in globalThis);
      expect(await outcome(frame.evaluate.bind(frame) as Page['evaluate'])).toEqual([false, 1, 2]);
    });

    test('Where no more than 4 KB of WebAssembly may be compiled at once, slim does it in the background', async () => {
      const page = await visitor().newTab();
      await page.goto(`${visitor().site.origin}/bare`);
      const result = await page.evaluate(async () => {
        // As in Chromium before 115, of which no version runs the other tests.
        const { Module, Instance } = WebAssembly;
        const refuse = () => {
          throw new RangeError('disallowed on the main thread, if the buffer size is larger than 4KB');
        };
        WebAssembly.Instance = new Proxy(Instance, { construct: refuse });
        WebAssembly.Module = new Proxy(Module, {
          construct: (target, [bytes]) => (bytes.byteLength > 4096 ? refuse() : new target(bytes)),
        });
        const { startProcessor } = await importModule('/dist/esm/index.js');
        let refused = '';
        try {
          startProcessor();
        } catch (error) {
          refused = `${error}`;
        }
        const { counters } = await importModule('/recipes/4.js');
        const { initializeAsync } = await importModule('/dist/esm/slim.js');
        const first = await counters.update('alice', (count: number) => count + 1);
        // What is there already stays.
        await initializeAsync(await (await fetch('/engine.wasm')).arrayBuffer());
        return { refused, counts: [first, await counters.update('alice', (count: number) => count + 2)] };
      });
      console.log(`${name}: ${result.refused}`);
      expect(result).toEqual({ refused: expect.stringMatching(/^RangeError: .*4KB/), counts: [1, 2] });
    });
  });
}
