// A consumer project: a copy of one of consumers/ outside of this tree, so that nothing of the tree can be found by walking up,
// with what its lock file says and the packed tarball installed by npm. What does not change is kept between runs.

import { createHash } from 'node:crypto';
import { cp, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { transform } from 'esbuild';
import { run } from '../../scripts/setup/run.mjs';
import { whileServing } from './background.mjs';
import { serve } from './server.mjs';

const here = fileURLToPath(new URL('.', import.meta.url));
const timeLimit = 180_000;
const quiet = {
  NEXT_TELEMETRY_DISABLED: '1',
  WRANGLER_SEND_METRICS: 'false',
  DO_NOT_TRACK: '1',
  NO_COLOR: '1',
  FORCE_COLOR: undefined,
};

export class Consumer {
  #builds = new Map();

  static async prepare(name, cache, tarball) {
    const source = join(here, 'consumers', name);
    const consumer = new Consumer(join(cache, name));
    await consumer.#installDependencies(source);
    await consumer.#copySources(source);
    await rm(join(consumer.folder, 'node_modules', 'groupcommit'), { recursive: true, force: true });
    await consumer.run('npm', 'install', '--no-save', '--no-package-lock', '--prefer-offline', tarball);
    return consumer;
  }

  constructor(folder) {
    this.folder = folder;
  }

  /** Runs a command to its end, and returns the lines that it printed. */
  async run(command, ...args) {
    const lines = [];
    const report = (line) => lines.push(line.trim());
    try {
      await run(command, args, { cwd: this.folder, env: quiet, limit: timeLimit, report });
    } catch (cause) {
      throw new Error([cause.message.split('\n', 1)[0], ...lines].join('\n'), { cause });
    }
    return lines;
  }

  /** Runs a command line of a package that is installed here. */
  exec(line) {
    const [command, ...args] = line.split(' ');
    return this.run(this.path('node_modules', '.bin', command), ...args);
  }

  /** Runs a server of a package that is installed here, to whose command line the port is added. */
  whileServing(line, use) {
    const [command, ...args] = line.split(' ');
    const options = { cwd: this.folder, env: { ...process.env, ...quiet } };
    return whileServing(this.path('node_modules', '.bin', command), args, options, use);
  }

  /** Serves a folder of the project, statically, while `use` uses its URL. */
  async whileServingFiles(folder, headers, use) {
    const server = await serve(this.path(folder), headers);
    return use(server.url).finally(() => server.close());
  }

  /** Builds once for all who need it. */
  once(name, build) {
    if (!this.#builds.has(name)) this.#builds.set(name, build());
    return this.#builds.get(name);
  }

  path(...parts) {
    return join(this.folder, ...parts);
  }

  async version(packageName) {
    return JSON.parse(await readFile(this.path('node_modules', packageName, 'package.json'), 'utf8')).version;
  }

  async #installDependencies(source) {
    const manifest = await readFile(join(source, 'package.json'));
    const lock = await readFile(join(source, 'package-lock.json'));
    const wanted = createHash('sha256').update(manifest).update(lock).update(process.version).digest('hex');
    const stamp = this.path('.installed');
    if ((await readFile(stamp, 'utf8').catch(() => '')) === wanted) return;

    await rm(this.folder, { recursive: true, force: true });
    await mkdir(this.folder, { recursive: true });
    await writeFile(this.path('package.json'), manifest);
    await writeFile(this.path('package-lock.json'), lock);
    await this.run('npm', 'ci', '--prefer-offline');
    await writeFile(stamp, wanted);
  }

  /** The project's own files anew, and with them check.ts, also as the JavaScript that somebody would have written. */
  async #copySources(source) {
    const kept = ['node_modules', '.installed'];
    for (const file of await readdir(this.folder)) {
      if (!kept.includes(file)) await rm(this.path(file), { recursive: true });
    }
    await cp(source, this.folder, { recursive: true });

    const check = await readFile(join(here, 'check.ts'), 'utf8');
    const from = (specifier) => check.replace("'groupcommit'", `'${specifier}'`);
    const variants = {
      check,
      'check-slim': from('groupcommit/slim'),
      // Import maps do not hold in workers.
      'check-by-url': from('/node_modules/groupcommit/dist/esm/index.js'),
    };
    for (const [name, text] of Object.entries(variants)) {
      await writeFile(this.path(`${name}.ts`), text);
      for (const [format, extension] of [
        ['esm', 'mjs'],
        ['cjs', 'cjs'],
      ]) {
        const { code } = await transform(text, { loader: 'ts', format, target: 'es2022' });
        await writeFile(this.path(`${name}.${extension}`), code);
      }
    }
  }
}
