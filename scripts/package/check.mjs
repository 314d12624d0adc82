// Checks the package as it would be published.

import { mkdtemp, readdir, readFile, realpath, rm, stat } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { homedir, hostname, tmpdir } from 'node:os';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import * as typesWrong from '@arethetypeswrong/core';
import { publint } from 'publint';
import { formatMessage } from 'publint/utils';
import { run } from '../setup/run.mjs';
import { pack } from './pack.mjs';

const budget = 205_000;

const root = process.env.GROUPCOMMIT_UNDER_TEST ?? fileURLToPath(new URL('../..', import.meta.url));
const problems = await packageProblems();
for (const problem of problems) console.error(problem);
console.log(problems.length === 0 ? 'The package is sound.' : `${problems.length} problems`);
process.exitCode = problems.length === 0 ? 0 : 1;

async function packageProblems() {
  const folder = await realpath(await mkdtemp(join(tmpdir(), 'package-check-')));
  try {
    const tarball = await pack(root, join(folder, 'packed'));
    await run('tar', ['-xzf', tarball, '-C', folder]);
    const unpacked = join(folder, 'package');
    const entries = await readdir(unpacked, { recursive: true, withFileTypes: true });
    const files = entries
      .filter((entry) => entry.isFile())
      .map(({ parentPath, name }) => join(parentPath, name));
    return [
      ...(await sizeProblems(tarball)),
      ...(await publintProblems(unpacked)),
      ...(await typeProblems(tarball)),
      ...(await engineProblems(unpacked)),
      ...(await mapProblems(unpacked, files)),
      ...(await pathProblems(unpacked, files)),
    ];
  } finally {
    await rm(folder, { recursive: true });
  }
}

async function sizeProblems(tarball) {
  const { size } = await stat(tarball);
  return size > budget ? [`The tarball has ${size} bytes, and may have ${budget}`] : [];
}

async function publintProblems(unpacked) {
  const { messages, pkg } = await publint({ pkgDir: unpacked, pack: false, strict: true });
  return messages.map((message) => `publint: ${formatMessage(message, pkg, { color: false })}`);
}

/** The moduleResolution node10, which TypeScript has dropped, knows no `exports`: it finds the main entry only. */
async function typeProblems(tarball) {
  const packed = typesWrong.createPackageFromTarballData(new Uint8Array(await readFile(tarball)));
  const { problems } = await typesWrong.checkPackage(packed, { excludeEntrypoints: ['./engine.wasm'] });
  const isDropped = ({ kind, resolutionKind, entrypoint }) =>
    kind === 'NoResolution' && resolutionKind === 'node10' && entrypoint !== '.';
  const left = problems.filter((problem) => !isDropped(problem));
  return left.map((problem) => `arethetypeswrong: ${JSON.stringify(problem)}`);
}

/** The bytes that the entries compile are those of engine.wasm. */
async function engineProblems(unpacked) {
  const engine = await readFile(join(unpacked, 'dist', 'engine.wasm'));
  const entries = {
    'dist/esm/index.js': (path) => import(pathToFileURL(path)),
    'dist/cjs/index.js': (path) => createRequire(path)(path),
  };
  const problems = [];
  for (const [entry, load] of Object.entries(entries)) {
    const compiled = await compiledBy(async () => (await load(join(unpacked, entry))).startProcessor());
    if (!compiled.equals(engine))
      problems.push(`${entry} compiles other bytes than those of dist/engine.wasm`);
  }
  return problems;
}

async function compiledBy(use) {
  const { Module } = WebAssembly;
  let compiled = Buffer.of();
  WebAssembly.Module = class extends Module {
    constructor(bytes) {
      super(bytes);
      compiled = Buffer.from(bytes);
    }
  };
  try {
    await use();
    return compiled;
  } finally {
    WebAssembly.Module = Module;
  }
}

/** What a map leads to is in the package, or in the map itself. */
async function mapProblems(unpacked, files) {
  const problems = [];
  for (const file of files.filter((file) => file.endsWith('.map'))) {
    const { sources, sourcesContent } = JSON.parse(await readFile(file, 'utf8'));
    const missing = sources.filter(
      (source, i) => sourcesContent?.[i] == null && !files.includes(join(dirname(file), source)),
    );
    for (const source of missing)
      problems.push(`${relative(unpacked, file)} leads to ${source}, which is not there`);
  }
  return problems;
}

/** No file names a place of the machine that built it. */
async function pathProblems(unpacked, files) {
  const { CARGO_HOME = '.cargo', RUSTUP_HOME = '.rustup' } = process.env;
  const places = [resolve(root), homedir(), tmpdir(), hostname(), CARGO_HOME, RUSTUP_HOME, 'registry/src/'];
  const problems = [];
  for (const file of files) {
    const text = await readFile(file, 'latin1');
    const found = places.filter((place) => place.length > 3 && text.includes(place));
    for (const place of found) problems.push(`${relative(unpacked, file)} names ${place}`);
  }
  return problems;
}
