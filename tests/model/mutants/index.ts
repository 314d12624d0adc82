import { batches } from './batches.js';
import { callbacks } from './callbacks.js';
import { conflicts } from './conflicts.js';
import { endings } from './endings.js';
import { limits } from './limits.js';
import { many } from './many.js';
import { methods } from './methods.js';
import type { Mutant } from './mutant.js';
import { runs } from './runs.js';

/** Each has to be found out within 10,000 sequences. */
export const mutants: Mutant[] = [
  ...callbacks,
  ...limits,
  ...methods,
  ...batches,
  ...runs,
  ...endings,
  ...many,
  ...conflicts,
];
