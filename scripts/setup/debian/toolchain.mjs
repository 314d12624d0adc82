// Debian's own Rust compiler as a wasm32 toolchain. Its archive has no standard library for wasm32-unknown-unknown,
// but that library's source: it is compiled once and put into a sysroot in the cache, beside links to all the rest
// of Debian's. Nothing below /usr changes.

import { copyFile, mkdir, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { cached, cachePath } from '../cache.mjs';
import { explained } from '../failure.mjs';
import { step } from '../progress.mjs';
import { root } from '../root.mjs';
import { run } from '../run.mjs';
import { hasTarget, target } from '../sysroot.mjs';
import { versionOf } from '../versions.mjs';
import { aptInstall, installedVersion, isDebian } from './apt.mjs';

// The compiler for building browsers is newer than `rustc`. lld-22 is what its `rust-lld` links to, without depending
// on it.
const packages = ['rustc-web', 'cargo-web', 'rust-web-src', 'rust-web-llvm', 'lld-22'];
const sysroot = '/usr/lib/rustlib';

/** @returns {Promise<import('../../setup.mjs').Found | undefined>} */
export async function findDebianToolchain() {
  if (!isDebian) return undefined;
  const version = await installedVersion('rustc-web');
  const folder = cachePath(nameFor(version));
  return (await works(folder)) ? found(folder, version) : undefined;
}

/** @param {string} why @returns {Promise<import('../../setup.mjs').Found>} */
export async function makeDebianToolchain(why) {
  await aptInstall(packages, why);
  const version = await installedVersion('rustc-web');
  const command = `rustup target add ${target}`;
  const message = `${why}, and Debian's source of the library does not compile`;
  const folder = await explained(message, command, () =>
    step(`compile the standard library for ${target}`, `once for rustc-web ${version}`, (report) =>
      cached(nameFor(version), { works, fill: (folder) => fill(folder, report) }, report),
    ),
  );
  return found(folder, version);
}

const works = async (folder) =>
  hasTarget(folder) && (await versionOf(join(folder, 'bin', 'rustc'))) !== undefined;

// A library fits only the very build of the compiler that made it.
const nameFor = (version) => `debian-rust-${version}`;

function found(folder, version) {
  const bin = join(folder, 'bin');
  return {
    note: `rustc-web ${version} with the standard library in ${folder}`,
    path: [bin],
    env: {
      RUSTC: join(bin, 'rustc'),
      RUSTDOC: join(bin, 'rustdoc'),
      CARGO: join(bin, 'cargo'),
      CARGO_TARGET_DIR: join(root, 'target', 'wasm'),
    },
  };
}

async function fill(folder, report) {
  const library = join(folder, 'lib', 'rustlib');
  await mkdir(join(library, target, 'lib'), { recursive: true });
  for (const name of await readdir(sysroot)) await symlink(join(sysroot, name), join(library, name));
  await compileStandardLibrary(join(folder, 'build'), join(library, target, 'lib'), report);

  const bin = join(folder, 'bin');
  await mkdir(bin);
  await symlink('/usr/bin/cargo', join(bin, 'cargo'));
  for (const tool of ['rustc', 'rustdoc']) {
    // The folder is still to be renamed, so the script asks where it lies.
    await writeFile(join(bin, tool), `#!/bin/sh\nexec /usr/bin/${tool} --sysroot "\${0%/bin/*}" "$@"\n`, {
      mode: 0o755,
    });
  }
}

/** Compiles an empty crate and keeps what it depends on: that is all that rustup's component would bring. */
async function compileStandardLibrary(crate, destination, report) {
  await mkdir(join(crate, 'src'), { recursive: true });
  await writeFile(join(crate, 'Cargo.toml'), emptyCrate);
  await writeFile(join(crate, 'src', 'lib.rs'), '');
  const parts = 'std,panic_abort,panic_unwind,test'; // `test` is for wasm-pack test
  const config = [
    'source.crates-io.replace-with="debian"',
    `source.debian.directory="${sysroot}/src/rust/library/vendor"`,
  ].flatMap((setting) => ['--config', setting]);
  const env = {
    RUSTC: '/usr/bin/rustc',
    RUSTC_BOOTSTRAP: '1',
    CARGO_ENCODED_RUSTFLAGS: ['-C', 'embed-bitcode=yes'].join('\x1f'), // for crates with `lto = true`
    CARGO_TARGET_DIR: join(crate, 'target'),
  };
  const build = ['build', '--release', '--offline', `-Zbuild-std=${parts}`, '--target', target, ...config];
  await run('/usr/bin/cargo', build, { cwd: crate, env, report });
  const compiled = join(crate, 'target', target, 'release', 'deps');
  for (const name of await readdir(compiled)) {
    if (name.endsWith('.rlib') && !name.startsWith('libempty'))
      await copyFile(join(compiled, name), join(destination, name));
  }
  await rm(crate, { recursive: true });
}

const emptyCrate = `[package]
name = "empty"
version = "0.0.0"
edition = "2021"

[profile.release]
panic = "abort"
`;
