import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { type Ended, Place, repository } from './place.js';

let place: Place;
afterEach(() => place?.remove());

/** One message for a person: the cause, and the command that helps. */
function expectRefusal({ code, output }: Ended, cause: RegExp, command: string): void {
  expect(output).toMatch(cause);
  expect(output).toContain(`This helps:\n    ${command}\n`);
  expect(output).not.toMatch(/^\s+at /m);
  expect(code).toBe(1);
}

/** A Node that says that it is of this version. */
const nodeOf = (version: string) => [
  '--import',
  `data:text/javascript,Object.defineProperty(process.versions,'node',{value:'${version}'})`,
];

describe('refused at the start, in one message that names the cause and the command that helps, is', () => {
  test.each(['18.20.8', '20.9.0', '20.18.3'])('Node %s', async (version) => {
    place = await Place.make();
    const refused = await place.run([...nodeOf(version), 'scripts/setup.mjs'], {
      npm_lifecycle_event: 'start',
    });
    expectRefusal(
      refused,
      new RegExp(`^set-up: Node ${version} is too old: 20.19 is needed`),
      'npx --yes --package node@22 npm run start',
    );
    expect(await place.calls('')).toEqual([]);
    expect((await place.run([...nodeOf('20.19.0'), 'scripts/setup.mjs'])).code).toBe(0);
  });

  test.each(['#', '%', ':', '?'])('a path with a %s in it', async (character) => {
    place = await Place.make(`a${character}b${character}/clone`);
    const refused = await place.run(['scripts/setup.mjs']);
    const [from, to] = [`a${character}b${character}`, 'a-b-'].map((name) => join(place.folder, name));
    expectRefusal(refused, /which not all tools can read/, `mv '${from}' '${to}'`);
    expect(await place.calls('')).toEqual([]);
  });

  test('a toolchain that is not there, wherever it is named', async () => {
    place = await Place.make();
    await place.tool('rustc', `echo "error: toolchain 'nope' is not installed" >&2; exit 1`);
    await place.tool('rustup', 'echo stable-this-machine; echo nightly-this-machine');
    const refused = await place.run(['scripts/setup.mjs']);
    expectRefusal(
      refused,
      /Rust is there but does not start\n.*\n {2}\| error: toolchain 'nope' is not installed/,
      'export RUSTUP_TOOLCHAIN=stable-this-machine',
    );
    await place.tool('rustup', 'echo no installed toolchains');
    expectRefusal(await place.run(['scripts/setup.mjs']), /toolchain 'nope'/, 'rustup default stable');
    expectRefusal(await place.run(['scripts/setup.mjs'], { RUSTC: '/no/rustc' }), /no\/rustc/, 'unset RUSTC');
  });

  test('a cache that cannot be written', async () => {
    place = await Place.make();
    await writeFile(join(place.folder, 'file'), '');
    const refused = await place.run(['scripts/setup.mjs'], {
      GROUPCOMMIT_CACHE: join(place.folder, 'file/cache'),
    });
    expectRefusal(
      refused,
      /the folder for the tools, .*file\/cache.*, cannot be written\n.*ENOTDIR/,
      elsewhere(),
    );
  });

  test.each([
    [
      'offline',
      'error: failed to download from `https://registry/`',
      'cargo install wasm-pack --version 0.15.1 --locked',
    ],
    ['a full disk', 'error: No space left on device (os error 28)', elsewhere()],
    ['a home that cannot be written', 'error: Read-only file system (os error 30)', elsewhere()],
    [
      'no folder for temporary files',
      'note: Cannot create temporary file in /tmp/: Read-only file system',
      'export TMPDIR=/var/tmp',
    ],
    ['no C compiler', 'error: linker `cc` not found', 'apt-get install gcc libc6-dev'],
    [
      'no RUSTC_WRAPPER',
      'could not execute process `/no/wrapper /bin/rustc -vV` (never executed)',
      'export RUSTC_WRAPPER=',
    ],
  ])('a tool that cannot be compiled: %s', async (_, error, command) => {
    place = await Place.make();
    await place.tool('cargo', `echo '${error}' >&2; exit 101`);
    expectRefusal(await place.run(['scripts/setup.mjs']), /wasm-pack 0.15.1 could not be compiled/, command);
  });

  test('a home in which npm cannot write', async () => {
    place = await Place.make();
    await place.tool('npm', 'echo "npm error code EROFS"; exit 1');
    expectRefusal(await place.run(['scripts/setup.mjs']), /npm packages could not be installed/, elsewhere());
  });

  test('a build that fails offline, with an empty CARGO_HOME', async () => {
    place = await Place.make();
    await place.run(['scripts/setup.mjs']);
    await place.tool('cargo', 'echo "error: Could not resolve host: registry" >&2; exit 101');
    const { code, output } = await place.run(['scripts/build.mjs']);
    expect(output).toMatch(
      /set-up: the package could not be built\n {2}\| cargo fetch .*\n {2}\| error: Could not resolve/,
    );
    expect(output).not.toMatch(/^\s+at /m);
    expect(code).toBe(1);
  });

  test('a target that rustup cannot add, with what rustup said', async () => {
    place = await Place.make();
    await place.removeTarget();
    await place.tool('rustup', 'echo "error: could not download file" >&2; exit 1');
    expectRefusal(
      await place.run(['scripts/setup.mjs']),
      /lacks wasm32-unknown-unknown.* rustup cannot add it\n.*\n {2}\| error: could not download file/,
      'rustup target add wasm32-unknown-unknown',
    );
  });
});

function elsewhere(): string {
  return 'export GROUPCOMMIT_CACHE=$(mktemp -d); export CARGO_HOME=$GROUPCOMMIT_CACHE/cargo npm_config_cache=$GROUPCOMMIT_CACHE/npm';
}

test.each([
  ['README.md', /Needs Node (\S+) or later, and Rust (\S+) or later/],
  ['CONTRIBUTING.md', /You need Node (\S+) or later and Rust (\S+) or later/],
])('%s names the least Node and Rust versions that are asked for', async (name, sentence) => {
  const [text, manifest, cargo] = await Promise.all(
    [name, 'package.json', 'Cargo.toml'].map((name) => readFile(join(repository, name), 'utf8')),
  );
  const node = JSON.parse(manifest as string).devEngines.runtime.version;
  const [, rust] = /^rust-version = "(.+)"/m.exec(cargo as string) as RegExpExecArray;
  const [, namedNode, namedRust] = sentence.exec(text as string) as RegExpExecArray;
  expect([`>=${namedNode}`, namedRust]).toEqual([node, rust]);
});
