//! Calls that load or save several batches.

use super::deadlines::Cohort;
use super::{Host, Key};
use std::cell::{Cell, RefCell};
use std::rc::{Rc, Weak};

/// One call for the batches that want the same in the same turn of the executor. It takes one place.
pub(crate) struct Call<H: Host> {
    keys: RefCell<Vec<Key>>,
    /// How many of the batches it is not done with.
    left: Cell<u32>,
    /// Of the batches that start with it. The call, which may take longer than one of them, keeps no timer.
    cohort: RefCell<Weak<Cohort<H>>>,
}

impl<H: Host> Call<H> {
    pub fn new() -> Rc<Self> {
        Rc::new(Self { keys: RefCell::default(), left: Cell::new(0), cohort: RefCell::default() })
    }

    pub fn join(&self, key: Key) {
        self.keys.borrow_mut().push(key);
        self.left.set(self.left.get() + 1);
    }

    pub fn keys(&self) -> Vec<Key> {
        self.keys.borrow().clone()
    }

    /// How many batches are in it.
    pub fn count(&self) -> u32 {
        self.keys.borrow().len() as u32
    }

    /// It is done with one more batch. True if that was the last.
    pub fn leave(&self) -> bool {
        self.left.set(self.left.get() - 1);
        self.left.get() == 0
    }

    pub fn cohort(&self, now: f64) -> Rc<Cohort<H>> {
        let cohort = self.cohort.borrow().upgrade().unwrap_or_else(|| Cohort::new(now));
        self.cohort.replace(Rc::downgrade(&cohort));
        cohort
    }
}
