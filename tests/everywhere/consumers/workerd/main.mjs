import { Miniflare } from 'miniflare';

const [folder, path] = process.argv.slice(2);
const miniflare = new Miniflare({
  modules: true,
  modulesRules: [
    { type: 'ESModule', include: ['**/*.js'] },
    { type: 'CompiledWasm', include: ['**/*.wasm'] },
  ],
  rootPath: folder,
  scriptPath: 'worker.js',
  compatibilityDate: '2026-03-01',
  // Asynchronous contexts need it.
  compatibilityFlags: ['nodejs_compat'],
  durableObjects: { ACCOUNTS: 'Account' },
});
const response = await miniflare.dispatchFetch(`http://localhost${path}`);
console.log(await response.text());
await miniflare.dispose();
