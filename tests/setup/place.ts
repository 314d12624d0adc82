import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { chmod, cp, mkdir, mkdtemp, readFile, realpath, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const repository = fileURLToPath(new URL('../..', import.meta.url));
const manifest = 'lib/rustlib/manifest-rust-std-wasm32-unknown-unknown';

export interface Ended {
  code: number | null;
  output: string;
}

/**
 * A clone in a folder of its own, with a home, a cache, and a PATH on which the tools are what a test makes them: scripts that are quick,
 * and write down how they were called. By default all of them are there and work.
 */
export class Place {
  readonly root: string;
  readonly env: Record<string, string>;

  private constructor(
    readonly folder: string,
    clone: string,
  ) {
    this.root = join(folder, clone);
    this.env = {
      PATH: join(folder, 'bin'),
      HOME: join(folder, 'home'),
      CARGO_HOME: join(folder, 'cargo'),
      GROUPCOMMIT_CACHE: join(folder, 'cache'),
      CALLS: join(folder, 'calls'),
      SYSROOT: join(folder, 'sysroot'),
    };
  }

  static async make(clone = 'clone'): Promise<Place> {
    const folder = await realpath(await mkdtemp(join(tmpdir(), 'groupcommit-place-')));
    const place = new Place(folder, clone);
    await mkdir(join(folder, 'cargo/registry/src/registry-1'), { recursive: true });
    await mkdir(join(folder, 'sysroot/lib/rustlib'), { recursive: true });
    await writeFile(join(folder, 'sysroot/lib/rustlib/multirust-channel-manifest.toml'), '');
    await writeFile(join(folder, 'sysroot', manifest), '');
    await writeFile(join(folder, 'calls'), '');
    await makeTools(place);
    await place.#clone();
    return place;
  }

  /** Another clone, with the same tools, home and cache. */
  async another(clone: string): Promise<Place> {
    const place = new Place(this.folder, clone);
    await place.#clone();
    return place;
  }

  async #clone(): Promise<void> {
    await mkdir(join(this.root, 'src'), { recursive: true });
    await mkdir(join(this.root, 'js'));
    for (const name of ['scripts', 'package.json', 'Cargo.toml', 'Cargo.lock', 'tsconfig.json'])
      await cp(join(repository, name), join(this.root, name), { recursive: true });
    const packages = { '': {}, 'node_modules/a': { version: '1.0.0' } };
    await writeFile(join(this.root, 'package-lock.json'), JSON.stringify({ packages }));
    await writeFile(join(this.root, 'scripts/package/bundle.mjs'), bundle);
  }

  /** Puts a shell script on the PATH. */
  async tool(name: string, script: string): Promise<void> {
    const path = join(this.folder, 'bin', name);
    await rm(path, { force: true });
    await writeFile(path, `#!/bin/sh\necho "${name} $*" >> "$CALLS"\n${script}\n`);
    await chmod(path, 0o755);
  }

  removeTarget(): Promise<void> {
    return rm(join(this.folder, 'sysroot', manifest));
  }

  /** The calls of tools since the last time, each with its arguments, if they begin so. */
  async calls(beginning: string): Promise<string[]> {
    const text = await readFile(join(this.folder, 'calls'), 'utf8');
    await writeFile(join(this.folder, 'calls'), '');
    return text.split('\n').filter((call) => call !== '' && call.startsWith(beginning));
  }

  /** Starts a script of this clone. */
  start(args: string[], env: Record<string, string> = {}): ChildProcess {
    return spawn(process.execPath, args, { cwd: this.root, env: { ...this.env, ...env } });
  }

  /** Runs a script of this clone to its end. */
  run(args: string[], env: Record<string, string> = {}): Promise<Ended> {
    return ended(this.start(args, env));
  }

  remove(): Promise<void> {
    return rm(this.folder, { recursive: true, force: true });
  }
}

/** How a process ended, and all that it printed. */
export function ended(child: ChildProcess): Promise<Ended> {
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (text) => {
      output += text;
    });
  }
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, output }));
  });
}

const bundle = `
  import { mkdir, writeFile } from 'node:fs/promises';
  import { setTimeout } from 'node:timers/promises';
  export async function bundle(root, dist) {
    await mkdir(dist);
    await setTimeout(Number(process.env.BUNDLE_DELAY ?? 0));
    await writeFile(dist + '/index.js', '');
  }`;

async function makeTools(place: Place): Promise<void> {
  await mkdir(place.env.PATH as string);
  for (const name of ['sh', 'env', 'mkdir', 'sleep', 'cat', 'chmod', 'touch']) {
    const path = execFileSync('sh', ['-c', `command -v ${name}`], { encoding: 'utf8' }).trim();
    await symlink(path, join(place.folder, 'bin', name));
  }
  await symlink(process.execPath, join(place.folder, 'bin', 'node'));
  await place.tool(
    'rustc',
    'if [ "$1" = --print ]; then echo "$SYSROOT"; else echo "rustc 1.99.0"; echo "host: this-machine"; fi',
  );
  await place.tool('rustup', `touch "$SYSROOT/${manifest}"`);
  await place.tool(
    'cargo',
    `[ "$1" = install ] || exit 0
     version=$4
     while [ "$1" != --root ]; do shift; done
     mkdir -p "$2/bin" "$4"
     for tool in wasm-pack wasm-bindgen wasm-bindgen-test-runner; do
       cat > "$2/bin/$tool" <<END
#!/bin/sh
echo "$tool \\$* [\\$RUSTFLAGS|\\$CARGO_BUILD_TARGET|\\$CARGO_ENCODED_RUSTFLAGS|\\$CARGO_INCREMENTAL]" >> "$CALLS"
echo $version
END
       chmod +x "$2/bin/$tool"
     done`,
  );
  await place.tool(
    'npm',
    `mkdir -p node_modules/a
     echo '{}' > node_modules/a/package.json
     echo '{ "packages": { "node_modules/a": { "version": "1.0.0" } } }' > node_modules/.package-lock.json`,
  );
}
