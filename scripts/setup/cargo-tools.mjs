// The command-line tools that come as crates: the user's own where their version fits, else compiled into the cache.

import { readFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { cached, cachePath } from './cache.mjs';
import { explained } from './failure.mjs';
import { step } from './progress.mjs';
import { root } from './root.mjs';
import { run, which } from './run.mjs';
import { hostOf } from './rust.mjs';
import { atLeast, lockedVersion, versionOf } from './versions.mjs';

export const wasmPack = cargoTool({
  crate: 'wasm-pack',
  version: '0.15.1',
  fits: (version) => atLeast(version, '0.15.1'),
  binaries: ['wasm-pack'],
  options: ['--locked'],
});

// The crate in the wasm and the tool that reads the wasm speak a format that changes with each version.
const wasmBindgenVersion = lockedVersion(readFileSync(join(root, 'Cargo.lock'), 'utf8'), 'wasm-bindgen');

export const wasmBindgen = cargoTool({
  crate: 'wasm-bindgen-cli',
  version: wasmBindgenVersion,
  fits: (version) => version === wasmBindgenVersion,
  binaries: ['wasm-bindgen', 'wasm-bindgen-test-runner'],
  // Not --locked: its lock file names a package that has been yanked, and a registry need not serve that.
  options: ['--no-default-features', '--bin', 'wasm-bindgen', '--bin', 'wasm-bindgen-test-runner'],
});

export const cargoMutants = cargoTool({
  crate: 'cargo-mutants',
  version: '26.0.0',
  fits: (version) => atLeast(version, '26.0.0'),
  binaries: ['cargo-mutants'],
  options: ['--locked'],
  ask: ['mutants', '--version'],
});

/**
 * @param {{ crate: string, version: string, fits: (version: string) => boolean, binaries: string[], options: string[], ask?: string[] }} tool
 * @returns {import('../setup.mjs').Need}
 */
function cargoTool({ crate, version, fits, binaries, options, ask }) {
  const name = `${crate} ${version}`;
  const folder = `${crate}-${version}`;
  const install = ['install', crate, '--version', version, ...options];
  const found = (bin) => ({ note: bin, path: [bin] });

  const works = async (bin) => {
    const versions = await Promise.all(binaries.map((binary) => versionOf(join(bin, binary), { ask })));
    return versions.every((version) => version !== undefined && fits(version));
  };

  return {
    name,

    async find() {
      const ofTheUser = which(binaries[0]);
      const folders = [ofTheUser && dirname(ofTheUser), join(cachePath(folder), 'bin')];
      for (const bin of folders) if (bin && (await works(bin))) return found(bin);
    },

    async bring() {
      const built = await explained(`${name} could not be compiled`, `cargo ${install.join(' ')}`, () =>
        step(`cargo install ${name}`, 'none that works is on the PATH or in the cache', (report) => {
          const fill = (growing) => compile(install, growing, report);
          return cached(folder, { works: (folder) => works(join(folder, 'bin')), fill }, report);
        }),
      );
      return found(join(built, 'bin'));
    },
  };
}

async function compile(install, folder, report) {
  const build = join(folder, 'build');
  // Compiling takes minutes and running the tool a second: so no more optimisation than pays. The user's own flags may be for wasm.
  const env = { CARGO_PROFILE_RELEASE_OPT_LEVEL: '1', CARGO_ENCODED_RUSTFLAGS: '' };
  const options = ['--target', await hostOf(), '--root', folder, '--target-dir', build];
  await run('cargo', [...install, ...options], { env, report });
  await rm(build, { recursive: true });
}
