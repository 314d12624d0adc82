/** How long an upgrade has to wait for the batches under way, at most, in ms. */
const LONGEST_RETIREMENT = 60_000;

/**
 * An open database, and the batches that were loaded from it and have not ended: what they change is still to be saved. Each of them is
 * known by its signal, which aborts when it has ended, or is too late to save.
 */
export class Session {
  readonly database: IDBDatabase;
  /** How often the database had been made, or deleted, when it was opened. */
  readonly incarnation: number;
  readonly #batches = new Set<AbortSignal>();
  #isClosed = false;
  /** Set if it closes as soon as its batches have ended. */
  #retirement: ReturnType<typeof setTimeout> | undefined;

  constructor(database: IDBDatabase, incarnation: number) {
    this.database = database;
    this.incarnation = incarnation;
    // A page that is frozen could not make way for an upgrade.
    globalThis.document?.addEventListener('freeze', this);
  }

  /** Whether new batches may load from it. */
  get isOpen(): boolean {
    return this.#retirement === undefined && !this.#isClosed;
  }

  /** Whether its batches may be saved to it. */
  get isUsable(): boolean {
    return !this.#isClosed;
  }

  enter(batch: AbortSignal): void {
    if (batch.aborted) return;
    this.#batches.add(batch);
    batch.addEventListener('abort', this);
  }

  leave(batch: AbortSignal): void {
    batch.removeEventListener('abort', this);
    this.#batches.delete(batch);
    if (this.#retirement !== undefined) this.#closeIfIdle();
  }

  handleEvent({ type, target }: Event): void {
    if (type === 'abort') this.leave(target as AbortSignal);
    else this.#closeIfIdle();
  }

  /** Closes it as soon as its batches have ended. */
  retire(): void {
    this.#retirement ??= setTimeout(() => this.close(), LONGEST_RETIREMENT);
    this.#closeIfIdle();
  }

  #closeIfIdle(): void {
    if (this.#batches.size === 0) this.close();
  }

  /** Closes it. Transactions that have begun go on. */
  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#retirement);
    this.database.close();
    globalThis.document?.removeEventListener('freeze', this);
  }
}
