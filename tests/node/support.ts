import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** The folder of the package under test; vitest.config.ts points `groupcommit` at the same one. */
export const packageFolder =
  process.env.GROUPCOMMIT_UNDER_TEST ?? fileURLToPath(new URL('../..', import.meta.url)).replace(/\/$/, '');

export interface Deferred<T> {
  promise: Promise<T>;
  resolve: (value: T | PromiseLike<T>) => void;
  reject: (reason?: unknown) => void;
}

export function deferred<T = void>(): Deferred<T> {
  let resolve!: Deferred<T>['resolve'];
  let reject!: Deferred<T>['reject'];
  const promise = new Promise<T>((onResolve, onReject) => {
    resolve = onResolve;
    reject = onReject;
  });
  return { promise, resolve, reject };
}

// Taken before a test installs fake timers.
const realSetImmediate = setImmediate;

/** Resolves when all microtasks, theirs, and all that was due at once have run. */
export async function settleDown(): Promise<void> {
  for (let turn = 0; turn < 2; turn++) await new Promise<void>((resolve) => realSetImmediate(resolve));
}

export type Outcome =
  | { state: 'pending' }
  | { state: 'fulfilled'; value: unknown }
  | { state: 'rejected'; reason: unknown };

/** Watches a promise from now on, so that its outcome can be read at any time and its rejection is handled. */
export function watch(promise: PromiseLike<unknown>): { outcome: Outcome } {
  const watched: { outcome: Outcome } = { outcome: { state: 'pending' } };
  promise.then(
    (value) => {
      watched.outcome = { state: 'fulfilled', value };
    },
    (reason) => {
      watched.outcome = { state: 'rejected', reason };
    },
  );
  return watched;
}

/** The reason a promise rejects with; throws if it does not reject. */
export async function rejectionOf(promise: PromiseLike<unknown>): Promise<unknown> {
  return promise.then(
    (value) => {
      throw new Error(`expected a rejection, got the value ${String(value)}`);
    },
    (reason: unknown) => reason,
  );
}

/** What lock, load and save of one batch get. */
export interface Batch<Key extends string | number = string> {
  readonly key: Key;
  readonly signal: AbortSignal;
}

/** The same, for who does not look at the key. */
export type Context = Pick<Batch, 'signal'>;

export interface HeldLoad<Resource, Key extends string | number> {
  key: Key;
  batch: Batch<Key>;
  argumentCount: number;
  succeed(resource: Resource): Promise<void>;
  fail(reason: unknown): Promise<void>;
}

export interface HeldSave<Resource, Key extends string | number> {
  key: Key;
  resource: Resource;
  batch: Batch<Key>;
  argumentCount: number;
  succeed(): Promise<void>;
  fail(reason: unknown): Promise<void>;
}

/**
 * A store whose loads and saves hang until the test says how they end. `calls` tells the order of everything:
 * 'load alice', 'loaded alice', 'save alice', 'saved alice'.
 */
export function heldStore<Resource, Key extends string | number = string>() {
  const loads: HeldLoad<Resource, Key>[] = [];
  const saves: HeldSave<Resource, Key>[] = [];
  const calls: string[] = [];
  return {
    loads,
    saves,
    calls,
    loadResource(...args: [key: Key, batch: Batch<Key>]): Promise<Resource> {
      const [key, batch] = args;
      const gate = deferred<Resource>();
      calls.push(`load ${key}`);
      loads.push({
        key,
        batch,
        argumentCount: args.length,
        succeed: async (resource) => {
          calls.push(`loaded ${key}`);
          gate.resolve(resource);
          await settleDown();
        },
        fail: async (reason) => {
          calls.push(`load of ${key} failed`);
          gate.reject(reason);
          await settleDown();
        },
      });
      return gate.promise;
    },
    saveResource(...args: [key: Key, resource: Resource, batch: Batch<Key>]): Promise<void> {
      const [key, resource, batch] = args;
      const gate = deferred();
      calls.push(`save ${key}`);
      saves.push({
        key,
        resource,
        batch,
        argumentCount: args.length,
        succeed: async () => {
          calls.push(`saved ${key}`);
          gate.resolve();
          await settleDown();
        },
        fail: async (reason) => {
          calls.push(`save of ${key} failed`);
          gate.reject(reason);
          await settleDown();
        },
      });
      return gate.promise;
    },
  };
}

export interface ChildResult {
  code: number | null;
  stdout: string;
  stderr: string;
}

/**
 * Runs a script in a Node process of its own, as an ES module that finds the package's exports in `groupcommit` and
 * prints with `print`. It is killed after `timeout` ms: `code` is null then.
 */
export function inChild(
  script: string,
  { timeout = 25_000, flags = [] }: { timeout?: number; flags?: string[] } = {},
): Promise<ChildResult> {
  const prologue = `
    import * as groupcommit from ${JSON.stringify(`${packageFolder}/dist/esm/index.js`)};
    const { startProcessor } = groupcommit;
    const print = (value) => process.stdout.write(value + '\\n');
  `;
  return runNode([...flags, '--input-type=module', '--eval', prologue + script], { timeout });
}

export function runNode(
  args: string[],
  { timeout = 25_000, cwd }: { timeout?: number; cwd?: string | undefined } = {},
): Promise<ChildResult> {
  return runProgram(process.execPath, args, { timeout, cwd });
}

export function runProgram(
  program: string,
  args: string[],
  { timeout = 25_000, cwd }: { timeout?: number; cwd?: string | undefined } = {},
): Promise<ChildResult> {
  const { NODE_OPTIONS: _, ...env } = process.env;
  return new Promise((resolve) => {
    const child = execFile(
      program,
      args,
      { timeout, cwd, env, maxBuffer: 2 ** 26 },
      (_error, stdout, stderr) => {
        resolve({ code: child.exitCode, stdout, stderr });
      },
    );
  });
}
