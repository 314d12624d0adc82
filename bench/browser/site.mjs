// A page with a script, bundled, in a real browser.

import { createServer } from 'node:http';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { launch } from 'puppeteer-core';
import { ensureBrowsers } from '../../scripts/setup.mjs';

/**
 * Serves the documents, by path, and the script at any other path, and starts a browser for them.
 *
 * @param {'chromium' | 'firefox'} name
 * @param {URL} script
 * @param {Record<string, string>} documents
 */
export async function startBrowser(name, script, documents) {
  const { [name]: executablePath } = await ensureBrowsers();
  const site = await serve(documents, await bundle(script));
  const isFirefox = name === 'firefox';
  const browser = await launch({
    browser: isFirefox ? 'firefox' : 'chrome',
    executablePath,
    args: isFirefox ? [] : ['--no-sandbox', '--disable-gpu', '--disable-quic'],
  });
  return {
    browser,
    address: site.address,
    async close() {
      await browser.close();
      site.close();
    },
  };
}

/** @param {URL} script */
async function bundle(script) {
  const { outputFiles } = await build({
    entryPoints: [fileURLToPath(script)],
    bundle: true,
    format: 'esm',
    write: false,
  });
  return outputFiles[0]?.text;
}

/**
 * @param {Record<string, string>} documents
 * @param {string | undefined} script
 */
async function serve(documents, script) {
  const server = createServer(({ url = '' }, response) => {
    response.setHeader('content-type', documents[url] ? 'text/html' : 'text/javascript');
    response.end(documents[url] ?? script);
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(undefined)));
  const { port } = /** @type {import('node:net').AddressInfo} */ (server.address());
  return {
    address: `http://localhost:${port}/`,
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}
