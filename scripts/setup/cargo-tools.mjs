// The command-line tools that come as crates: the user's own where their version fits, else compiled into the cache.

import { existsSync, readFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { cached, cachePath } from './cache.mjs';
import { SetupError } from './failure.mjs';
import { step } from './progress.mjs';
import { root } from './root.mjs';
import { CommandError, run, which } from './run.mjs';
import { atLeast, lockedVersion } from './versions.mjs';

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

/**
 * @param {{ crate: string, version: string, fits: (version: string) => boolean, binaries: string[], options: string[] }} tool
 * @returns {import('../setup.mjs').Need}
 */
function cargoTool({ crate, version, fits, binaries, options }) {
  const name = `${crate} ${version}`;
  const folder = `${crate}-${version}`;
  const install = ['install', crate, '--version', version, ...options];
  const found = (bin) => ({ note: bin, path: [bin] });

  return {
    name,

    async find() {
      const bin = await binOfTheUser(binaries, fits);
      if (bin) return found(bin);
      return existsSync(cachePath(folder)) ? found(join(cachePath(folder), 'bin')) : undefined;
    },

    async bring() {
      try {
        const built = await step(`cargo install ${name}`, 'none that fits is on the PATH', (report) =>
          cached(folder, (growing) => compile(install, growing, report), report),
        );
        return found(join(built, 'bin'));
      } catch (cause) {
        if (!(cause instanceof CommandError)) throw cause;
        const command = /linker `cc` not found/.test(cause.message)
          ? 'apt-get install gcc libc6-dev'
          : `cargo ${install.join(' ')}`;
        throw new SetupError(`${name} could not be compiled`, { cause, command });
      }
    },
  };
}

async function binOfTheUser([first, ...others], fits) {
  const path = which(first);
  if (!path || !others.every((name) => existsSync(join(dirname(path), name)))) return undefined;
  try {
    const [version] = /\d+\.\d+\.\d+/.exec(await run(path, ['--version'])) ?? [];
    return version && fits(version) ? dirname(path) : undefined;
  } catch (error) {
    if (error instanceof CommandError) return undefined;
    throw error;
  }
}

async function compile(install, folder, report) {
  const build = join(folder, 'build');
  // Compiling takes minutes and running the tool a second: so no more optimisation than pays.
  const env = { CARGO_PROFILE_RELEASE_OPT_LEVEL: '1', CARGO_BUILD_TARGET: undefined };
  await run('cargo', [...install, '--root', folder, '--target-dir', build], { env, report });
  await rm(build, { recursive: true });
}
