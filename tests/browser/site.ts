import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

// GROUPCOMMIT_UNDER_TEST names the folder of another build of the package, to run the same tests against it.
const packageFolder = process.env.GROUPCOMMIT_UNDER_TEST ?? fileURLToPath(new URL('../..', import.meta.url));

/** Serves the built package, and pages that have loaded it. */
export interface Site {
  readonly origin: string;
  /** The same under another name: another site to the browser. */
  readonly otherOrigin: string;
  /** What pages have posted to /notes, also those that do not live any more. */
  readonly notes: string[];
  close(): Promise<void>;
}

const scripts = {
  '/page.js': `
    import * as groupcommit from '/dist/esm/index.js';
    import * as browser from '/dist/esm/browser.js';
    import * as indexeddb from '/dist/esm/indexeddb.js';
    import { increment } from '/increment.js';
    import { load, save } from '/record.js';
    import { exhaust } from '/hostile/stack/exhaust.js';
    import { atRest, watch } from '/hostile/stack/turns.js';
    const ours = { increment, load, save, exhaust, atRest, watch, kept: {} };
    Object.assign(globalThis, { groupcommit: { ...groupcommit, ...browser, ...indexeddb }, ...ours });
  `,
  '/worker.js': `
    import '/page.js';
    onmessage = async ({ data }) => postMessage(await increment(data));
  `,
  '/early.js': `
    import '/page.js';
    const { indexedDBStore, startProcessor } = groupcommit;
    const state = () => (document.prerendering ? 'prerendering' : 'shown');
    const note = (text) => fetch('/notes', { method: 'POST', body: 'early: ' + text });
    const store = indexedDBStore({ database: 'early', store: 'counts', initial: () => 0 });
    const counts = startProcessor({ ...store, minDuration: 0, maxDuration: 500 });
    const run = counts.update('alice', (count) => count + 1);
    await note(state());
    run.then((count) => note('saved ' + count + ', ' + state()), ({ code }) => note(code));
  `,
};

export async function startSite(): Promise<Site> {
  const notes: string[] = [];
  const server = createServer(async (request, response) => {
    const path = new URL(request.url ?? '/', 'http://localhost').pathname;
    if (path === '/notes') {
      for await (const chunk of request.setEncoding('utf8')) notes.push(chunk);
      response.end();
    } else if (path.endsWith('.js')) {
      response.setHeader('content-type', 'text/javascript');
      // A sandboxed frame has an origin of its own.
      response.setHeader('access-control-allow-origin', '*');
      const script = scripts[path as keyof typeof scripts] ?? (await scriptFile(path));
      if (script === undefined) response.writeHead(404);
      response.end(script);
    } else {
      if (path === '/clear') response.setHeader('clear-site-data', '"storage"');
      response.setHeader('content-type', 'text/html');
      const script = `${path}.js` in scripts ? `${path}.js` : '/page.js';
      response.end(`<!doctype html><title>${path}</title><script type="module" src="${script}"></script>`);
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    origin: `http://localhost:${port}`,
    otherOrigin: `http://127.0.0.1:${port}`,
    notes,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function scriptFile(path: string): Promise<string | undefined> {
  return readFile(join(folderOf(path), path), 'utf8').catch(() => undefined);
}

function folderOf(path: string): string {
  if (path.startsWith('/dist/esm/')) return packageFolder;
  // What tests in Node use too.
  return fileURLToPath(new URL(path.startsWith('/hostile/') ? '..' : '.', import.meta.url));
}
