import type { ProcessorOptions } from 'groupcommit';

/**
 * What the suite has to know of a store. The module that exports it as `harness` is imported by the tests, and by processes of plain
 * Node.
 */
export interface Harness {
  /** For the titles: `groupcommit/level on classic-level`. */
  name: string;
  /** `import.meta.url` of its module. */
  module: string;
  /** Whether several may have the records open at once, and a save notices what others have saved. */
  hasConflicts: boolean;
  /** Whether the client sends a save again whose answer was lost, and the store finds out by that what has become of it. */
  sendsAgain?: boolean;
  /** Starts what the records are kept in, with none in it: a server on loopback, or just a folder. Fails if it cannot be started. */
  start(): Promise<Place>;
  /** Opens the records with a client of its own. The options are for the store, beside those that it cannot do without. */
  open(location: Location, options?: Options): Promise<Opened>;
  /** Where only one process can have the records open: how others have it make increments. */
  shared?: { start(): Promise<Place>; connect(location: Location): Promise<Client> };
  /** The Node that the processes of a race need. By default the one that the tests run in. */
  node?(): Promise<string>;
}

/** What survives JSON. One with a `port` is reached by TCP on loopback, also through a proxy. */
// biome-ignore lint/suspicious/noExplicitAny: each harness knows its own
export type Location = { port?: number; [name: string]: any };

export interface Place {
  location: Location;
  /** Kills the server outright, and starts it again at the same location. Missing where there is none. */
  restart?(): Promise<void>;
  /** Ends the server, and removes what it has kept. */
  stop(): Promise<void>;
}

// biome-ignore lint/suspicious/noExplicitAny: resources of every kind are kept
export type Options = { initial?: (key: any) => any };

export interface Opened {
  /** What is spread into the options of `startProcessor`. */
  store: Spread;
  /** The record of a key, parsed, by other means than the store; undefined if there is none. */
  get(key: string): Promise<unknown>;
  close(): Promise<void>;
}

// biome-ignore lint/suspicious/noExplicitAny: resources of every kind are kept
type AnyOptions = ProcessorOptions<any, any>;
type Calls = 'loadResources' | 'saveResources';
type Spread = Omit<AnyOptions, Calls> & { [Name in Calls]: NonNullable<AnyOptions[Name]> };

/** What a process of a race does its work with. */
export interface Client {
  increment(key: string): Promise<unknown>;
  get(key: string): Promise<unknown>;
  /** How often a batch had to start over. */
  conflicts(): number;
  close(): Promise<void>;
}
