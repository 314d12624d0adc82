//! What the engine asks of the world it lives in.

use super::{BatchError, Metric, Phase};
use std::future::Future;

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
    /// The group has ended, and whatever the host kept for it can go.
    fn forget(&self, group: GroupId);

    /// How many runs of the group wait to be taken, those that have been cancelled included.
    fn waiting(&self, group: GroupId) -> u32;
    /// Whether runs of the group have neither settled nor been cancelled.
    fn has_unsettled(&self, group: GroupId) -> bool;
    /// From now on, and until the task that serves the group runs again, the host calls [`Processor::wake`](super::Processor::wake)
    /// when a run joins the group.
    fn park(&self, group: GroupId);

    /// Locks, loads or saves the resource for a batch; `None` if there is nothing to do. Never called while another call for the same key is
    /// under way.
    fn call(&self, group: GroupId, phase: Phase) -> Option<impl Future<Output = Result<(), Self::Error>>>;
    /// Lets go of what the call for [`Phase::Lock`] got hold of, if it did. Called once for each such call that succeeded, after the save has
    /// settled or whatever else became of the batch.
    fn release(&self, group: GroupId);

    /// Takes the runs that wait at this moment, in order, and runs their operations on the resource, one after the other, except those
    /// that have been cancelled; `at_most` so many operations.
    fn execute(&self, group: GroupId, at_most: u32) -> Executed;
    /// The batch has failed before any operation ran, and the runs that wait at this moment share its fate: takes them, in order, `at_most` so
    /// many besides those that have been cancelled.
    fn take(&self, group: GroupId, at_most: u32);
    /// Settles the runs that the batch has taken: each with the outcome of its own operation, or all with the batch's error. `operations` is
    /// the number of operations that ran. Returns [`has_unsettled`](Self::has_unsettled).
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

/// What [`Host::execute`] has done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Executed {
    /// How many operations ran.
    pub operations: u32,
    /// Whether any of them changed the resource.
    pub changed: bool,
    /// Whether runs wait now.
    pub waiting: bool,
}
