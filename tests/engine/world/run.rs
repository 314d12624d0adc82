//! A run: an operation together with whoever waits for its outcome.

use super::rules::hold;
use super::{BatchError, Cause};
use std::cell::{Cell, RefCell};
use std::rc::Rc;

/// The name of a key.
pub type Name = &'static str;

/// A resource is the list of the runs that have changed it.
pub type Resource = Vec<u32>;

/// What an operation does to its resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Effect {
    Changes,
    Reads,
    Throws,
    /// It has changed the resource before.
    ChangesAndThrows,
}

/// How a run settled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    Resolved,
    Threw,
    /// Its batch failed, after so many operations had run.
    Failed(BatchError<Cause>, u32),
    Cancelled,
    Stopped,
}

pub struct Run {
    pub number: u32,
    pub name: Name,
    /// It causes no save, so no window stays open for it.
    pub is_read: bool,
    /// The number of the batch that has accepted it.
    pub batch: Cell<u64>,
    operation: RefCell<Option<Box<dyn FnMut() -> Effect>>>,
    /// How often its operation has run.
    executions: Cell<u32>,
    effect: Cell<Option<Effect>>,
    outcome: RefCell<Option<Outcome>>,
    /// What its caller does when it has settled.
    reaction: Cell<Option<Box<dyn FnOnce()>>>,
}

impl Run {
    pub fn new(number: u32, name: Name, is_read: bool, operation: impl FnMut() -> Effect + 'static) -> Rc<Self> {
        Rc::new(Self {
            number,
            name,
            is_read,
            batch: Cell::new(u64::MAX),
            operation: RefCell::new(Some(Box::new(operation))),
            executions: Cell::new(0),
            effect: Cell::new(None),
            outcome: RefCell::new(None),
            reaction: Cell::new(None),
        })
    }

    /// How it settled, or `None` while it is pending.
    pub fn outcome(&self) -> Option<Outcome> {
        self.outcome.borrow().clone()
    }

    pub fn is_pending(&self) -> bool {
        self.outcome.borrow().is_none()
    }

    /// What its operation did, if it ran.
    pub fn effect(&self) -> Option<Effect> {
        self.effect.get()
    }

    pub fn is_changing(&self) -> bool {
        matches!(self.effect.get(), Some(Effect::Changes | Effect::ChangesAndThrows))
    }

    /// Sets what its caller does when it has settled.
    pub fn then(&self, reaction: impl FnOnce() + 'static) {
        self.reaction.set(Some(Box::new(reaction)));
    }

    /// What its caller does now, if it has settled.
    pub fn reaction(&self) -> Option<Box<dyn FnOnce()>> {
        if self.is_pending() { None } else { self.reaction.take() }
    }

    /// Whether its operation has run, in this attempt or another.
    pub fn is_executed(&self) -> bool {
        self.executions.get() > 0
    }

    /// Its operation runs, in this attempt of its batch.
    pub fn execute(&self, attempt: u32) {
        let executions = self.executions.replace(self.executions.get() + 1);
        hold!(Execution, executions + 1 == attempt, "run {} runs for the {executions}. time", self.number);
        let effect = self.operation.borrow_mut().as_mut().expect("it is pending")();
        self.effect.set(Some(effect));
    }

    /// Its batch starts over: what its operation did is void.
    pub fn start_over(&self) {
        self.effect.set(None);
    }

    pub fn settle(&self, outcome: Outcome) {
        // What a run that has settled would have done is forgotten.
        self.operation.take();
        let earlier = self.outcome.replace(Some(outcome));
        hold!(OneSettlement, earlier.is_none(), "run {} settles twice", self.number);
    }
}
