/** What has become of a promise: 'pending', 'fulfilled', or the code or name of its error. */
export interface Watched {
  state: string;
  value: unknown;
}

export function nextTurn(): Promise<void>;
export function watch(promise: PromiseLike<unknown>): Watched;
export function atRest(...watched: Watched[]): Promise<void>;
