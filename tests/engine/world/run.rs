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
    operation: Cell<Option<Box<dyn FnOnce() -> Effect>>>,
    effect: Cell<Option<Effect>>,
    outcome: RefCell<Option<Outcome>>,
    /// What its caller does when it has settled.
    reaction: Cell<Option<Box<dyn FnOnce()>>>,
}

impl Run {
    pub fn new(number: u32, name: Name, is_read: bool, operation: impl FnOnce() -> Effect + 'static) -> Rc<Self> {
        Rc::new(Self {
            number,
            name,
            is_read,
            batch: Cell::new(u64::MAX),
            operation: Cell::new(Some(Box::new(operation))),
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

    pub fn execute(&self) -> Effect {
        let operation = self.operation.take();
        hold!(Execution, operation.is_some(), "run {} runs twice", self.number);
        let effect = operation.map(|operation| operation()).expect("it has just been there");
        self.effect.set(Some(effect));
        effect
    }

    pub fn settle(&self, outcome: Outcome) {
        // What a run that has settled would have done is forgotten.
        self.operation.take();
        let earlier = self.outcome.replace(Some(outcome));
        hold!(OneSettlement, earlier.is_none(), "run {} settles twice", self.number);
    }
}
