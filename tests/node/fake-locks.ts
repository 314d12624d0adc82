interface Request {
  readonly name: string;
  readonly mode: LockMode;
  readonly begin: () => void;
}

/** The part of Web Locks that the package uses, by their specification: each name has a queue, and nobody overtakes. */
export class FakeLocks {
  readonly #held = new Set<Request>();
  readonly #queue: Request[] = [];
  /** All that were ever made. */
  readonly requests: string[] = [];

  get held(): string[] {
    return [...this.#held].map(show);
  }

  get queue(): string[] {
    return this.#queue.map(show);
  }

  request(
    name: string,
    { mode = 'exclusive', signal }: { mode?: LockMode; signal?: AbortSignal },
    callback: () => unknown,
  ): Promise<unknown> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason);
      const request = {
        name,
        mode,
        begin: () => {
          signal?.removeEventListener('abort', abort);
          const done = Promise.resolve(callback());
          void done.finally(() => {
            this.#held.delete(request);
            this.#grant();
          });
          resolve(done);
        },
      };
      const abort = () => {
        this.#queue.splice(this.#queue.indexOf(request), 1);
        reject(signal?.reason);
        this.#grant();
      };
      signal?.addEventListener('abort', abort);
      this.requests.push(show(request));
      this.#queue.push(request);
      // Never in the midst of the call.
      setImmediate(() => this.#grant());
    });
  }

  /** Another tab takes a lock; resolves to the function that releases it. */
  hold(name: string, mode: LockMode = 'exclusive'): Promise<() => void> {
    return new Promise((resolve) => {
      void this.request(name, { mode }, () => new Promise<void>((release) => resolve(release)));
    });
  }

  #grant(): void {
    for (const request of [...this.#queue]) {
      const { name, mode } = request;
      const isFirst = this.#queue.find((other) => other.name === name) === request;
      const isFree = [...this.#held].every(
        (other) => other.name !== name || (mode === 'shared' && other.mode === 'shared'),
      );
      if (!isFirst || !isFree) continue;
      this.#queue.splice(this.#queue.indexOf(request), 1);
      this.#held.add(request);
      request.begin();
    }
  }
}

function show({ name, mode }: Request): string {
  return `${name} ${mode}`;
}
