// Where a Rust compiler has the standard libraries of its targets.

import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

export const target = 'wasm32-unknown-unknown';

const rustlib = (sysroot, ...names) => join(sysroot, 'lib', 'rustlib', ...names);

/** @param {string} sysroot */
export const isOfRustup = (sysroot) => existsSync(rustlib(sysroot, 'multirust-channel-manifest.toml'));

/** @param {string} sysroot */
export function hasTarget(sysroot) {
  // rustup moves the library's files first and then writes the manifest: without it, it was stopped halfway.
  if (isOfRustup(sysroot)) return existsSync(rustlib(sysroot, `manifest-rust-std-${target}`));
  const library = rustlib(sysroot, target, 'lib');
  return existsSync(library) && readdirSync(library).some((name) => /^libstd-.*\.rlib$/.test(name));
}
