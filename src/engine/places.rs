//! How many loads and saves may be under way at once, and which batches share a call.

use super::batch::Batch;
use super::processor::Shared;
use super::queue::{Queue, index};
use super::together::Call;
use super::{Host, Options, Phase, Window};
use std::cell::{Cell, RefCell};
use std::rc::Rc;

pub(crate) struct Places<H: Host> {
    concurrency: u32,
    max_keys: u32,
    taken: Cell<u32>,
    queue: Queue<H>,
    /// The calls that batches can still join in this turn: one to load and one to save.
    forming: [RefCell<Option<Rc<Call<H>>>>; 2],
}

/// The right to load or save.
pub(crate) enum Place<H: Host> {
    Own,
    /// In a call with others.
    Shared(Rc<Call<H>>),
}

impl<H: Host> Places<H> {
    pub fn new(options: &Options) -> Self {
        Self {
            concurrency: options.concurrency,
            max_keys: options.max_keys,
            taken: Cell::new(0),
            queue: Queue::new(),
            forming: Default::default(),
        }
    }

    pub fn has_to_wait(&self, host: &H, batch: &Batch<H>, phase: Phase) -> bool {
        let is_free = self.taken.get() < self.concurrency || self.forming(phase).is_some();
        !is_free && host.window(batch.key) != Window::Flushed
    }

    /// Gets a place, in the order of asking. A batch that has been flushed does not wait for one. `None` if meanwhile nobody
    /// wants it any more.
    pub async fn take(&self, shared: &Rc<Shared<H>>, batch: &Rc<Batch<H>>, phase: Phase) -> Option<Place<H>> {
        let host = &shared.host;
        let is_unwanted = || phase == Phase::Load && !host.is_wanted(batch.key);
        if self.has_to_wait(host, batch, phase) {
            let waiting = self.queue.enqueue(batch, phase);
            let goes_on = || is_unwanted() || host.window(batch.key) == Window::Flushed;
            batch.until(|| waiting.given.borrow().is_some() || goes_on()).await;
            match waiting.given.take() {
                None => self.queue.leave(&waiting),
                Some(Place::Own) if is_unwanted() => self.leave(shared, &Place::Own),
                // The call that it is in has been made, or is about to be: it waits for it, wanted or not.
                place => return place,
            }
        }
        if is_unwanted() {
            return None;
        }
        let place = self.give(shared, batch, phase);
        self.fill(phase);
        Some(place)
    }

    /// The batch is done with its place.
    pub fn leave(&self, shared: &Rc<Shared<H>>, place: &Place<H>) {
        if matches!(place, Place::Shared(call) if !call.leave()) {
            return;
        }
        self.taken.set(self.taken.get() - 1);
        if self.taken.get() < self.concurrency {
            if let Some(next) = self.queue.next() {
                next.receive(self.give(shared, &next.batch, next.phase));
                self.fill(next.phase);
            }
        }
    }

    /// Those that have been flushed go on.
    pub fn look(&self, host: &H) {
        self.queue.wake(|batch| host.window(batch.key) == Window::Flushed);
    }

    /// A place in the call that is forming, or else one more.
    fn give(&self, shared: &Rc<Shared<H>>, batch: &Batch<H>, phase: Phase) -> Place<H> {
        if !shared.host.is_shared(phase) {
            self.taken.set(self.taken.get() + 1);
            return Place::Own;
        }
        let call = self.forming(phase).unwrap_or_else(|| self.form(shared, phase));
        call.join(batch.key);
        Place::Shared(call)
    }

    /// Those who wait for the same go with the call that is forming, as far as it has room.
    fn fill(&self, phase: Phase) {
        while let Some(call) = self.forming(phase) {
            let Some(next) = self.queue.dequeue(phase) else { return };
            call.join(next.batch.key);
            next.receive(Place::Shared(call));
        }
    }

    /// A call that is made when this turn has ended, for those who have joined it by then.
    fn form(&self, shared: &Rc<Shared<H>>, phase: Phase) -> Rc<Call<H>> {
        self.taken.set(self.taken.get() + 1);
        let call = Call::new();
        self.forming[index(phase)].replace(Some(Rc::clone(&call)));
        let (engine, formed) = (Rc::clone(shared), Rc::clone(&call));
        shared.host.spawn(async move {
            let forming = &engine.places.forming[index(phase)];
            forming.borrow_mut().take_if(|call| Rc::ptr_eq(call, &formed));
            engine.host.call_together(&formed.keys(), phase);
        });
        call
    }

    /// The call of this turn, if it has room.
    fn forming(&self, phase: Phase) -> Option<Rc<Call<H>>> {
        let forming = self.forming[index(phase)].borrow();
        forming.clone().filter(|call| call.count() < self.max_keys)
    }
}
