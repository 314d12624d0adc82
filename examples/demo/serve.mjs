// `npm run demo` serves the demo to this machine, until it is interrupted.

import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import pc from 'picocolors';
import { createServer } from 'vite';

const help = `npm run demo -- [OPTIONS]

  --port NUMBER   where to serve (default: 5173, or the next one that is free)
  --help`;

export function serve({ port = 5173 } = {}) {
  return createServer({
    root: fileURLToPath(new URL('.', import.meta.url)),
    configFile: false,
    logLevel: 'warn',
    clearScreen: false,
    // Everything that is imported is an ES module already.
    optimizeDeps: { noDiscovery: true },
    cacheDir: '../../node_modules/.vite-demo',
    server: { port, fs: { allow: ['../..'] } },
  }).then((server) => server.listen());
}

async function main() {
  const { values } = parseArgs({ options: { port: { type: 'string' }, help: { type: 'boolean' } } });
  if (values.help) return console.log(help);
  const port = values.port === undefined ? undefined : Number(values.port);
  if (port !== undefined && !(Number.isInteger(port) && port > 0 && port < 65_536)) {
    throw new RangeError(`--port must be from 1 to 65535, not '${values.port}'`);
  }
  const server = await serve({ port });
  console.log(
    `\n  The demo is at ${pc.bold(pc.cyan(server.resolvedUrls?.local[0]))}\n  ${pc.dim('Ctrl+C ends it.')}\n`,
  );
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  main().catch((error) => {
    console.error(`${error.message}\n\n${help}`);
    process.exitCode = 2;
  });
}
