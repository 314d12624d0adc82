// A Rust compiler with the standard library for wasm32-unknown-unknown.
//
// Best is the compiler that is active anyway, if it has that target or rustup can add it: native and wasm builds then
// share the compiler and target/. Where rustup cannot download, Debian's compiler serves the wasm builds (see
// debian/toolchain.mjs), and only them: just the environment that the set-up returns names it, with target/wasm as its target
// folder. `cargo test`, `cargo clippy` and `cargo fmt`, run without that environment, keep the user's own toolchain
// and target/, so that neither compiler rebuilds what the other built.

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { isDebian } from './debian/apt.mjs';
import { findDebianToolchain, makeDebianToolchain } from './debian/toolchain.mjs';
import { SetupError } from './failure.mjs';
import { step } from './progress.mjs';
import { root } from './root.mjs';
import { CommandError, run, which } from './run.mjs';
import { atLeast } from './versions.mjs';

const target = 'wasm32-unknown-unknown';
const lacking = `the active Rust toolchain lacks ${target}`;
const addTarget = ['target', 'add', target];
const installRust = "curl --proto '=https' --tlsv1.2 -sSf https://sh.rustup.rs | sh";
// Without a network rustup may hang. Where there is another way, it is not waited for long.
const patience = isDebian ? 30_000 : 600_000;

/** @type {import('../setup.mjs').Need} */
export const rust = {
  name: `Rust for ${target}`,

  async find() {
    const compiler = await activeCompiler();
    if (hasTarget(compiler.sysroot)) return { note: `rustc ${compiler.version} in ${compiler.sysroot}` };
    return findDebianToolchain();
  },

  async bring() {
    const { sysroot, version } = await activeCompiler();
    const failure = isOfRustup(sysroot) ? await tryRustup() : undefined;
    if (hasTarget(sysroot)) return { note: `rustc ${version} in ${sysroot}` };
    if (isDebian) return makeDebianToolchain(lacking);
    const command = isOfRustup(sysroot) ? `rustup ${addTarget.join(' ')}` : installRust;
    throw new SetupError(lacking, { cause: failure, command });
  },
};

/** Resolves to what went wrong, if anything did: there may be another way. */
async function tryRustup() {
  try {
    await step(`rustup ${addTarget.join(' ')}`, 'the active toolchain lacks it', (report) =>
      run('rustup', addTarget, { cwd: root, limit: patience, report }),
    );
  } catch (error) {
    if (error instanceof CommandError) return error;
    throw error;
  }
}

async function activeCompiler() {
  const rustc = process.env.RUSTC || which('rustc');
  if (!rustc || !which('cargo')) {
    const installed = existsSync(join(homedir(), '.cargo', 'bin', 'cargo'));
    throw new SetupError('Rust (cargo and rustc) is not on the PATH', {
      command: installed ? '. "$HOME/.cargo/env"' : installRust,
    });
  }
  const ask = (...args) => run(rustc, args, { cwd: root });
  try {
    const [sysroot, about] = await Promise.all([ask('--print', 'sysroot'), ask('--version')]);
    return newEnough({ sysroot: sysroot.trim(), version: /\d+\.\d+\.\d+/.exec(about)[0] });
  } catch (cause) {
    if (!(cause instanceof CommandError)) throw cause;
    throw new SetupError('Rust is there but does not start', { cause, command: 'rustup default stable' });
  }
}

function newEnough(compiler) {
  const [, needed] = /^rust-version = "(.+)"/m.exec(readFileSync(join(root, 'Cargo.toml'), 'utf8')) ?? [];
  if (!needed || atLeast(compiler.version, needed)) return compiler;
  const command = isOfRustup(compiler.sysroot) ? 'rustup update stable' : installRust;
  throw new SetupError(`rustc ${compiler.version} in ${compiler.sysroot} is too old: ${needed} is needed`, {
    command,
  });
}

const rustlib = (sysroot, ...names) => join(sysroot, 'lib', 'rustlib', ...names);

const isOfRustup = (sysroot) => existsSync(rustlib(sysroot, 'multirust-channel-manifest.toml'));

/** @param {string} sysroot */
export function hasTarget(sysroot) {
  // rustup moves the library's files first and then writes the manifest: without it, it was stopped halfway.
  if (isOfRustup(sysroot)) return existsSync(rustlib(sysroot, `manifest-rust-std-${target}`));
  const library = rustlib(sysroot, target, 'lib');
  return existsSync(library) && readdirSync(library).some((name) => /^libstd-.*\.rlib$/.test(name));
}
