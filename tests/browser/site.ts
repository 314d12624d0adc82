import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { transform } from 'esbuild';

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
  // For tests that use the processor of an example.
  '/started.js': `
    import { startProcessor as start } from '/dist/esm/index.js';
    export const startProcessor = (options) => (kept.started = start(options));
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

const entries = {
  groupcommit: 'index',
  'groupcommit/slim': 'slim',
  'groupcommit/browser': 'browser',
  'groupcommit/indexeddb': 'indexeddb',
};
const imports = Object.fromEntries(
  Object.entries(entries).map(([name, file]) => [name, `/dist/esm/${file}.js`]),
);
const head = `
  <script type="importmap">${JSON.stringify({ imports })}</script>
  <script>globalThis.importModule = (path) => import(path)</script>
`;
/** What a page has, if not just the package. */
const bodies = {
  '/bare': '',
  '/sandboxed':
    '<script type="module" src="/page.js"></script><iframe sandbox="allow-scripts" src="/elsewhere"></iframe>',
};

export async function startSite(): Promise<Site> {
  const notes: string[] = [];
  const server = createServer(async (request, response) => {
    const path = new URL(request.url ?? '/', 'http://localhost').pathname;
    if (path === '/notes') {
      for await (const chunk of request.setEncoding('utf8')) notes.push(chunk);
      response.end();
    } else if (path === '/engine.wasm') {
      response.setHeader('content-type', 'application/wasm');
      response.end(await readFile(join(packageFolder, 'dist', 'engine.wasm')));
    } else if (path.endsWith('.js')) {
      response.setHeader('content-type', 'text/javascript');
      // A sandboxed frame has no origin.
      response.setHeader('access-control-allow-origin', '*');
      const script =
        scripts[path as keyof typeof scripts] ?? (await example(path)) ?? (await scriptFile(path));
      if (script === undefined) response.writeHead(404);
      response.end(script);
    } else {
      if (path === '/clear') response.setHeader('clear-site-data', '"storage"');
      response.setHeader('content-type', 'text/html');
      const script = `${path}.js` in scripts ? `${path}.js` : '/page.js';
      const body = bodies[path as keyof typeof bodies] ?? `<script type="module" src="${script}"></script>`;
      response.end(`<!doctype html><title>${path}</title>${head}${body}`);
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

/** `/recipes/1.js` is the first example of docs/pages.md, and so on; `/readme.js` that of the README for web apps. */
async function example(path: string): Promise<string | undefined> {
  const [, number] = path.match(/^\/recipes\/(\d)\.js$/) ?? [];
  if (number) return exampleIn('docs/pages.md', Number(number));
  if (path !== '/readme.js') return undefined;
  const text = await exampleIn('README.md', 1, '\n## Web apps\n');
  // As esbuild quotes it.
  return text?.replace('"groupcommit"', '"/started.js"');
}

/** The example with this number after the heading. */
async function exampleIn(file: string, number: number, heading = ''): Promise<string | undefined> {
  const text = await readFile(new URL(`../../${file}`, import.meta.url), 'utf8');
  const part = text.slice(text.indexOf(heading));
  const example = part.split(/^```ts\n/m)[number]?.split(/^```$/m)[0];
  return example && (await transform(example, { loader: 'ts', target: 'es2022' })).code;
}

function scriptFile(path: string): Promise<string | undefined> {
  return readFile(join(folderOf(path), path), 'utf8').catch(() => undefined);
}

function folderOf(path: string): string {
  if (path.startsWith('/dist/esm/')) return packageFolder;
  // What tests in Node use too.
  return fileURLToPath(new URL(path.startsWith('/hostile/') ? '..' : '.', import.meta.url));
}
