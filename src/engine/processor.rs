//! What a processor can be told.

use super::batch::Batch;
use super::deadlines::Deadlines;
use super::places::Places;
use super::{Failure, Host, Key, Options, OptionsError, service};
use std::cell::RefCell;
use std::rc::Rc;

/// Serves keys, each batch after batch.
///
/// It is told of what happens to the batch of a key that is under way; of a key that it does not serve, or not any more,
/// there is nothing to tell, and nothing happens.
pub struct Processor<H: Host>(Rc<Shared<H>>);

/// What the tasks of a processor share.
pub(crate) struct Shared<H: Host> {
    pub host: H,
    pub options: Options,
    pub deadlines: Deadlines<H>,
    pub places: Places<H>,
    pub keys: RefCell<Keys<H>>,
}

/// The keys that are served, with their batches under way.
pub(crate) struct Keys<H: Host> {
    keys: Vec<Served<H>>,
    count: usize,
}

/// What a key is served with: whether there is a task, and its batch under way.
enum Served<H: Host> {
    Not,
    Between,
    With(Rc<Batch<H>>),
}

impl<H: Host> Processor<H> {
    pub fn new(options: Options, host: H) -> Result<Self, OptionsError> {
        options.check()?;
        Ok(Self(Rc::new(Shared {
            host,
            options,
            deadlines: Deadlines::new(&options),
            places: Places::new(&options),
            keys: RefCell::new(Keys { keys: Vec::new(), count: 0 }),
        })))
    }

    pub fn host(&self) -> &H {
        &self.0.host
    }

    /// A key has runs, since the time `opened`: from now on it is served, unless it already is, until the host has no more of them.
    pub fn serve(&self, key: Key, opened: f64) {
        if self.0.keys.borrow_mut().begin(key) {
            let cohort = self.0.deadlines.open(opened);
            self.0.host.spawn(service::serve(Rc::clone(&self.0), key, cohort, opened));
        }
    }

    /// What the host was asked for by [`Host::call`] is done, and came to this.
    pub fn done(&self, key: Key, outcome: Result<(), Failure<H::Error>>) {
        if let Some(batch) = self.batch(key) {
            batch.done(outcome);
        }
    }

    /// The window of the batch has changed.
    pub fn look(&self, key: Key) {
        if let Some(batch) = self.batch(key) {
            batch.wake();
        }
    }

    /// The window of any batch that waits for a place may have changed.
    pub fn look_at_waiting(&self) {
        self.0.places.look(&self.0.host);
    }

    fn batch(&self, key: Key) -> Option<Rc<Batch<H>>> {
        match self.0.keys.borrow().keys.get(key) {
            Some(Served::With(batch)) => Some(Rc::clone(batch)),
            _ => None,
        }
    }
}

impl<H: Host> Keys<H> {
    /// False if the key is served already.
    fn begin(&mut self, key: Key) -> bool {
        if self.keys.len() <= key {
            self.keys.resize_with(key + 1, || Served::Not);
        }
        let is_new = matches!(self.keys[key], Served::Not);
        if is_new {
            self.keys[key] = Served::Between;
            self.count += 1;
        }
        is_new
    }

    /// A batch of the key is under way, or none.
    pub fn set(&mut self, key: Key, batch: Option<Rc<Batch<H>>>) {
        self.keys[key] = batch.map_or(Served::Between, Served::With);
    }

    /// Of a key that has come to its end nothing is kept. The memory of a crowd goes back, that of the everyday coming and going stays.
    pub fn end(&mut self, key: Key) {
        self.keys[key] = Served::Not;
        self.count -= 1;
        if self.count == 0 && self.keys.capacity() > 1_024 {
            self.keys = Vec::new();
        }
    }
}
