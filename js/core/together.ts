import { type Batch, type Outcome, Phase } from './batch.js';
import { ENDED, SharedContext } from './context.js';
import { resolved } from './scope.js';
import { mistyped } from './settings.js';
import { isError, isThenable } from './thenables.js';

/** Loads or saves several batches by one call. What comes of it is told for all of them at once, and never inside of this. */
export async function callTogether(batches: readonly Batch[], phase: Phase): Promise<void> {
  const contexts = batches.map((batch) => batch.enter(phase));
  const call = new SharedContext(contexts);
  let outcomes: Outcome[];
  try {
    const { loadResources, saveResources } = (batches[0] as Batch).shared.settings;
    const result = (phase === Phase.Load ? loadResources : saveResources)?.([...contexts], call);
    const places = placesOf(isThenable(result) ? await result : result, phase, batches.length);
    outcomes = batches.map((batch, place) => {
      const value = places[place];
      return isError(value) ? batch.fail(value) : batch.receive(value);
    });
  } catch (cause) {
    outcomes = batches.map((batch) => batch.fail(cause));
  }
  for (const context of contexts) context.share(undefined);
  call.abort(ENDED);
  await resolved;
  (batches[0] as Batch).shared.mailbox.doneTogether(batches, outcomes);
}

/** What came of each batch. Nothing is as good as an array with nothing in it, where a save is concerned. */
function placesOf(value: unknown, phase: Phase, count: number): unknown[] {
  if (phase === Phase.Save && value === undefined) return [];
  if (Array.isArray(value) && value.length === count) return value;
  const name = phase === Phase.Load ? 'loadResources' : 'saveResources';
  throw mistyped(`What ${name} returns`, `an array of length ${count}`, value);
}
