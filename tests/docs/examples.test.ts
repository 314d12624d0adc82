import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { transform } from 'esbuild';
import ts from 'typescript';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { installed } from '../stores/packages/installed.mjs';
import { startPostgres } from '../stores/servers/postgres.mjs';

// Every block of TypeScript in the README, in some of docs/ and in the comments of js/ is a module of its own, which is compiled against the
// built package and run: it may not write to the standard error, as console.assert does. Where the line before the block is
// `<!-- not run -->`, which no reader sees, it is compiled only: what is for browsers, and mere signatures.

const root = fileURLToPath(new URL('../..', import.meta.url));
const packageFolder = process.env.GROUPCOMMIT_UNDER_TEST ?? root;

interface Example {
  source: string;
  line: number;
  code: string;
  runs: boolean;
}

const examples = (await Promise.all((await documents()).map(examplesOf))).flat();

describe('examples', () => {
  let folder: string;
  let program: ts.Program;
  let postgres: Awaited<ReturnType<typeof startPostgres>>;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'examples-'));
    await mkdir(join(folder, 'node_modules'));
    await symlink(packageFolder, join(folder, 'node_modules', 'groupcommit'));
    for (const name of [
      '@types',
      'undici-types',
      'fake-indexeddb',
      'classic-level',
      'pg',
      'postgres',
      'ioredis',
    ]) {
      await symlink(join(root, 'node_modules', name), join(folder, 'node_modules', name));
    }
    // Which compiles for minutes, once.
    const packages = join(await installed(), 'node_modules');
    await symlink(join(packages, 'better-sqlite3'), join(folder, 'node_modules', 'better-sqlite3'));
    postgres = await startPostgres();
    await writeFile(join(folder, 'package.json'), '{ "type": "module" }');
    await Promise.all(examples.map(({ code }, i) => writeFile(fileOf(i), `${code}\nexport {};\n`)));
    program = ts.createProgram(
      examples.map((_, i) => fileOf(i)),
      {
        strict: true,
        noEmit: true,
        target: ts.ScriptTarget.ES2022,
        module: ts.ModuleKind.NodeNext,
        moduleResolution: ts.ModuleResolutionKind.NodeNext,
        lib: ['lib.esnext.d.ts', 'lib.dom.d.ts', 'lib.dom.iterable.d.ts', 'lib.dom.asynciterable.d.ts'],
        types: ['node'],
        typeRoots: [join(root, 'node_modules', '@types')],
      },
    );
  }, 600_000);

  afterAll(async () => {
    await postgres?.stop();
    await rm(folder, { recursive: true });
  });

  /** By which its clients find the server. */
  const environment = () => {
    const { host: PGHOST, port, user: PGUSER, database: PGDATABASE } = postgres.connection;
    return { ...process.env, PGHOST, PGPORT: `${port}`, PGUSER, PGDATABASE };
  };

  const fileOf = (i: number) => join(folder, `example-${i}.ts`);

  test('are there', () => {
    expect(examples.map(({ source }) => source)).toEqual(
      expect.arrayContaining([
        'README.md',
        'docs/indexeddb.md',
        'docs/level.md',
        'docs/postgres.md',
        'docs/sqlite.md',
        'docs/stores.md',
        'js/index.ts',
        'js/slim.ts',
      ]),
    );
  });

  test.for(examples.map((example, i) => ({ ...example, i })))(
    '$source, line $line, compiles',
    { timeout: 60_000 },
    ({ i }) => {
      const file = program.getSourceFile(fileOf(i));
      const messages = ts.getPreEmitDiagnostics(program, file).map(({ messageText, start = 0 }) => {
        const { line } = ts.getLineAndCharacterOfPosition(file as ts.SourceFile, start);
        return `line ${line + 1}: ${ts.flattenDiagnosticMessageText(messageText, '\n')}`;
      });
      expect(messages).toEqual([]);
    },
  );

  test.for(examples.map((example, i) => ({ ...example, i })).filter(({ runs }) => runs))(
    '$source, line $line, runs',
    { timeout: 60_000 },
    async ({ code, i }) => {
      const script = join(folder, `example-${i}.mjs`);
      await writeFile(script, (await transform(code, { loader: 'ts', target: 'es2022' })).code);
      const { stderr } = await promisify(execFile)(
        process.execPath,
        ['--import', 'fake-indexeddb/auto', script],
        // What it writes, others do not find.
        { cwd: await mkdtemp(join(folder, 'cwd-')), env: environment() },
      );
      expect(stderr).toBe('');
    },
  );
});

/** What may have examples, as paths in the repository. */
async function documents(): Promise<string[]> {
  const sources = await readdir(join(root, 'js'), { recursive: true });
  return [
    'README.md',
    'docs/indexeddb.md',
    'docs/level.md',
    'docs/pages.md',
    'docs/postgres.md',
    'docs/sqlite.md',
    'docs/stores.md',
    ...sources.filter((file) => file.endsWith('.ts')).map((file) => `js/${file}`),
  ];
}

async function examplesOf(source: string): Promise<Example[]> {
  const lines = (await readFile(join(root, source), 'utf8')).split('\n');
  // A comment's lines begin with an asterisk, which is not theirs.
  const text = source.endsWith('.ts') ? lines.map((line) => line.replace(/^\s*\* ?/, '')) : lines;
  const examples: Example[] = [];
  for (let i = 0; i < text.length; i++) {
    if (!/^```ts\b/.test(text[i] ?? '')) continue;
    const end = text.indexOf('```', i + 1);
    examples.push({
      source,
      line: i + 2,
      code: text.slice(i + 1, end).join('\n'),
      runs: text[i - 1]?.trim() !== '<!-- not run -->',
    });
    i = end;
  }
  return examples;
}
