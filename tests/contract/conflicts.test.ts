import { runInNewContext } from 'node:vm';
import { BatchError, ConflictError, startProcessor } from 'groupcommit';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { conflicting, fulfilled } from './conflicting.js';
import { increment, noop, open, packageFolder, rejectionOf, settleDown, watch } from './support.js';

afterEach(() => {
  vi.useRealTimers();
});

class StaleError extends RangeError {
  readonly code = 'ERR_CONFLICT';
}
const withCode = (error: object) => Object.assign(error, { code: 'ERR_CONFLICT' });

describe('Such a save rejects with ConflictError', () => {
  test.each<[string, ErrorOptions | undefined, string | undefined]>([
    ['without arguments', undefined, undefined],
    ['with a message', undefined, 'version 7 is gone'],
    ['with a cause', { cause: 'HTTP 412' }, 'version 7 is gone'],
  ])('made by new ConflictError(message?, { cause }?) (%s)', (_, options, message) => {
    const error = new ConflictError(message, options);
    expect(error).toBeInstanceOf(Error);
    expect(error).toMatchObject({ name: 'ConflictError', code: 'ERR_CONFLICT' });
    expect(error.cause).toBe(options?.cause);
    if (message === undefined) expect(error.message).toMatch(/./);
    else expect(error.message).toBe(message);
    expect(error.stack).toContain('conflicts.test.ts');
  });

  test.each<[string, unknown]>([
    ['a ConflictError', new ConflictError()],
    ['a class of its own', new StaleError()],
    ['a plain Error', withCode(new Error('stale'))],
    ['one of another realm', runInNewContext('Object.assign(new Error(), { code: "ERR_CONFLICT" })')],
    ['a frozen one', Object.freeze(new StaleError())],
    ['no Error at all', withCode({})],
    ['without a prototype', withCode(Object.create(null))],
    ['a getter', Object.defineProperty(new Error(), 'code', { get: () => 'ERR_CONFLICT' })],
  ])('or with any error whose code is ERR_CONFLICT (%s)', async (_, error) => {
    const { accounts, loads, load, saves, conflict, commit } = conflicting();
    const run = watch(accounts.run('alice', increment));
    await load();
    await conflict(error);
    expect(loads).toHaveLength(2);
    await load({ count: 10 });
    expect(saves).toHaveLength(2);
    await commit();
    expect(run.outcome).toEqual(fulfilled(11));
  });

  test('which the entry without the engine exports, too', async () => {
    const slim = await import(`${packageFolder}/dist/esm/slim.js`);
    expect(slim.ConflictError).toBe(ConflictError);
  });

  test('it may be thrown', async () => {
    let saves = 0;
    const accounts = startProcessor({
      minDuration: 0,
      retries: 1,
      saveResource: () => {
        if (++saves === 1) throw new ConflictError();
      },
    });
    expect(await accounts.run('alice', () => 'ran')).toBe('ran');
    expect(saves).toBe(2);
  });
});

describe('Only a conflict starts a batch over, never a save whose outcome is not known', () => {
  const hidden = Object.defineProperty(new Error('hidden'), 'code', {
    get: () => {
      throw new Error('getter');
    },
  });
  const revocable = Proxy.revocable(new ConflictError(), {});
  revocable.revoke();
  test.each<[string, unknown]>([
    ['an error without a code', new Error('disk')],
    ['another code', Object.assign(new Error(), { code: 'ECONFLICT' })],
    ['the name only', Object.assign(new Error('ERR_CONFLICT'), { name: 'ConflictError' })],
    ['a TimeoutError', new DOMException('', 'TimeoutError')],
    ['a conflict as the cause', new Error('disk', { cause: new ConflictError() })],
    ['the code itself', 'ERR_CONFLICT'],
    ['a String object', Object.assign(new Error(), { code: Object('ERR_CONFLICT') })],
    ['null', null],
    ['undefined', undefined],
    ['a code getter that throws', hidden],
    ['a revoked Proxy', revocable.proxy],
  ])('%s', async (_, cause) => {
    const { accounts, loads, load, conflict } = conflicting();
    let executions = 0;
    const run = watch(accounts.run('alice', () => ++executions));
    await load();
    await conflict(cause);
    expect([loads.length, executions]).toEqual([1, 1]);
    expect(run.outcome).toMatchObject({ state: 'rejected', reason: { code: 'ERR_SAVE_FAILED' } });
    expect((run.outcome as unknown as { reason: BatchError }).reason.cause === cause).toBe(true);
  });

  test.each(['lock', 'load'] as const)('no ConflictError of %sResource', async (phase) => {
    vi.useFakeTimers();
    const cause = new ConflictError();
    const call = vi.fn(() => Promise.reject(cause));
    const accounts = startProcessor({ minDuration: 0, retries: 10, [`${phase}Resource`]: call });
    const run = watch(accounts.run('alice', noop));
    await settleDown();
    await vi.advanceTimersByTimeAsync(10_000);
    expect(run.outcome).toMatchObject({ state: 'rejected', reason: { phase, cause } });
    expect(call).toHaveBeenCalledTimes(1);
    await accounts.stop();
  });

  test('no ConflictError that an operation threw, and none that a save resolves with', async () => {
    const refused = new ConflictError();
    const save = vi.fn(async () => new ConflictError());
    const accounts = startProcessor({ minDuration: 0, retries: 10, saveResource: save });
    const throwing = accounts.run('alice', () => {
      throw refused;
    });
    const other = accounts.run('alice', () => 'ran');
    expect(await rejectionOf(throwing)).toBe(refused);
    expect(await other).toBe('ran');
    expect(save).toHaveBeenCalledTimes(1);
  });
});

describe('retries: how often a batch starts over after a conflict', () => {
  test.each([1, 2, 20])('at most retries times (%d)', async (retries) => {
    const { accounts, loads, load, saves, conflict } = conflicting({ retries });
    let executions = 0;
    const run = watch(accounts.run('alice', () => ++executions));
    for (let attempt = 0; attempt <= retries; attempt++) {
      await load();
      expect([loads.length, saves.length]).toEqual([attempt + 1, attempt + 1]);
      expect(run.outcome.state).toBe('pending');
      await conflict();
    }
    expect([executions, loads.length, saves.length]).toEqual(Array(3).fill(retries + 1));
    expect(run.outcome.state).toBe('rejected');
    await accounts.stop();
  });

  test('When no attempt is left, the failure is a BatchError whose cause is the last ConflictError', async () => {
    const { accounts, load, conflict } = conflicting({ retries: 1 });
    const runs = [1, 2].map(() => watch(accounts.run('alice', increment)));
    const causes = ['first', 'last'].map((message) => new ConflictError(message));
    for (const cause of causes) {
      await load();
      await conflict(cause);
    }
    const reasons = runs.map((run) => (run.outcome as unknown as { reason: BatchError }).reason);
    for (const reason of reasons) {
      expect(reason).toBeInstanceOf(BatchError);
      expect(reason).toMatchObject({
        code: 'ERR_SAVE_FAILED',
        phase: 'save',
        key: 'alice',
        operationCount: 2,
      });
      expect(reason.cause).toBe(causes[1]);
      expect(reason.message).toContain('last');
    }
    expect(reasons[0]).not.toBe(reasons[1]);
  });

  /** One batch whose save fails by a conflict: it ends there, and the next one goes its way. */
  async function once(options: object) {
    const cause = new ConflictError();
    let executions = 0;
    const { accounts, loads, saves, load } = open({ minDuration: 0, ...options });
    const run = watch(accounts.run('alice', () => ++executions));
    await load();
    await saves[0]?.fail(cause);
    await accounts.flush();
    expect([loads.length, executions]).toEqual([1, 1]);
    expect(run.outcome).toMatchObject({ state: 'rejected', reason: { code: 'ERR_SAVE_FAILED', cause } });
    const next = watch(accounts.run('alice', increment));
    await load();
    await saves[1]?.succeed();
    expect(next.outcome).toEqual(fulfilled(1));
  }

  test('With retries: 0 that is a failed save like any other', () => once({ retries: 0 }));
  test('The default is 0', () => once({ retries: undefined }));
  test('Without retries it never runs twice', () => once({}));
});
