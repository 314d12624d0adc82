// The rows of the matrix: each in one consumer project, with the commands that its documentation starts with.

import { readFile } from 'node:fs/promises';
import { browsers } from './browsers.mjs';

/** What check.ts tells when all is well. */
export const line =
  'load alice, save alice 321, load bob, 1 21 321, ERR_OPERATION_CANCELLED, ERR_SAVE_FAILED (disk full), ERR_PROCESSOR_STOPPED';

/** What checkContexts of check.ts tells where there are asynchronous contexts. */
const contexts =
  'load ownA A, load ownB B, load ownC C, load shared A, run ownA A, run ownB B, run ownC C, ' +
  'run shared A, run shared B, run shared C, save ownA A, save ownB B, save ownC C, save shared A';

const lineAndContexts = `${line}, ${contexts}`;

const forbidden =
  "Error: WebAssembly may not be compiled here: 'wasm-unsafe-eval' is missing in script-src of the Content-Security-Policy, " +
  "or the host takes only compiled modules, as 'groupcommit/slim' does";

/**
 * @typedef {object} Environment
 * @property {string} consumer the folder in consumers/
 * @property {string} name
 * @property {(consumer: import('./consumer.mjs').Consumer) => Promise<string>} version
 * @property {(consumer: import('./consumer.mjs').Consumer) => Promise<string | string[]>} run returns what was printed
 * @property {string} [expected] the line that must be among it, if it is another one
 */

/** Characters that a bundle of an error class may have: those of the classes and their messages. */
const longestErrors = 3000;

/** @type {Environment[]} */
export const environments = [
  ...[undefined, 'node-22', 'node-24', 'node-26'].flatMap(nodes),
  ...typescript('node16', 'main.ts', 'commonjs.cts'),
  ...typescript('nodenext', 'main.ts', 'commonjs.cts'),
  ...typescript('bundler', 'main.ts'),
  command('bun', 'Bun', 'bun main.ts', lineAndContexts),
  command('deno', 'Deno', 'deno run --check --allow-read main.ts', lineAndContexts),
  command('vitest', 'Vitest', 'vitest run --disable-console-intercept'),
  command('vitest', 'Vitest, jsdom', 'vitest run --disable-console-intercept --environment jsdom'),
  command('jest', 'Jest', 'jest node.test.js'),
  command('jest', 'Jest, jsdom', 'jest jsdom.test.js'),
  workerd('by wrangler and miniflare', '/', lineAndContexts),
  workerd(
    'requests of a Durable Object',
    '/durable-object',
    '1 after 1, 21 after 1, 321 after 1, 4321 after 2',
  ),
  next('server component', (url) => textOf(new URL('server', url))),
  next('edge route', edgeRoute),
  ...browsers.flatMap((browser) => [
    page(browser, 'import map', 'index.html'),
    page(browser, 'import map, slim', 'slim.html'),
    page(browser, 'Worker', 'worker.html'),
    page(browser, 'SharedWorker', 'shared-worker.html'),
    page(browser, 'module Service Worker', 'service-worker.html'),
    strictPage(browser, "CSP with 'wasm-unsafe-eval'", "'wasm-unsafe-eval'", line),
    strictPage(browser, "CSP without 'wasm-unsafe-eval'", '', forbidden),
    bundle(browser, 'Vite', 'dist', 'vite build'),
    viteServer(browser, 'Vite, dev server', ''),
    viteServer(browser, 'Vite, slim', 'slim.html'),
    bundle(browser, 'webpack', 'public', 'webpack ./main.js --mode production --output-path public'),
    bundle(browser, 'webpack, slim', 'slim', 'webpack ./slim.js --mode production --output-path slim'),
    bundle(browser, 'Rollup', 'public', 'rollup main.js --plugin node-resolve --file public/main.js'),
    bundle(browser, 'esbuild', 'public', 'esbuild main.js --bundle --minify --outfile=public/main.js'),
    bundle(browser, 'Parcel', 'dist', 'parcel build index.html --no-cache'),
    next('client component', (url) => browser.titleOf(new URL('client', url)), browser),
  ]),
  treeShaking((entry) => `esbuild ${entry} --bundle --minify --format=esm --outfile=shaken/main.js`),
  treeShaking((entry) => `rollup ${entry} --plugin node-resolve --file shaken/main.js`),
  treeShaking((entry) => `webpack ./${entry} --mode production --output-path shaken`),
];

function nodes(installed) {
  const node = (consumer) =>
    installed ? consumer.path('node_modules', installed, 'bin', 'node') : process.execPath;
  const version = async (consumer) => (await consumer.run(node(consumer), '--version'))[0];
  return ['main.mjs', 'main.cjs', 'slim.mjs', 'slim.cjs'].map((file) => ({
    consumer: 'node',
    name: `Node, ${file.endsWith('.mjs') ? 'import' : 'require'}${file.startsWith('slim') ? ', slim' : ''}`,
    version,
    run: (consumer) => consumer.run(node(consumer), file),
    expected: lineAndContexts,
  }));
}

function typescript(resolution, ...files) {
  const module = resolution === 'bundler' ? 'preserve' : resolution;
  return ['typescript-5', 'typescript-7'].map((installed) => ({
    consumer: 'typescript',
    name: `TypeScript, ${resolution}`,
    version: (consumer) => consumer.version(installed),
    async run(consumer) {
      const tsc = consumer.path('node_modules', installed, 'bin', 'tsc');
      const out = `out-${resolution}-${installed}`;
      const options = `--strict --target es2022 --module ${module} --moduleResolution ${resolution} --outDir ${out}`;
      await consumer.run(process.execPath, tsc, ...options.split(' '), ...files);
      return consumer.run(process.execPath, `${out}/main.js`);
    },
  }));
}

function command(consumer, name, line, expected) {
  return {
    consumer,
    name,
    version: (consumer) => consumer.version(line.split(' ')[0]),
    run: (consumer) => consumer.exec(line),
    expected,
  };
}

function workerd(name, path, expected) {
  return {
    consumer: 'workerd',
    name: `workerd, ${name}`,
    expected,
    version: (consumer) => consumer.version('workerd'),
    async run(consumer) {
      const options =
        '--dry-run --outdir dist --name check --compatibility-date 2026-03-01 --compatibility-flags nodejs_compat';
      await consumer.once('dist', () => consumer.exec(`wrangler deploy worker.js ${options}`));
      return consumer.run(process.execPath, 'main.mjs', 'dist', path);
    },
  };
}

function next(name, visit, browser) {
  return {
    consumer: 'next',
    name: `Next.js, ${name}${browser ? `, ${browser.name}` : ''}`,
    version: (consumer) => withBrowser(consumer, 'next', browser),
    async run(consumer) {
      await consumer.once('.next', () => consumer.exec('next build'));
      return consumer.whileServing('next start -p', (url) => visit(url, consumer));
    },
  };
}

/** `next start` lets the route compile bytes, as Vercel does not. So the build must have found a module to compile. */
async function edgeRoute(url, consumer) {
  const manifest = JSON.parse(
    await readFile(consumer.path('.next', 'server', 'middleware-manifest.json'), 'utf8'),
  );
  const { wasm } = manifest.functions['/edge/route'];
  return wasm.length === 1 ? textOf(new URL('edge', url)) : 'the build has found no WebAssembly module';
}

function page(browser, name, file, headers = {}) {
  return {
    consumer: 'page',
    name: `${browser.name}, ${name}`,
    version: () => browser.version(),
    run: (consumer) => consumer.whileServingFiles('.', headers, (url) => browser.titleOf(url + file)),
  };
}

function strictPage(browser, name, source, expected) {
  const policy = `default-src 'self'; script-src 'self' 'nonce-map' ${source}`;
  return { ...page(browser, name, 'index.html', { 'content-security-policy': policy }), expected };
}

/** What a bundler puts into a folder. */
function bundle(browser, name, folder, line) {
  const [bundler] = line.split(' ');
  return {
    consumer: bundler,
    name: `${name}, ${browser.name}`,
    version: (consumer) => withBrowser(consumer, bundler, browser),
    async run(consumer) {
      await consumer.once(folder, () => consumer.exec(line));
      return consumer.whileServingFiles(folder, {}, (url) => browser.titleOf(url));
    },
  };
}

function viteServer(browser, name, file) {
  return {
    consumer: 'vite',
    name: `${name}, ${browser.name}`,
    version: (consumer) => withBrowser(consumer, 'vite', browser),
    run: (consumer) =>
      consumer.whileServing('vite --strictPort --port', (url) => browser.titleOf(url + file)),
  };
}

/** An import that is not used leaves nothing, and one of an error class leaves the engine out. */
function treeShaking(lineFor) {
  const [bundler] = lineFor('').split(' ');
  return {
    consumer: bundler,
    name: `${bundler}, an import that is not used`,
    version: (consumer) => consumer.version(bundler),
    expected: 'nothing is left',
    async run(consumer) {
      const bundled = async (entry) => {
        await consumer.exec(lineFor(entry));
        return readFile(consumer.path('shaken', 'main.js'), 'utf8');
      };
      const nothing = await bundled('nothing.js');
      const unused = await bundled('unused.js');
      if (unused !== nothing) return `left: ${unused}`;
      const errors = await bundled('errors.js');
      if (errors.length > longestErrors) return `${errors.length} characters are left for an error class`;
      return 'nothing is left';
    },
  };
}

async function withBrowser(consumer, packageName, browser) {
  const version = await consumer.version(packageName);
  return browser ? `${version}, ${await browser.version()}` : version;
}

async function textOf(url) {
  const text = await (await fetch(url)).text();
  return text.match(/<p>(.*?)<\/p>/)?.[1] ?? text;
}
