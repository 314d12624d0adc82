// Each mutant is the engine with one piece of text replaced. `rule` is the name of the rule (see ../world/rules.rs) that finds it:
// the first that is broken, or with `only` that one alone, where others would find it earlier.

import { attempts } from './attempts.mjs';
import { life } from './life.mjs';
import { time } from './time.mjs';

export const mutants = [...life, ...attempts, ...time];
