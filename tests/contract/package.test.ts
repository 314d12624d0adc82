import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { packageFolder, runNode, runProgram } from './support.js';

const use = `
  const accounts = startProcessor({ minDuration: 0, loadResource: async () => ({ balance: 41 }) });
  accounts.run('alice', (account) => ++account.balance).then(async (balance) => {
    const failing = startProcessor({ minDuration: 0, loadResource: () => Promise.reject('disk') });
    const failed = await failing.run('alice', () => {}).catch((error) => error);
    const cancelled = await accounts.run('alice', () => {}, { signal: AbortSignal.abort() }).catch((error) => error);
    await accounts.stop();
    const stopped = await accounts.run('alice', () => {}).catch((error) => error);
    console.log([balance, failed.code, cancelled.code, stopped.code].join(' '));
  });
`;
const used = '42 ERR_LOAD_FAILED ERR_OPERATION_CANCELLED ERR_PROCESSOR_STOPPED\n';

describe('The package', () => {
  let folder: string;
  let tarball: string;
  let contents: string[];

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'groupcommit-'));
    const packed = await runProgram(
      'npm',
      ['pack', '--json', '--ignore-scripts', '--pack-destination', folder],
      {
        cwd: packageFolder,
      },
    );
    const [{ filename, files }] = JSON.parse(packed.stdout);
    tarball = join(folder, filename);
    contents = files.map((file: { path: string }) => file.path);
    writeFileSync(join(folder, 'package.json'), '{ "private": true }');
    // An unreachable registry and an empty cache: nothing but the tarball can be used.
    const install = await runProgram(
      'npm',
      [
        'install',
        '--offline',
        '--no-audit',
        '--no-fund',
        '--cache',
        join(folder, 'cache'),
        '--registry',
        'http://127.0.0.1:9/',
        tarball,
      ],
      { cwd: folder, timeout: 180_000 },
    );
    expect(install.code, install.stderr).toBe(0);
  }, 240_000);

  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  describe('npm pack makes a tarball that, installed in an empty folder,', () => {
    test('brings no other package', () => {
      expect(readdirSync(join(folder, 'node_modules')).filter((name) => !name.startsWith('.'))).toEqual([
        'groupcommit',
      ]);
    });

    test('works by import', async () => {
      const result = await runNode(
        ['--input-type=module', '--eval', `import { startProcessor } from 'groupcommit'; ${use}`],
        { cwd: folder },
      );
      expect(result).toEqual({ code: 0, stdout: used, stderr: '' });
    });

    test('works by require', async () => {
      const result = await runNode(
        ['--input-type=commonjs', '--eval', `const { startProcessor } = require('groupcommit'); ${use}`],
        {
          cwd: folder,
        },
      );
      expect(result).toEqual({ code: 0, stdout: used, stderr: '' });
    });

    test('works by dynamic import from CommonJS', async () => {
      const result = await runNode(
        ['--input-type=commonjs', '--eval', `import('groupcommit').then(({ startProcessor }) => { ${use} })`],
        {
          cwd: folder,
        },
      );
      expect(result).toEqual({ code: 0, stdout: used, stderr: '' });
    });

    test('has the same exports by import and by require', async () => {
      const script = `import * as esm from 'groupcommit'; import { createRequire } from 'node:module';
        const cjs = createRequire(import.meta.url)('groupcommit');
        const names = (exports) => Object.keys(exports).filter((name) => !['default', '__esModule', 'module.exports'].includes(name)).sort().join(' ');
        console.log(names(esm)); console.log(names(cjs));`;
      writeFileSync(join(folder, 'both.mjs'), script);
      const { stdout, stderr } = await runNode(['both.mjs'], { cwd: folder });
      expect(stderr).toBe('');
      const [esm, cjs] = stdout.split('\n');
      expect(esm).toContain('startProcessor');
      expect(cjs).toBe(esm);
    });

    test('gives its errors the same names and codes in two copies of the package', async () => {
      const script = `import * as esm from 'groupcommit'; import { createRequire } from 'node:module';
        const cjs = createRequire(import.meta.url)('groupcommit');
        for (const { startProcessor, ...classes } of [esm, cjs]) {
          const failing = startProcessor({ minDuration: 0, loadResource: () => { throw 1 }, });
          const failingSave = startProcessor({ minDuration: 0, saveResource: () => { throw 1 }, });
          const errors = [
            await failing.run('a', () => {}).catch((error) => error),
            await failingSave.run('a', () => {}).catch((error) => error),
            await failing.run('a', () => {}, { signal: AbortSignal.abort() }).catch((error) => error),
            await failing.stop().then(() => failing.run('a', () => {})).catch((error) => error),
          ];
          console.log(errors.map((error) => error.name + ' ' + error.code + ' ' + (error instanceof classes[error.name]) + ' ' + (error instanceof Error)).join(', '));
        }`;
      writeFileSync(join(folder, 'copies.mjs'), script);
      const { stdout, stderr } = await runNode(['copies.mjs'], { cwd: folder });
      expect(stderr).toBe('');
      const line =
        'BatchError ERR_LOAD_FAILED true true, BatchError ERR_SAVE_FAILED true true, ' +
        'OperationCancelledError ERR_OPERATION_CANCELLED true true, ProcessorStoppedError ERR_PROCESSOR_STOPPED true true';
      expect(stdout).toBe(`${line}\n${line}\n`);
    });

    test('has its types for import and for require', async () => {
      const program = `
        import { startProcessor, BatchError, type Processor, type ProcessorOptions, type BatchMetric } from 'groupcommit';
        const options: ProcessorOptions<{ balance: number }> = { minDuration: 0 };
        const accounts: Processor<{ balance: number }> = startProcessor<{ balance: number }>(options);
        export const balance: Promise<number> = accounts.run('alice', (account) => account.balance);
        accounts.subscribeBatchMetrics((metric: BatchMetric) => metric.operationCount.toFixed());
        // @ts-expect-error a balance is no string
        export const text: Promise<string> = accounts.run('alice', (account) => account.balance);
        export const isBatchError = (error: unknown) => error instanceof BatchError && error.phase === 'load';
      `;
      const files = ['program.mts', 'program.cts'];
      for (const file of files) writeFileSync(join(folder, file), program);
      const compiler = fileURLToPath(new URL('../../node_modules/typescript/bin/tsc', import.meta.url));
      const flags = [
        '--noEmit',
        '--strict',
        '--module',
        'nodenext',
        '--target',
        'es2022',
        '--lib',
        'es2022,esnext.disposable,dom',
      ];
      const { code, stdout } = await runNode([compiler, ...flags, ...files], {
        cwd: folder,
        timeout: 180_000,
      });
      expect({ code, stdout }).toEqual({ code: 0, stdout: '' });
    }, 240_000);

    test('has what package.json names, and package.json itself', () => {
      const installed = join(folder, 'node_modules', 'groupcommit');
      const description = JSON.parse(readFileSync(join(installed, 'package.json'), 'utf8'));
      expect(description.name).toBe('groupcommit');
      for (const kind of ['dependencies', 'optionalDependencies', 'bundleDependencies']) {
        expect(Object.keys(description[kind] ?? {})).toEqual([]);
      }
      // The clients of databases are their users' own.
      const { peerDependencies = {}, peerDependenciesMeta = {} } = description;
      for (const peer of Object.keys(peerDependencies))
        expect(peerDependenciesMeta[peer]?.optional).toBe(true);
      const targets: string[] = [];
      const collect = (entry: unknown) => {
        if (typeof entry === 'string') targets.push(entry);
        else if (entry !== null) for (const each of Object.values(entry as object)) collect(each);
      };
      collect([description.main, description.types, description.exports]);
      expect(targets.length).toBeGreaterThan(3);
      for (const target of targets) expect(contents, target).toContain(target.replace(/^\.\//, ''));
    });

    test('runs where the wasm cannot be fetched and code cannot be made from strings', async () => {
      const script = `globalThis.fetch = undefined; const { startProcessor } = await import('groupcommit'); ${use}`;
      const result = await runNode(
        ['--disallow-code-generation-from-strings', '--input-type=module', '--eval', script],
        { cwd: folder },
      );
      expect(result).toEqual({ code: 0, stdout: used, stderr: '' });
    });
  });

  test('holds no path of the machine that built it', () => {
    const home = fileURLToPath(new URL('../..', import.meta.url)).replace(/\/$/, '');
    const all = execFileSync('tar', ['-xzOf', tarball], { maxBuffer: 2 ** 28 }).toString('latin1');
    expect(all.includes(home)).toBe(false);
    expect(/\/(root|home\/\w+)\/\.(cargo|rustup)/.test(all)).toBe(false);
  });
});
