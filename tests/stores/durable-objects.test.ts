import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { describe, expect, test } from 'vitest';
import { byNumber, upTo } from './durable-objects/objects.js';
import { examples, startWorker, workerdFolder } from './durable-objects/workerd.mjs';

// The examples of docs/durable-objects.md, as they are written there, in workerd.

const root = fileURLToPath(new URL('../..', import.meta.url));
const codes = await examples();

describe('The examples of docs/durable-objects.md', () => {
  test.for(codes.map((code, i) => [i, code] as const))(
    '%i compiles',
    { timeout: 300_000 },
    async ([, code]) => {
      const folder = await mkdtemp(join(tmpdir(), 'durable-objects-'));
      try {
        const types = join(await workerdFolder(), 'node_modules', '@cloudflare', 'workers-types');
        await mkdir(join(folder, 'node_modules'));
        await symlink(root, join(folder, 'node_modules', 'groupcommit'));
        const file = join(folder, 'worker.ts');
        await writeFile(file, code);
        const program = ts.createProgram([file], {
          strict: true,
          noEmit: true,
          target: ts.ScriptTarget.ES2022,
          module: ts.ModuleKind.ESNext,
          moduleResolution: ts.ModuleResolutionKind.Bundler,
          lib: ['lib.es2023.d.ts', 'lib.esnext.disposable.d.ts'],
          types: [types],
          skipLibCheck: true,
        });
        const messages = ts
          .getPreEmitDiagnostics(program)
          .map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, '\n'));
        expect(messages).toEqual([]);
      } finally {
        await rm(folder, { recursive: true });
      }
    },
  );

  test.for([
    [0, 'ITEMS', 'Item'],
    [1, 'LIKES', 'Likes'],
    [2, 'COUNTERS', 'Counter'],
  ] as const)('%i answers requests', { timeout: 300_000 }, async ([place, name, className]) => {
    const worker = await startWorker(codes[place] as string, {
      durableObjects: { [name]: { className, useSQLite: true } },
      r2Buckets: ['BUCKET'],
    });
    try {
      const ask = () => worker.dispatchFetch('http://localhost/apple', { method: 'POST' });
      const answers = await Promise.all(upTo(10).map(async () => (await ask()).json()));
      expect(answers.sort(byNumber)).toEqual(upTo(10));
    } finally {
      await worker.dispose();
    }
  });
});
