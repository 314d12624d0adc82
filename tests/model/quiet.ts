import type { Batch } from './batch.js';
import type { Call } from './call.js';
import type { Lane } from './lane.js';
import type { Model } from './model.js';

/**
 * All is quiet: no microtask is left, and only what is outside can go on. What can have happened has to have happened now; that is what makes
 * a model of more than rules: nothing hangs.
 */
export function checkQuiet(model: Model, readsSignals: boolean): void {
  const { state, callers, calls } = model;
  state.clock.isTurning = false;
  for (const lane of state.lanes.values()) checkLane(model, lane, readsSignals);
  if (readsSignals) for (const call of calls.shared) checkCall(model, call);
  for (const { runs, isHeard } of callers.flushes) {
    if (!isHeard && runs.every((run) => run.isHeard))
      state.violate('flush hangs: all runs before it have settled');
  }
  const isOver = [...state.lanes.values()].every(({ head, unheard }) => !head && unheard.length === 0);
  for (const { isHeard, isAborted } of callers.stops) {
    if (!isHeard && isAborted) state.violate('stop hangs, though its signal has aborted');
    if (!isHeard && isOver) state.violate('stop hangs: everything has ended');
  }
  checkTimers(model, isOver);
  state.turn++;
  state.turnStart = state.clock.now;
}

function checkLane(model: Model, lane: Lane, readsSignals: boolean): void {
  const { state, batches } = model;
  const { head } = lane;
  if (head?.phase === 'over') batches.end(head);
  else if (head?.phase === 'locked') checkLocked(model, head);
  else if (head?.phase === 'loaded') checkLoaded(model, head);
  else if (head?.phase === 'pausing') checkPausing(model, head);
  for (const batch of lane.ending) checkEnded(model, batch, readsSignals);
  lane.ending = [];
  lane.dropped = [];
  for (const run of lane.waiting) run.mayBeOf = [];
  lane.head?.rests(state.turnStart, state.turn);
  if (!lane.head) checkWaiting(model, lane);
  else if (readsSignals) checkSignal(model, lane.head);
  const cancelled = lane.unheard.find((run) => run.isCancelled);
  if (cancelled) state.violate(`run ${cancelled.id} was cancelled, and has not settled`);
}

function checkLocked({ state, batches }: Model, batch: Batch): void {
  const { lane } = batch;
  if (lane.hasLiveOfHead) {
    if (!state.places.lets(lane)) state.places.asks(lane, 'load');
    else if (lane.hasJoined) state.violate(`${lane.key} is locked, and not loaded`);
  } else if (state.places.lets(lane) || batch.release === 'done') batches.end(batch);
}

function checkLoaded({ state, batches }: Model, batch: Batch): void {
  const { lane } = batch;
  batch.heard();
  if (lane.hasJoined || batch.attempts.again.length > 0)
    state.violate(`an operation of ${lane.key} does not run`);
  const { closed } = batch;
  if (closed === 'yes' && !batch.isChanged) batches.end(batch);
  else if (closed !== 'no' && batch.isChanged && !state.places.lets(lane))
    state.places.asks(lane, 'save', closed === 'yes');
  else if (closed === 'yes') state.violate(`${lane.key} is not saved, though its window has closed`);
  else if (!lane.waiting.some((run) => !run.isCancelled && run.splits !== 'yes')) return;
  // What has not run is of the next batch, if this one can have ended before.
  else if (batch.mayEnd) batches.end(batch);
  else state.violate(`in an open window of ${lane.key} an operation does not run`);
}

/** A pause may take no time at all. */
function checkPausing({ state }: Model, { lane, attempts, isFlushed }: Batch): void {
  attempts.rests(state.clock);
  const isOver = isFlushed || attempts.isDue(state.clock);
  if (!state.places.lets(lane)) state.places.asks(lane, 'load', isOver);
  else if (isOver) state.violate(`${lane.key} does not start over`);
}

function checkEnded({ state, metrics }: Model, batch: Batch, readsSignals: boolean): void {
  const { key, unheard } = batch.lane;
  const run = unheard.find((run) => run.batch === batch);
  if (run) state.violate(`run ${run.id} does not settle, though its batch has ended`);
  if (batch.release === 'due') state.violate(`the lock of ${key} is not released`);
  if (!metrics.isComplete(batch)) state.violate(`a metric of ${key} does not come`);
  if (readsSignals) checkSignal({ state }, batch);
}

function checkWaiting({ state }: Pick<Model, 'state'>, lane: Lane): void {
  lane.divide();
  if (state.places.areFree || state.settings.locks) lane.hasDropped = false;
  if (!lane.hasLive) {
    if (lane.ask) lane.ask.latest = Number.POSITIVE_INFINITY;
  } else if (state.settings.locks) state.violate(`${lane.key} is not locked`);
  else if (state.places.lets(lane)) state.violate(`${lane.key} is not loaded`);
  else state.places.asks(lane, 'load');
}

export function checkSignal({ state }: Pick<Model, 'state'>, batch: Batch): void {
  const wrong = batch.abort.wrong;
  if (wrong) state.violate(`the signal of a batch of ${batch.lane.key} is wrong: ${wrong}`);
}

/** The signal of a call for many keys. */
export function checkCall({ state }: Pick<Model, 'state'>, { phase, batches, given, settled }: Call): void {
  const isDue = settled !== undefined || batches.every((batch) => batch.given.signal.aborted);
  if (given?.signal.aborted === isDue) return;
  const keys = batches.map(({ lane }) => lane.key).join(', ');
  state.violate(`the signal of a ${phase} of ${keys} ${isDue ? 'has not aborted' : 'has aborted too early'}`);
}

/** A timer is there as long as there is something to wait for, and no longer. */
function checkTimers({ state }: Model, isOver: boolean): void {
  const { clock, settings } = state;
  if (isOver && clock.armed > 0) state.violate('a timer is left, though nothing is under way');
  for (const { head } of state.lanes.values()) {
    if (head?.phase === 'pausing' && state.places.lets(head.lane) && head.attempts.isForgotten(clock))
      state.violate(`no timer will start ${head.lane.key} over`);
    if (!head || head.deadlines.isExcused || head.phase !== 'loaded' || head.closed === 'yes' || head.mayEnd)
      continue;
    if (!state.places.lets(head.lane)) continue;
    if (clock.next > clock.now + settings.minDuration)
      state.violate(`no timer will close the window of ${head.lane.key}`);
  }
}
