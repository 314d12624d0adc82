// A static server for the pages of one row: an origin of its own, so that no service worker or cache is left from another.

import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { createServer } from 'node:http';
import { extname, join, normalize } from 'node:path';

const types = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.mjs': 'text/javascript',
  '.wasm': 'application/wasm',
  '.json': 'application/json',
};

export async function serve(folder, documentHeaders) {
  const server = createServer(async (request, response) => {
    const { pathname } = new URL(request.url, 'http://localhost');
    const file = join(folder, normalize(pathname.endsWith('/') ? `${pathname}index.html` : pathname));
    const found = await stat(file).then(
      (stats) => stats.isFile(),
      () => false,
    );
    if (!found) return response.writeHead(404).end();
    const extension = extname(file);
    const headers = { 'content-type': types[extension] ?? 'application/octet-stream' };
    response.writeHead(200, extension === '.html' ? { ...headers, ...documentHeaders } : headers);
    createReadStream(file).pipe(response);
  });
  await new Promise((resolve) => server.listen(0, resolve));
  return {
    url: `http://localhost:${server.address().port}/`,
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}
