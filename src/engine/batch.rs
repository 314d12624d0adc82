//! The life of one batch.

use super::group::Group;
use super::processor::Engine;
use super::{Host, Metric};
use std::error::Error;
use std::fmt;
use std::rc::Rc;
use std::task::Poll;

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
pub(crate) async fn serve<H: Host>(engine: Rc<Engine<H>>, mut group: Rc<Group<H::Error>>, mut now: f64) {
    loop {
        while live(&engine, &group, &mut now).await {}
        // Runs that were cancelled while they waited behind a save start no batch.
        loop {
            engine.forget(group.id);
            match group.next.take() {
                Some(next) => group = next,
                None => return,
            }
            if engine.host.goes_on(group.id) {
                break;
            }
        }
    }
}

/// One batch, from its start `now` to the moment when all its runs settle together. True if runs of the group want another one.
async fn live<H: Host>(engine: &Rc<Engine<H>>, group: &Group<H::Error>, now: &mut f64) -> bool {
    let host = &engine.host;
    group.start();
    engine.deadlines.watch(engine, group, *now);

    let mut metric = Metric { start: *now, ..Metric::default() };
    let outcome = commit(engine, group, &mut metric).await;

    engine.deadlines.unwatch(engine, group);
    *now = engine.clock();
    if host.is_observed() {
        metric.total_duration = duration(metric.start, *now);
        host.publish(group.id, metric, outcome.as_ref().err());
    }
    host.settle(group.id, metric.operations, outcome)
}

/// Everything that the host is asked for.
async fn commit<H: Host>(
    engine: &Engine<H>,
    group: &Group<H::Error>,
    metric: &mut Metric,
) -> Result<(), BatchError<H::Error>> {
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
    group: &Group<H::Error>,
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
fn join<H: Host>(engine: &Engine<H>, group: &Group<H::Error>) {
    engine.host.take(group.id);
    close_unless(engine.host.waiting(group.id) > 0, engine, group);
}

/// What arrives from now on forms the next batch. Runs beyond `max_operations` stay in the group, and begin it.
fn close_unless<H: Host>(waiting: bool, engine: &Engine<H>, group: &Group<H::Error>) {
    if !waiting {
        group.close(&engine.host);
    }
}

/// Runs the operations that wait, and has those run that arrive until the window closes. True if any of them changed the resource.
async fn run_operations<H: Host>(engine: &Engine<H>, group: &Group<H::Error>, operations: &mut u32) -> bool {
    let (host, options) = (&engine.host, &engine.options);
    let at_most = options.max_operations;

    let is_late = options.min_duration > 0.0 && host.now() >= group.deadline.get();
    loop {
        let last = group.is_closing() || is_late;
        // What the last operations queue themselves belongs to the next batch. What does not fit any more begins it.
        if last && !group.is_closed() {
            close_unless(host.waiting(group.id) > at_most - *operations, engine, group);
        }
        let executed = host.execute(group.id);
        *operations = executed.operations;

        let full = executed.operations == at_most;
        // Without a duration the window closes as soon as what waited has run.
        let idle = options.min_duration == 0.0 && !executed.waiting;
        if last || full || idle {
            close_unless(executed.waiting, engine, group);
            return executed.changed;
        }
        // What the operations queued runs in a later turn; so does what arrives from now on.
        let soon = executed.waiting || group.is_closing();
        if !soon {
            host.keep_executing(group.id);
        }
        group.sleep(soon).await;
    }
}

/// Calls the host. How long that takes is measured only for whoever observes it: to ask for the time costs more than the rest.
async fn call<H: Host>(
    engine: &Engine<H>,
    group: &Group<H::Error>,
    phase: Phase,
    took: &mut f64,
) -> Result<(), BatchError<H::Error>> {
    let host = &engine.host;
    let start = if host.is_observed() { host.now() } else { f64::NAN };
    let outcome = match host.call(group.id, phase) {
        None => return Ok(()),
        Some(Poll::Ready(outcome)) => outcome,
        Some(Poll::Pending) => group.outcome().await,
    };
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
