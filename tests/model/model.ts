import { Batches } from './batches.js';
import { Callers } from './callers.js';
import { Calls } from './calls.js';
import type { Clock } from './clock.js';
import { Metrics } from './metrics.js';
import type { Key } from './scenario.js';
import type { Settings } from './settings.js';
import { State } from './state.js';

/**
 * The contract, as a judge that knows nothing of the implementation. It is told all that the processor is asked to do and all that is seen of it,
 * when it happens, and says what is against the contract: what happens too early, twice, out of order or not as it should; and, when all is quiet,
 * what should have happened and has not. Where the contract leaves the order free, it takes any; it keeps track of what is not known yet.
 */
export class Model {
  readonly state: State;
  readonly batches: Batches;
  readonly calls: Calls;
  readonly callers: Callers;
  readonly metrics: Metrics;

  constructor(settings: Settings, clock: Clock, keys: Key[]) {
    this.state = new State(settings, clock, keys);
    this.batches = new Batches(this.state);
    this.calls = new Calls(this.state, this.batches);
    this.callers = new Callers(this.state, this.batches);
    this.metrics = new Metrics(this.state, this.batches);
  }
}
