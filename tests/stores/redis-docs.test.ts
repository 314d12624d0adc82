import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import ts from 'typescript';
import { describe, expect, test } from 'vitest';
import { command, startRedis } from './servers/redis.mjs';

// The examples of docs/redis.md, as they are written there.

const root = fileURLToPath(new URL('../..', import.meta.url));
const examplesOf = async (path: string) => {
  const text = await readFile(join(root, path), 'utf8');
  return [...text.matchAll(/^```ts\n([\s\S]*?)^```$/gm)].map(([, code]) => code as string);
};
const examples = await examplesOf('docs/redis.md');

describe('The examples of docs/redis.md', () => {
  test('compile and run', { timeout: 120_000 }, async () => {
    const server = await startRedis();
    const folder = await mkdtemp(join(tmpdir(), 'groupcommit-examples-'));
    try {
      await mkdir(join(folder, 'node_modules'));
      await symlink(root, join(folder, 'node_modules', 'groupcommit'));
      for (const name of ['ioredis', 'redis', '@types'])
        await symlink(join(root, 'node_modules', name), join(folder, 'node_modules', name));
      await writeFile(join(folder, 'package.json'), '{ "type": "module" }');
      const files = examples.map((_, i) => join(folder, `example-${i}.ts`));
      for (const [i, file] of files.entries()) {
        await writeFile(file, examples[i]?.replace('localhost:6379', `127.0.0.1:${server.port}`) as string);
      }
      const program = ts.createProgram(files, {
        strict: true,
        skipLibCheck: true,
        target: ts.ScriptTarget.ES2022,
        module: ts.ModuleKind.NodeNext,
        lib: ['lib.esnext.d.ts', 'lib.dom.d.ts'],
        types: ['node'],
      });
      const { diagnostics } = program.emit();
      const messages = [...ts.getPreEmitDiagnostics(program), ...diagnostics].map(
        ({ messageText }) => messageText,
      );
      expect(messages).toEqual([]);
      for (const file of files) {
        const { stderr } = await promisify(execFile)(process.execPath, [file.replace(/ts$/, 'js')], {
          cwd: folder,
        });
        expect(stderr).toBe('');
      }
      expect(await command(server.port, 'HGET', 'carts:alice', 'value')).toContain('{"items":["apple"]}');
      expect(await command(server.port, 'HGET', 'likes:post 1', 'value')).toContain('\r\n1\r\n');
    } finally {
      await rm(folder, { recursive: true });
      await server.stop();
    }
  });

  test('are in the README, too', async () => {
    expect(await examplesOf('README.md')).toContain(examples[0]);
  });
});
