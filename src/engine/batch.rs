//! The life of one batch.

use super::group::Group;
use super::processor::Engine;
use super::{Host, Metric};
use std::error::Error;
use std::fmt;
use std::rc::Rc;

/// What a batch asks the host for, in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// Get hold of the resource.
    Lock,
    Load,
    Save,
}

/// Why a batch failed. Nothing of it has been saved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BatchError<E> {
    pub phase: Phase,
    pub cause: E,
}

/// Serves a key, group after group and batch after batch, until nobody waits any more. The first batch has started `now`, with its first run.
pub(crate) async fn serve<H: Host>(engine: Rc<Engine<H>>, mut group: Rc<Group>, mut now: f64) {
    let mut is_wanted = true;
    loop {
        while is_wanted {
            is_wanted = live(&engine, &group, &mut now).await;
        }
        engine.forget(&group);
        match group.next.take() {
            Some(next) => group = next,
            None => return,
        }
        // Runs that were cancelled while they waited behind a save start no batch.
        is_wanted = engine.host.has_unsettled(group.id);
    }
}

/// One batch, from its start `now` to the moment when all its runs settle together. True if runs of the group want another one.
async fn live<H: Host>(engine: &Rc<Engine<H>>, group: &Rc<Group>, now: &mut f64) -> bool {
    let host = &engine.host;
    group.start(*now);
    engine.deadlines.watch(engine, group);

    let mut metric = Metric { start: *now, ..Metric::default() };
    let outcome = commit(engine, group, &mut metric).await;

    group.end();
    *now = engine.clock();
    if host.is_observed() {
        metric.total_duration = duration(metric.start, *now);
        host.publish(group.id, metric, outcome.as_ref().err());
    }
    host.settle(group.id, metric.operations, outcome)
}

/// Everything that the host is asked for.
async fn commit<H: Host>(engine: &Engine<H>, group: &Group, metric: &mut Metric) -> Result<(), BatchError<H::Error>> {
    if let Err(error) = call(engine, group, Phase::Lock, &mut metric.lock_duration).await {
        join(engine, group);
        return Err(error);
    }
    let outcome = load_and_save(engine, group, metric).await;
    engine.host.release(group.id);
    outcome
}

/// Loads, runs what waits and what arrives until the window closes, and saves.
async fn load_and_save<H: Host>(
    engine: &Engine<H>,
    group: &Group,
    metric: &mut Metric,
) -> Result<(), BatchError<H::Error>> {
    if let Err(error) = call(engine, group, Phase::Load, &mut metric.load_duration).await {
        join(engine, group);
        return Err(error);
    }
    if run_operations(engine, group, &mut metric.operations).await {
        call(engine, group, Phase::Save, &mut metric.save_duration).await?;
    }
    Ok(())
}

/// The batch has failed before any operation ran: what waits for it shares its fate.
fn join<H: Host>(engine: &Engine<H>, group: &Group) {
    engine.host.take(group.id, engine.options.max_operations);
    close_unless(engine.host.waiting(group.id) > 0, engine, group);
}

/// What arrives from now on forms the next batch. Runs beyond `max_operations` stay in the group, and begin it.
fn close_unless<H: Host>(waiting: bool, engine: &Engine<H>, group: &Group) {
    if !waiting {
        group.close(&engine.host);
    }
}

/// Runs the operations that wait, and those that arrive until the window closes. True if any of them changed the resource.
async fn run_operations<H: Host>(engine: &Engine<H>, group: &Group, operations: &mut u32) -> bool {
    let (host, options) = (&engine.host, &engine.options);
    let mut changed = false;

    if options.min_duration > 0.0 && host.now() >= group.started_at() + options.min_duration {
        group.due();
    }
    loop {
        let last = group.is_closing();
        let room = options.max_operations - *operations;
        // What the last operations queue themselves belongs to the next batch. What does not fit any more begins it.
        if last && !group.is_closed() {
            close_unless(host.waiting(group.id) > room, engine, group);
        }
        let executed = host.execute(group.id, room);
        changed |= executed.changed;
        *operations += executed.operations;

        let full = executed.operations == room;
        // Without a duration the window closes as soon as what waited has run.
        let idle = options.min_duration == 0.0 && !executed.waiting;
        if last || full || idle {
            close_unless(executed.waiting, engine, group);
            return changed;
        }
        group.park(host).await;
    }
}

/// Calls the host. How long that takes is measured only for whoever observes it: to ask for the time costs more than the rest.
async fn call<H: Host>(
    engine: &Engine<H>,
    group: &Group,
    phase: Phase,
    took: &mut f64,
) -> Result<(), BatchError<H::Error>> {
    let host = &engine.host;
    let start = if host.is_observed() { host.now() } else { f64::NAN };
    let Some(outcome) = host.call(group.id, phase) else { return Ok(()) };
    let outcome = outcome.await;
    if host.is_observed() {
        *took = duration(start, host.now());
    }
    outcome.map_err(|cause| BatchError { phase, cause })
}

/// The time between two others; 0 if the first one is not known, because nobody was observing yet.
fn duration(start: f64, end: f64) -> f64 {
    (end - start).max(0.0)
}

impl<E> fmt::Display for BatchError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.phase {
            Phase::Lock => "the resource could not be locked",
            Phase::Load => "the resource could not be loaded",
            Phase::Save => "the resource could not be saved",
        })
    }
}

impl<E: Error + 'static> Error for BatchError<E> {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&self.cause)
    }
}
