import { attempt } from '../failure.js';

/**
 * The transaction of a load, for the save that follows. Where nothing but microtasks lies between them it still takes requests then: one
 * transaction is faster than two, and nobody else gets in between.
 */
export class SharedTransaction {
  #transaction: IDBTransaction | undefined;

  /** To be called in the turn in which the load ends. */
  offer(transaction: IDBTransaction): void {
    this.#transaction = transaction;
  }

  /** The transaction, if it still takes requests. */
  take(store: string): IDBTransaction | undefined {
    const transaction = this.#transaction;
    this.#transaction = undefined;
    // If it does, one for a key that is none is refused for just that.
    const refusal = attempt(() => transaction?.objectStore(store).get(Number.NaN)) as Error | undefined;
    return refusal?.name === 'DataError' ? transaction : undefined;
  }
}
