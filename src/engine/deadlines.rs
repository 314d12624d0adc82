//! All deadlines of a processor, behind one timer of the host.

use super::Host;
use super::group::Group;
use super::options::{LONGEST_TIMER, Options};
use super::processor::Engine;
use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::rc::Rc;

/// Every batch of a processor has the same two durations, so each queue is in the order of time by itself: no heap.
pub(crate) struct Deadlines {
    windows: Queue,
    aborts: Queue,
    /// The time for which the host's timer is set.
    armed: Cell<Option<f64>>,
}

struct Queue {
    duration: f64,
    deadlines: RefCell<VecDeque<Deadline>>,
}

struct Deadline {
    duration: f64,
    group: Rc<Group>,
    batch: u32,
}

impl Deadlines {
    pub fn new(options: &Options) -> Self {
        Self {
            windows: Queue::new(options.min_duration),
            aborts: Queue::new(options.max_duration),
            armed: Cell::new(None),
        }
    }

    /// Whether batches have any deadline.
    pub fn is_needed(&self) -> bool {
        self.windows.duration > 0.0 || self.aborts.duration < f64::INFINITY
    }

    /// Watches over the batch that has just started in this group.
    pub fn watch<H: Host>(&self, engine: &Rc<Engine<H>>, group: &Rc<Group>) {
        // The window of a batch that was flushed before it began is closed, and one without duration closes with the load.
        if self.windows.duration > 0.0 && !group.is_closed() {
            self.windows.push(group, engine.open_groups());
        }
        if self.aborts.duration < f64::INFINITY {
            self.aborts.push(group, engine.open_groups());
        }
        self.arm(engine);
    }

    /// What the timer calls: closes the windows and aborts the batches that are due.
    pub fn tick<H: Host>(&self, engine: &Rc<Engine<H>>) {
        self.armed.set(None);
        let now = engine.host.now();
        while let Some(deadline) = self.windows.pop_due(now) {
            deadline.group.due_late(now - deadline.at());
        }
        while let Some(deadline) = self.aborts.pop_due(now) {
            engine.host.abort(deadline.group.id);
        }
        self.arm(engine);
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
    fn new(duration: f64) -> Self {
        Self { duration, deadlines: RefCell::default() }
    }

    fn push(&self, group: &Rc<Group>, open_groups: usize) {
        let mut deadlines = self.deadlines.borrow_mut();
        // Batches that ended before their deadline leave it behind; swept like this, they cost memory in proportion to the
        // batches under way, and each of them a constant time.
        if deadlines.len() > 2 * open_groups + 32 {
            deadlines.retain(Deadline::is_current);
        }
        deadlines.push_back(Deadline { duration: self.duration, group: Rc::clone(group), batch: group.batch() });
    }

    fn pop_due(&self, now: f64) -> Option<Deadline> {
        let at = self.earliest()?;
        if at <= now { self.deadlines.borrow_mut().pop_front() } else { None }
    }

    fn earliest(&self) -> Option<f64> {
        let mut deadlines = self.deadlines.borrow_mut();
        while deadlines.front().is_some_and(|deadline| !deadline.is_current()) {
            deadlines.pop_front();
        }
        deadlines.front().map(Deadline::at)
    }

    fn clear(&self) {
        *self.deadlines.borrow_mut() = VecDeque::new();
    }
}

impl Deadline {
    /// A host's timers can be late by minutes, as in a page that is hidden. What the window lost, the time that is left to save does not
    /// lose as well.
    fn at(&self) -> f64 {
        self.group.started_at() + self.duration + self.group.lateness()
    }

    fn is_current(&self) -> bool {
        self.group.batch() == self.batch
    }
}
