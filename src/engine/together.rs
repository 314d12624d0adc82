//! Calls that load or save several batches.

use super::deadlines::Cohort;
use super::{Host, Key};
use std::cell::{Cell, RefCell};
use std::rc::Rc;

/// One call for the batches that want the same in the same turn of the executor. It takes one place.
pub(crate) struct Call<H: Host> {
    keys: RefCell<Vec<Key>>,
    /// How many of the batches it is not done with.
    left: Cell<u32>,
    /// For the batches that start with it.
    cohort: RefCell<Option<Rc<Cohort<H>>>>,
}

impl<H: Host> Call<H> {
    pub fn new() -> Rc<Self> {
        Rc::new(Self { keys: RefCell::default(), left: Cell::new(0), cohort: RefCell::new(None) })
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
        Rc::clone(self.cohort.borrow_mut().get_or_insert_with(|| Cohort::new(now)))
    }
}
