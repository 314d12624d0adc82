//! Who waits for a place to load or save.

use super::batch::Batch;
use super::places::Place;
use super::{Host, Phase};
use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::rc::Rc;

pub(crate) struct Queue<H: Host> {
    /// Those that wait to load, and to save, each in the order in which they asked, among some that have gone on.
    queues: [RefCell<VecDeque<Rc<Waiting<H>>>>; 2],
    /// How many have asked so far.
    asked: Cell<u64>,
    /// How many of the queues have gone on, at most.
    gone: Cell<usize>,
}

/// A batch that waits for a place.
pub(crate) struct Waiting<H: Host> {
    pub batch: Rc<Batch<H>>,
    pub phase: Phase,
    /// The number of its asking.
    number: u64,
    is_gone: Cell<bool>,
    /// What it has been given, by whoever had it before or needs no more of it than it has.
    pub given: RefCell<Option<Place<H>>>,
}

impl<H: Host> Queue<H> {
    pub fn new() -> Self {
        Self { queues: Default::default(), asked: Cell::new(0), gone: Cell::new(0) }
    }

    pub fn enqueue(&self, batch: &Rc<Batch<H>>, phase: Phase) -> Rc<Waiting<H>> {
        let number = self.asked.replace(self.asked.get() + 1);
        let waiting =
            Waiting { batch: Rc::clone(batch), phase, number, is_gone: Cell::new(false), given: RefCell::new(None) };
        let waiting = Rc::new(waiting);
        self.sweep();
        self.queues[index(phase)].borrow_mut().push_back(Rc::clone(&waiting));
        waiting
    }

    /// Takes the one that asked first out of its queue.
    pub fn next(&self) -> Option<Rc<Waiting<H>>> {
        let [load, save] = [Phase::Load, Phase::Save].map(|phase| self.first(phase));
        self.dequeue(if save < load { Phase::Save } else { Phase::Load })
    }

    /// The number of the first that waits for this phase; the highest if there is none.
    fn first(&self, phase: Phase) -> u64 {
        let mut queue = self.queues[index(phase)].borrow_mut();
        while queue.front().is_some_and(|waiting| waiting.is_gone.get()) {
            queue.pop_front();
        }
        queue.front().map_or(u64::MAX, |waiting| waiting.number)
    }

    /// The memory of a crowd goes back with its last.
    pub fn dequeue(&self, phase: Phase) -> Option<Rc<Waiting<H>>> {
        self.first(phase);
        let mut queue = self.queues[index(phase)].borrow_mut();
        let next = queue.pop_front();
        if queue.is_empty() && queue.capacity() > 1_024 {
            *queue = VecDeque::new();
        }
        next
    }

    /// Those that have gone on leave the queues when they are more than the others.
    fn sweep(&self) {
        let length: usize = self.queues.iter().map(|queue| queue.borrow().len()).sum();
        if 2 * self.gone.get() <= length {
            return;
        }
        self.gone.set(0);
        for queue in &self.queues {
            let waiting = queue.take();
            queue.borrow_mut().extend(waiting.into_iter().filter(|waiting| !waiting.is_gone.get()));
        }
    }

    /// One that waited goes on without having been given anything.
    pub fn leave(&self, waiting: &Waiting<H>) {
        waiting.is_gone.set(true);
        self.gone.set(self.gone.get() + 1);
    }

    /// Wakes those that have something to look at.
    pub fn wake(&self, has: impl Fn(&Batch<H>) -> bool) {
        for queue in &self.queues {
            for waiting in queue.borrow().iter().filter(|waiting| !waiting.is_gone.get() && has(&waiting.batch)) {
                waiting.batch.wake();
            }
        }
    }
}

/// Where the phase has its place among two.
pub(crate) fn index(phase: Phase) -> usize {
    usize::from(phase == Phase::Save)
}

impl<H: Host> Waiting<H> {
    pub fn receive(&self, place: Place<H>) {
        self.given.replace(Some(place));
        self.batch.wake();
    }
}
