// A Rust compiler with the standard library for wasm32-unknown-unknown.
//
// Best is the compiler that is active anyway, if it has that target or rustup can add it: native and wasm builds then
// share the compiler and target/. Where rustup cannot download, Debian's compiler serves the wasm builds (see
// debian/toolchain.mjs), and only them: just the environment that the set-up returns names it, with target/wasm as its
// target folder. `cargo test`, `cargo clippy` and `cargo fmt`, run without that environment, keep the user's own
// toolchain and target/, so that neither compiler rebuilds what the other built.

import { existsSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { locked } from './cache.mjs';
import { isDebian } from './debian/apt.mjs';
import { findDebianToolchain, makeDebianToolchain } from './debian/toolchain.mjs';
import { SetupError } from './failure.mjs';
import { step } from './progress.mjs';
import { root } from './root.mjs';
import { CommandError, run, which } from './run.mjs';
import { hasTarget, isOfRustup, target } from './sysroot.mjs';
import { atLeast } from './versions.mjs';

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
    const { sysroot } = await activeCompiler();
    const failure = isOfRustup(sysroot) ? await failureOfRustup(sysroot) : undefined;
    if (hasTarget(sysroot)) return this.find();
    if (!isOfRustup(sysroot) && !isDebian) throw new SetupError(lacking, { command: installRust });
    const command = `rustup ${addTarget.join(' ')}`;
    if (!isDebian) throw new SetupError(`${lacking}, and rustup cannot add it`, { cause: failure, command });
    try {
      return await makeDebianToolchain(lacking);
    } catch (error) {
      if (!failure || !(error instanceof SetupError)) throw error;
      const message = `${lacking}. rustup cannot add it, and there is no other way: ${error.message}`;
      throw new SetupError(message, { cause: failure, command });
    }
  },
};

/** Adds the target, and resolves to what went wrong, if anything did: there may be another way. */
async function failureOfRustup(sysroot) {
  try {
    await step(`rustup ${addTarget.join(' ')}`, 'the active toolchain lacks it', (report) =>
      locked('rustup', report, async () => {
        if (!hasTarget(sysroot)) await run('rustup', addTarget, { cwd: root, limit: patience, report });
      }),
    );
  } catch (error) {
    if (error instanceof CommandError) return error;
    throw error;
  }
}

/** The name of the platform that the active compiler runs on. */
export const hostOf = async () => (await activeCompiler()).host;

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
    const [sysroot, about] = await Promise.all([ask('--print', 'sysroot'), ask('-vV')]);
    const [, version] = /^rustc (\d+\.\d+\.\d+)/.exec(about) ?? [];
    const [, host] = /^host: (\S+)/m.exec(about) ?? [];
    if (!version || !host) throw new CommandError(`${rustc} -vV`, 'tells no version', [about]);
    return newEnough({ sysroot: sysroot.trim(), version, host });
  } catch (cause) {
    if (!(cause instanceof CommandError)) throw cause;
    throw new SetupError('Rust is there but does not start', { cause, command: await anotherToolchain() });
  }
}

/** RUSTC, RUSTUP_TOOLCHAIN, or a rust-toolchain file in a folder above, may name one that is not there. */
async function anotherToolchain() {
  if (process.env.RUSTC) return 'unset RUSTC';
  const installed = await run('rustup', ['toolchain', 'list']).catch(() => '');
  const [name] = /^stable-\S+/m.exec(installed) ?? /^(?!no )\S+/m.exec(installed) ?? [];
  return name ? `export RUSTUP_TOOLCHAIN=${name}` : 'rustup default stable';
}

function newEnough(compiler) {
  const [, needed] = /^rust-version = "(.+)"/m.exec(readFileSync(join(root, 'Cargo.toml'), 'utf8')) ?? [];
  if (!needed || atLeast(compiler.version, needed)) return compiler;
  const update = 'rustup update stable; export RUSTUP_TOOLCHAIN=stable';
  const command = isOfRustup(compiler.sysroot) ? update : installRust;
  throw new SetupError(`rustc ${compiler.version} in ${compiler.sysroot} is too old: ${needed} is needed`, {
    command,
  });
}
