//! What the engine asks of the world it lives in.

use super::{BatchError, Failure, Metric, Phase};
use std::future::Future;
use std::task::Poll;

/// The number of a key that has runs, unique among those. Small: the engine keeps its batches in an array.
pub type Key = usize;

/// The engine's host.
///
/// A *run* is an operation together with whoever waits for its outcome. The runs that a key accepts while one window is open are a
/// *batch*; what comes later forms the next one, which begins when the batch before it has settled.
///
/// The host keeps what the engine has no need to see, and what must cost nothing for each run: the keys themselves, the runs of each
/// batch, and its resource. The engine decides: when a batch begins, is loaded, runs its operations, saves and settles. Both speak of
/// keys, and mean the batch of that key which is under way.
///
/// The engine is not to be entered while it is inside of one of these methods: the host keeps what it has to tell until
/// the method has returned.
pub trait Host: 'static {
    type Error: 'static;
    /// A timer that is set. When it is dropped, it is cleared.
    type Timer: 'static;

    /// Whether there is anything to do in this phase, for any batch.
    fn calls(&self, phase: Phase) -> bool;
    /// Whether what there is to do in this phase is done for several batches by one call.
    fn is_shared(&self, phase: Phase) -> bool;
    /// The key's next batch begins: the first one with a run that has not been cancelled.
    fn begin(&self, key: Key) -> Begun;
    /// Whether the batch has a run that has not been cancelled, and has not aborted where it starts over.
    fn is_wanted(&self, key: Key) -> bool;
    /// The window of the batch, as it is now. The host closes it by itself when it knows. What the batch waits for may depend
    /// on it: so the host tells by [`Processor::look`](super::Processor::look) that it has changed.
    fn window(&self, key: Key) -> Window;

    /// Locks, loads or saves the resource. If that is under way, [`Processor::done`](super::Processor::done) will tell its outcome. Never
    /// called while another call for the same key is under way.
    fn call(&self, key: Key, phase: Phase) -> Poll<Result<(), Failure<Self::Error>>>;
    /// The same for several batches by one call, each of another key. [`Processor::done`](super::Processor::done) will tell
    /// the outcome of each, not inside of this call.
    fn call_together(&self, keys: &[Key], phase: Phase);
    /// Lets go of what the call for [`Phase::Lock`] got hold of. Called once for each such call that succeeded, after the
    /// save has settled or whatever else became of the batch.
    fn release(&self, key: Key);
    /// Runs the operations of the runs that wait, in order. With `is_last` it closes the window before that. Otherwise the window may
    /// stay open: then the host goes on to do the same, soon after, for each run that joins the batch, until it is called again.
    fn execute(&self, key: Key, is_last: bool) -> Executed;
    /// The save had a conflict, and the batch starts over: the resource will be loaded again, and all operations run again on it, in
    /// order. Until it is loaded, what came of this attempt counts: the batch may yet be given up.
    fn start_over(&self, key: Key);
    /// The batch has reached its maximal duration. It goes on, but whoever locks, loads or saves it may give up.
    fn abort(&self, key: Key);
    /// Whether it has been aborted, for that reason or another of the host's.
    fn is_aborted(&self, key: Key) -> bool;
    /// Settles the runs of the batch: each with the outcome of its own operation, or all with the batch's error. If its
    /// window is still open, it closes. Returns whether the key has another batch; if not, it has come to its end: its number
    /// is free.
    fn settle(&self, key: Key, outcome: Result<(), BatchError<Self::Error>>) -> bool;

    /// Whether anybody wants [`publish`](Self::publish) to be called for the batch.
    fn is_observed(&self, key: Key) -> bool;
    /// Hands out the metric of a batch that is about to be settled.
    fn publish(&self, key: Key, metric: Metric, error: Option<&BatchError<Self::Error>>);

    /// A random number from 0 up to 1, for the time between two attempts.
    fn random(&self) -> f64;
    /// Milliseconds on a clock that never goes back.
    fn now(&self) -> f64;
    /// Has `ring` called once, `delay` milliseconds from now.
    fn set_timer(&self, delay: f64, ring: impl FnOnce() + 'static) -> Self::Timer;
    /// Runs a task on the single-threaded executor: what is spawned or woken during one of its turns is polled in the next.
    fn spawn(&self, task: impl Future<Output = ()> + 'static);
}

/// Which batch has begun.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Begun {
    /// None: the key has come to its end, and its number is free.
    Nothing,
    /// The one that comes next.
    Next,
    /// Another one, as all runs of those before it have been cancelled.
    Later,
}

/// The window of a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Window {
    Open,
    /// No run joins the batch any more.
    Closed,
    /// No run joins the batch any more, and somebody waits for its end: it is not to wait for a place.
    Flushed,
}

/// What [`Host::execute`] has done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Executed {
    /// Whether any operation of the batch has changed the resource.
    pub is_changed: bool,
    /// Whether the window is closed, and every operation of the batch has run.
    pub is_last: bool,
}
