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
        while Batch::start(&engine, &group, now).live(&mut now).await {}
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

/// A batch under way.
struct Batch<'a, H: Host> {
    engine: &'a Engine<H>,
    group: &'a Group<H::Error>,
    metric: Metric,
}

impl<'a, H: Host> Batch<'a, H> {
    fn start(engine: &'a Rc<Engine<H>>, group: &'a Group<H::Error>, now: f64) -> Self {
        group.start();
        engine.deadlines.watch(engine, group, now);
        Self { engine, group, metric: Metric { start: now, ..Metric::default() } }
    }

    /// Until `now`, the moment when all its runs settle together. True if runs of the group want another batch.
    async fn live(&mut self, now: &mut f64) -> bool {
        let outcome = self.commit().await;

        let Self { engine, group, metric } = self;
        engine.deadlines.unwatch(engine, group);
        *now = engine.clock();
        if engine.host.is_observed() {
            metric.total_duration = duration(metric.start, *now);
            engine.host.publish(group.id, *metric, outcome.as_ref().err());
        }
        engine.host.settle(group.id, metric.operations, outcome)
    }

    /// Everything that the host is asked for.
    async fn commit(&mut self) -> Result<(), BatchError<H::Error>> {
        let locked = self.call(Phase::Lock).await;
        if locked.is_err() {
            self.join();
            return locked;
        }
        let outcome = self.load_and_save().await;
        self.engine.host.release(self.group.id);
        outcome
    }

    /// Loads, runs what waits and what arrives until the window closes, and saves.
    async fn load_and_save(&mut self) -> Result<(), BatchError<H::Error>> {
        let loaded = self.call(Phase::Load).await;
        if loaded.is_err() {
            self.join();
            return loaded;
        }
        if self.run_operations().await { self.call(Phase::Save).await } else { Ok(()) }
    }

    /// The batch has failed before any operation ran: what waits for it shares its fate.
    fn join(&self) {
        let host = &self.engine.host;
        host.take(self.group.id);
        self.close_unless(host.overflows(self.group.id));
    }

    /// What arrives from now on forms the next batch. Runs beyond `max_operations` stay in the group, and begin it.
    fn close_unless(&self, waiting: bool) {
        if !waiting {
            self.group.close(&self.engine.host);
        }
    }

    /// Runs the operations that wait, and has those run that arrive until the window closes. True if any of them changed the resource.
    async fn run_operations(&mut self) -> bool {
        let Engine { host, options, .. } = self.engine;
        let group = self.group;

        let is_late = options.min_duration > 0.0 && host.now() >= group.deadline.get();
        loop {
            let last = group.is_closing() || is_late;
            // What the last operations queue themselves belongs to the next batch. What does not fit any more begins it.
            if last {
                self.close_unless(host.overflows(group.id));
            }
            let executed = host.execute(group.id);
            self.metric.operations = executed.operations;

            let full = executed.operations == options.max_operations;
            // Without a duration the window closes as soon as what waited has run.
            let idle = options.min_duration == 0.0 && !executed.waiting;
            if last || full || idle {
                self.close_unless(executed.waiting);
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
    async fn call(&mut self, phase: Phase) -> Result<(), BatchError<H::Error>> {
        let host = &self.engine.host;
        let start = if host.is_observed() { host.now() } else { f64::NAN };
        let outcome = match host.call(self.group.id, phase) {
            None => return Ok(()),
            Some(Poll::Ready(outcome)) => outcome,
            Some(Poll::Pending) => self.group.outcome().await,
        };
        if host.is_observed() {
            *self.metric.duration_of(phase) = duration(start, host.now());
        }
        outcome.map_err(|cause| BatchError { phase, cause })
    }
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
