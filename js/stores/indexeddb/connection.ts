import { notOpenError, type Opening, openWithStore, type Settings } from './opening.js';
import { Session } from './session.js';

interface Attempt {
  opening: Opening;
  opened: Promise<Session>;
}

type Batches = readonly { signal: AbortSignal }[];

/** The connection to a database: opened when it is first needed, kept open, and opened anew after it was lost. */
export class Connection {
  readonly #settings: Settings;
  #session: Session | undefined;
  /** The latest attempt to open the database, unless it has been given up. */
  #attempt: Attempt | undefined;
  /** What the batches under way were loaded from. */
  readonly #origins = new WeakMap<AbortSignal, Session>();
  /** How often the database has been made, or deleted. */
  #incarnation = 0;
  /** How often the connection has been closed by `close`. */
  closings = 0;
  /** Whoever waits for a transaction, or for the database, is told here that the connection has been closed… */
  readonly waiting = new Set<(reason: DOMException) => void>();
  /** …or that the database is open, also if that is not by the attempt that they are waiting for. */
  readonly #hopeful = new Set<(session: Session) => void>();

  constructor(settings: Settings) {
    this.#settings = settings;
  }

  /** The open database: for a save the one that the batches were loaded from, as long as that is possible. */
  sessionOf(batches: Batches): Session | undefined {
    for (const { signal } of batches) {
      const origin = this.#origins.get(signal);
      if (origin?.isUsable) return origin;
    }
    return this.#session?.isOpen ? this.#session : undefined;
  }

  /** Batches are being loaded from an open database. */
  enter(batches: Batches, session: Session): void {
    for (const { signal } of batches) {
      this.#origins.get(signal)?.leave(signal);
      this.#origins.set(signal, session);
      session.enter(signal);
    }
  }

  /** They have been saved. */
  leave(batches: Batches): void {
    for (const { signal } of batches) {
      this.#origins.get(signal)?.leave(signal);
      this.#origins.delete(signal);
    }
  }

  /** Whether the database that a batch was loaded from has been deleted. */
  isDeleted(batch: AbortSignal): boolean {
    const origin = this.#origins.get(batch);
    return origin !== undefined && origin.incarnation !== this.#incarnation;
  }

  /**
   * Opens the database, once for all who ask meanwhile. It makes the database if it is missing, but not for batches that were loaded from
   * it: then it has been deleted since. Whose signal aborts does not wait any longer, and who asks then begins a new attempt.
   */
  open(signal?: AbortSignal | null, batches: Batches = []): Promise<Session> {
    if (signal?.aborted) return Promise.reject(signal.reason);
    this.#attempt ??= this.#begin();
    const attempt = this.#attempt;
    attempt.opening.mayCreate ||= !batches.some((batch) => this.#origins.has(batch.signal));
    const listening = new AbortController();
    let settle = () => {};
    return new Promise<Session>((resolve, reject) => {
      const giveUp = () => {
        this.#forget(attempt);
        reject(notOpenError(this.#settings.database, signal?.reason, attempt.opening));
      };
      signal?.addEventListener('abort', giveUp, listening);
      this.waiting.add(reject);
      this.#hopeful.add(resolve);
      settle = () => {
        listening.abort();
        this.waiting.delete(reject);
        this.#hopeful.delete(resolve);
      };
      attempt.opened.then(resolve, reject);
    }).finally(() => settle());
  }

  #begin(): Attempt {
    const { closings } = this;
    const opening: Opening = { mayCreate: false, hasCreated: false, blocked: undefined };
    const opened = openWithStore(this.#settings, opening)
      .then((database) => {
        // One that was given up may be the first to succeed all the same, or the second.
        if (closings === this.closings && !this.#session?.isOpen) this.#use(database, opening.hasCreated);
        else database.close();
        return this.#session as Session;
      })
      .finally(() => this.#forget(attempt));
    const attempt: Attempt = { opening, opened };
    return attempt;
  }

  #forget(attempt: Attempt): void {
    if (this.#attempt === attempt) this.#attempt = undefined;
  }

  #use(database: IDBDatabase, isNew: boolean): void {
    if (isNew) this.#incarnation++;
    const session = new Session(database, this.#incarnation);
    this.#session = session;
    database.onclose = () => session.close();
    database.onversionchange = ({ newVersion }) => {
      if (newVersion !== null) return session.retire();
      this.#incarnation++;
      session.close();
    };
    for (const resolve of this.#hopeful) resolve(session);
  }

  /** Closes it as soon as its transactions have ended. Nobody waits for them any longer, nor for the database to open. */
  close(): void {
    this.closings++;
    this.#session?.close();
    this.#attempt = undefined;
    const reason = new DOMException(`The database '${this.#settings.database}' was closed`, 'AbortError');
    for (const end of [...this.waiting]) end(reason);
  }
}
