//! What the engine asks of the world it lives in.

use super::{BatchError, Metric, Phase};
use std::future::Future;
use std::task::Poll;

/// The number of a group, unique among the groups that are open.
pub type GroupId = usize;

/// The engine's host.
///
/// A *run* is an operation together with whoever waits for its outcome. The runs that a key accepts while one window is open are a
/// *group*, and end up in one batch; only if they are more than a batch may have, in several.
///
/// The host keeps what the engine has no need to see, and what must cost nothing for each run: which key a group belongs to, the list
/// of its runs, and its resource. The engine decides: when a group is loaded, when its operations run, when it is closed, saved and
/// settled. It speaks of whole lists of runs, never of one.
pub trait Host: 'static {
    type Error: 'static;

    /// The next run on the group's key asks for a new group, by [`Processor::open`](super::Processor::open).
    fn close(&self, group: GroupId);
    /// Whether more runs wait than the batch under way still has room for, without those that have been cancelled.
    fn overflows(&self, group: GroupId) -> bool;
    /// Whether any run of the group has neither settled nor been cancelled. If none has, the group has ended, and whatever the host kept
    /// for it can go.
    fn goes_on(&self, group: GroupId) -> bool;

    /// Locks, loads or saves the resource for a batch. `None` if there is nothing to do; pending if that is under way, and
    /// [`Processor::done`](super::Processor::done) will tell its outcome. Never called while another call for the same key is under way.
    fn call(&self, group: GroupId, phase: Phase) -> Option<Poll<Result<(), Self::Error>>>;
    /// Lets go of what the call for [`Phase::Lock`] got hold of, if it did. Called once for each such call that succeeded, after the save has
    /// settled or whatever else became of the batch.
    fn release(&self, group: GroupId);

    /// Takes the runs that wait at this moment, in order, and runs their operations on the resource, one after the other, except those
    /// that have been cancelled; until the batch has [`max_operations`](super::Options::max_operations).
    fn execute(&self, group: GroupId) -> Executed;
    /// The window stays open. From now on, and until [`execute`](Self::execute) is called again, the host does by itself what that does, for
    /// each run that joins the group: not inside of the call that brings the run, but in a turn soon after. When the batch has as many operations
    /// as it may have, the host calls [`Processor::done`](super::Processor::done).
    fn keep_executing(&self, group: GroupId);
    /// The batch has failed before any operation ran, and the runs that wait at this moment share its fate: takes them, in order, as many as
    /// have room in a batch, besides those that have been cancelled.
    fn take(&self, group: GroupId);
    /// Settles the runs that the batch has taken: each with the outcome of its own operation, or all with the batch's error. `operations` is
    /// the number of operations that ran. Returns [`goes_on`](Self::goes_on).
    fn settle(&self, group: GroupId, operations: u32, outcome: Result<(), BatchError<Self::Error>>) -> bool;
    /// The batch has reached its maximal duration. It goes on, but whoever loads or saves it may give up.
    fn abort(&self, group: GroupId);

    /// Milliseconds on a clock that never goes back.
    fn now(&self) -> f64;
    /// Has `tick` called once, `delay` milliseconds from now, in place of what was asked before.
    fn set_timer(&self, delay: f64, tick: impl FnOnce() + 'static);
    /// No group is left: forgets what [`set_timer`](Self::set_timer) was asked, and whatever a crowd of groups may have left behind.
    fn idle(&self);
    /// Runs a task on the single-threaded executor. Its first poll must not happen inside of this call.
    fn spawn(&self, task: impl Future<Output = ()> + 'static);

    /// Whether anybody wants [`publish`](Self::publish) to be called.
    fn is_observed(&self) -> bool;
    /// Hands out the metric of a batch that is about to be settled.
    fn publish(&self, group: GroupId, metric: Metric, error: Option<&BatchError<Self::Error>>);
}

/// What [`Host::execute`] and [`Host::keep_executing`] have done for the batch under way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Executed {
    /// How many operations ran.
    pub operations: u32,
    /// Whether any of them changed the resource.
    pub changed: bool,
    /// Whether runs wait now.
    pub waiting: bool,
}
