//! How many loads and saves may be under way at once, and which batches share a call.

use super::batch::Batch;
use super::processor::Shared;
use super::together::Call;
use super::{Host, Options, Phase, Window};
use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::rc::Rc;

pub(crate) struct Places<H: Host> {
    concurrency: u32,
    max_keys: u32,
    taken: Cell<u32>,
    /// In the order in which they asked, among some that have gone on.
    queue: RefCell<VecDeque<Rc<Waiting<H>>>>,
    /// How many of the queue have gone on, at most.
    gone: Cell<usize>,
    /// The calls that batches can still join in this turn: one to load and one to save.
    forming: [RefCell<Option<Rc<Call<H>>>>; 2],
}

/// The right to load or save.
pub(crate) enum Place<H: Host> {
    Own,
    /// In a call with others.
    Shared(Rc<Call<H>>),
}

/// A batch that waits for a place.
struct Waiting<H: Host> {
    batch: Rc<Batch<H>>,
    phase: Phase,
    is_gone: Cell<bool>,
    /// What it has been given, by whoever had it before or needs no more of it than it has.
    given: RefCell<Option<Place<H>>>,
}

impl<H: Host> Places<H> {
    pub fn new(options: &Options) -> Self {
        Self {
            concurrency: options.concurrency,
            max_keys: options.max_keys,
            taken: Cell::new(0),
            queue: RefCell::default(),
            gone: Cell::new(0),
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
        let mut place = None;
        if self.has_to_wait(host, batch, phase) {
            let waiting = self.enqueue(batch, phase);
            let is_unwanted = || phase == Phase::Load && !host.is_wanted(batch.key);
            let goes_on = || is_unwanted() || host.window(batch.key) == Window::Flushed;
            batch.until(|| waiting.given.borrow().is_some() || goes_on()).await;
            place = waiting.given.take();
            if place.is_none() {
                waiting.is_gone.set(true);
                self.gone.set(self.gone.get() + 1);
            }
        }
        if phase == Phase::Load && !host.is_wanted(batch.key) {
            if let Some(place) = place {
                self.leave(shared, &place);
            }
            return None;
        }
        Some(place.unwrap_or_else(|| {
            let place = self.give(shared, batch, phase);
            self.fill(phase);
            place
        }))
    }

    /// The batch is done with its place.
    pub fn leave(&self, shared: &Rc<Shared<H>>, place: &Place<H>) {
        if matches!(place, Place::Shared(call) if !call.leave()) {
            return;
        }
        self.taken.set(self.taken.get() - 1);
        if self.taken.get() < self.concurrency {
            if let Some(next) = self.dequeue(|_| true) {
                next.receive(self.give(shared, &next.batch, next.phase));
                self.fill(next.phase);
            }
        }
    }

    /// Those that have been flushed go on.
    pub fn look(&self, host: &H) {
        self.sweep();
        for waiting in &*self.queue.borrow() {
            if host.window(waiting.batch.key) == Window::Flushed {
                waiting.batch.wake();
            }
        }
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
            let Some(next) = self.dequeue(|waiting| waiting.phase == phase) else { return };
            call.join(next.batch.key);
            next.receive(Place::Shared(call));
        }
    }

    /// A call that is made when this turn has ended, for those who have joined it by then.
    fn form(&self, shared: &Rc<Shared<H>>, phase: Phase) -> Rc<Call<H>> {
        self.taken.set(self.taken.get() + 1);
        let call = Call::new();
        self.forming[usize::from(phase == Phase::Save)].replace(Some(Rc::clone(&call)));
        let (engine, formed) = (Rc::clone(shared), Rc::clone(&call));
        shared.host.spawn(async move {
            let forming = &engine.places.forming[usize::from(phase == Phase::Save)];
            forming.borrow_mut().take_if(|call| Rc::ptr_eq(call, &formed));
            engine.host.call_together(&formed.keys(), phase);
        });
        call
    }

    /// The call of this turn, if it has room.
    fn forming(&self, phase: Phase) -> Option<Rc<Call<H>>> {
        let forming = self.forming[usize::from(phase == Phase::Save)].borrow();
        forming.clone().filter(|call| call.count() < self.max_keys)
    }

    fn enqueue(&self, batch: &Rc<Batch<H>>, phase: Phase) -> Rc<Waiting<H>> {
        if 2 * self.gone.get() > self.queue.borrow().len() {
            self.sweep();
        }
        let waiting = Waiting { batch: Rc::clone(batch), phase, is_gone: Cell::new(false), given: RefCell::new(None) };
        let waiting = Rc::new(waiting);
        self.queue.borrow_mut().push_back(Rc::clone(&waiting));
        waiting
    }

    /// Takes the first that fits out of the queue.
    fn dequeue(&self, fits: impl Fn(&Waiting<H>) -> bool) -> Option<Rc<Waiting<H>>> {
        let mut queue = self.queue.borrow_mut();
        let place = queue.iter().position(|waiting| !waiting.is_gone.get() && fits(waiting))?;
        let next = queue.remove(place);
        if queue.is_empty() {
            queue.shrink_to(1_024);
        }
        next
    }

    /// Those that have gone on leave the queue, and the memory of a crowd goes back.
    fn sweep(&self) {
        self.gone.set(0);
        let mut queue = self.queue.borrow_mut();
        queue.retain(|waiting| !waiting.is_gone.get());
        queue.shrink_to(1_024);
    }
}

impl<H: Host> Waiting<H> {
    fn receive(&self, place: Place<H>) {
        self.given.replace(Some(place));
        self.batch.wake();
    }
}
