//! All deadlines of a processor, behind one timer of the host.

use super::Host;
use super::group::Group;
use super::options::{LONGEST_TIMER, Options};
use super::processor::Engine;
use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::rc::Rc;

/// A batch waits for the end of its window first, and then for its abort. All wait equally long in each of the two queues, so each is in
/// the order of time by itself: no heap.
pub(crate) struct Deadlines {
    min_duration: f64,
    max_duration: f64,
    windows: Queue,
    aborts: Queue,
    /// The time for which the host's timer is set.
    armed: Cell<Option<f64>>,
}

#[derive(Default)]
struct Queue(RefCell<VecDeque<Deadline>>);

struct Deadline {
    at: f64,
    group: Rc<Group>,
    batch: u32,
}

impl Deadlines {
    pub fn new(options: &Options) -> Self {
        Self {
            min_duration: options.min_duration,
            max_duration: options.max_duration,
            windows: Queue::default(),
            aborts: Queue::default(),
            armed: Cell::new(None),
        }
    }

    /// Whether batches have any deadline.
    pub fn is_needed(&self) -> bool {
        self.min_duration > 0.0 || self.max_duration < f64::INFINITY
    }

    /// Watches over the batch that has just started in this group.
    pub fn watch<H: Host>(&self, engine: &Rc<Engine<H>>, group: &Rc<Group>) {
        if self.min_duration > 0.0 {
            self.windows.push(group, group.started_at() + self.min_duration, engine.open_groups());
        } else {
            self.watch_abort(engine, group, group.started_at() + self.max_duration);
        }
        self.arm(engine);
    }

    /// What the timer calls: closes the windows and aborts the batches that are due.
    pub fn tick<H: Host>(&self, engine: &Rc<Engine<H>>) {
        self.armed.set(None);
        let now = engine.host.now();
        while let Some(group) = self.windows.pop_due(now) {
            group.due();
            // A host's timers can be late by minutes, as in a page that is hidden. What that takes from the window, it does not take from
            // the time that is left to save.
            self.watch_abort(engine, &group, now + self.max_duration - self.min_duration);
        }
        while let Some(group) = self.aborts.pop_due(now) {
            engine.host.abort(group.id);
        }
        self.arm(engine);
    }

    fn watch_abort<H: Host>(&self, engine: &Engine<H>, group: &Rc<Group>, at: f64) {
        if at < f64::INFINITY {
            self.aborts.push(group, at, engine.open_groups());
        }
    }

    /// No batch is left: nothing of them may linger.
    pub fn clear(&self) {
        self.windows.clear();
        self.aborts.clear();
        self.armed.set(None);
    }

    fn arm<H: Host>(&self, engine: &Rc<Engine<H>>) {
        let Some(earliest) = self.windows.earliest().into_iter().chain(self.aborts.earliest()).reduce(f64::min) else {
            return;
        };
        if self.armed.get().is_some_and(|armed| armed <= earliest) {
            return;
        }
        self.armed.set(Some(earliest));
        let delay = (earliest - engine.host.now()).clamp(0.0, LONGEST_TIMER);
        let engine = Rc::clone(engine);
        let host = Rc::clone(&engine);
        host.host.set_timer(delay, move || engine.deadlines.tick(&engine));
    }
}

impl Queue {
    fn push(&self, group: &Rc<Group>, at: f64, open_groups: usize) {
        let mut deadlines = self.0.borrow_mut();
        // Batches that ended before their deadline leave it behind; swept like this, they cost memory in proportion to the batches under
        // way, and each of them a constant time.
        if deadlines.len() > 2 * open_groups + 32 {
            deadlines.retain(Deadline::is_current);
        }
        deadlines.push_back(Deadline { at, group: Rc::clone(group), batch: group.batch() });
    }

    fn pop_due(&self, now: f64) -> Option<Rc<Group>> {
        let at = self.earliest()?;
        let due = if at <= now { self.0.borrow_mut().pop_front() } else { None };
        due.map(|deadline| deadline.group)
    }

    fn earliest(&self) -> Option<f64> {
        let mut deadlines = self.0.borrow_mut();
        while deadlines.front().is_some_and(|deadline| !deadline.is_current()) {
            deadlines.pop_front();
        }
        deadlines.front().map(|deadline| deadline.at)
    }

    fn clear(&self) {
        *self.0.borrow_mut() = VecDeque::new();
    }
}

impl Deadline {
    fn is_current(&self) -> bool {
        self.group.batch() == self.batch
    }
}
