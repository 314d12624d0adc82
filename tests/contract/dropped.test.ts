import { describe, expect, test } from 'vitest';
import { inChild, leftAfterCollection } from './support.js';

describe('A processor that is dropped without stop()', () => {
  test('leaks nothing once its batches ended', async () => {
    const { code, stdout, stderr } = await inChild(
      `
          const processors = [], callbacks = [], resources = [], results = [];
          async function oneLife(each) {
            const resource = { each };
            const result = { each };
            const options = { minDuration: each % 2, maxDuration: 2 ** 31 - 1, loadResource: async () => resource, saveResource: async () => {} };
            const accounts = startProcessor(options);
            accounts.subscribeBatchMetrics(() => {});
            await accounts.run('alice', () => result, { signal: new AbortController().signal });
            processors.push(new WeakRef(accounts));
            callbacks.push(new WeakRef(options.loadResource));
            resources.push(new WeakRef(resource));
            results.push(new WeakRef(result));
          }
          for (let each = 0; each < 50; each++) await oneLife(each);
          await left(processors, callbacks, resources, results);
        ${leftAfterCollection}`,
      { flags: ['--expose-gc'] },
    );
    expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: '0,0,0,0\n', stderr: '' });
  });

  test('leaks nothing either where its callbacks and subscribers refer to it', async () => {
    const { code, stdout, stderr } = await inChild(
      `
          const processors = [], callbacks = [];
          async function oneLife() {
            const loadResource = async () => accounts.pending;
            const accounts = startProcessor({ minDuration: 0, loadResource, saveResource: async () => accounts.pending });
            accounts.subscribeBatchMetrics(() => accounts.pending);
            await accounts.run('alice', () => accounts.pending);
            processors.push(new WeakRef(accounts));
            callbacks.push(new WeakRef(loadResource));
          }
          for (let each = 0; each < 50; each++) await oneLife();
          await left(processors, callbacks);
        ${leftAfterCollection}`,
      { flags: ['--expose-gc'] },
    );
    expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: '0,0\n', stderr: '' });
  });

  test('nor does a stopped one', async () => {
    const { code, stdout, stderr } = await inChild(
      `
          const processors = [];
          const { signal } = new AbortController();
          async function oneLife() {
            const accounts = startProcessor({ minDuration: 0, loadResource: async () => accounts.pending });
            accounts.subscribeBatchMetrics(() => accounts.pending, { signal });
            accounts.run('alice', () => {}, { signal });
            await accounts.stop();
            processors.push(new WeakRef(accounts));
          }
          for (let each = 0; each < 50; each++) await oneLife();
          await left(processors);
        ${leftAfterCollection}`,
      { flags: ['--expose-gc'] },
    );
    expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: '0\n', stderr: '' });
  });

  test('and still finishes a batch that was pending when it was dropped', async () => {
    const { code, stdout } = await inChild(
      `
          function drop() {
            const accounts = startProcessor({ minDuration: 100, loadResource: () => ({}), saveResource: () => print('saved') });
            accounts.run('alice', () => {}).then(() => print('settled'));
          }
          drop();
          for (let round = 0; round < 5; round++) {
            gc();
            await new Promise((resolve) => setTimeout(resolve, 5));
          }
        `,
      { flags: ['--expose-gc'] },
    );
    expect({ code, stdout }).toEqual({ code: 0, stdout: 'saved\nsettled\n' });
  });

  test('lets an idle Node process exit by itself although maxDuration is far', async () => {
    const { code, stdout, stderr } = await inChild(`
        const accounts = startProcessor({ minDuration: 5, maxDuration: 2 ** 31 - 1, loadResource: (key, { signal }) => (signal.aborted, {}) });
        await accounts.run('alice', () => {});
        await Promise.allSettled([accounts.run('alice', () => { throw new Error() }), accounts.read('bob', () => {})]);
        startProcessor();
        accounts.batchMetrics().next();
        accounts.subscribeBatchMetrics(() => {});
        print('idle');
      `);
    expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: 'idle\n', stderr: '' });
  });

  test('lets it exit although a window was closed long before its time', async () => {
    const { code, stdout, stderr } = await inChild(`
        const accounts = startProcessor({ minDuration: 2 ** 31 - 1, maxOperations: 2, loadResource: async (key) => { if (key === 'bad') throw new Error() } });
        const runs = [accounts.run('alice', () => {}), accounts.run('bad', () => {}), accounts.run('full', () => {}), accounts.run('full', () => {})];
        await accounts.flush('alice');
        await Promise.allSettled(runs);
        print('idle');
      `);
    expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: 'idle\n', stderr: '' });
  });

  test('keeps a Node process alive while a batch is pending: its window is open', async () => {
    const { code, stdout } = await inChild(`
        const accounts = startProcessor({ minDuration: 150 });
        accounts.run('alice', () => {}).then(() => print('settled'));
      `);
    expect({ code, stdout }).toEqual({ code: 0, stdout: 'settled\n' });
  });

  test('keeps a Node process alive while a batch is pending: it hangs until its signal aborts', async () => {
    const { code, stdout } = await inChild(`
        const accounts = startProcessor({
          minDuration: 5,
          maxDuration: 150,
          loadResource: (key, { signal }) => new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason))),
        });
        accounts.run('alice', () => {}).catch((error) => print(error.code + ' ' + error.cause.name));
      `);
    expect({ code, stdout }).toEqual({ code: 0, stdout: 'ERR_LOAD_FAILED TimeoutError\n' });
  });
});
