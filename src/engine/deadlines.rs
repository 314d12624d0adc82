//! All deadlines of a processor, behind one timer of the host.

use super::Host;
use super::group::Group;
use super::host::GroupId;
use super::options::{LONGEST_TIMER, Options};
use super::processor::Engine;
use std::cell::Cell;
use std::rc::Rc;

/// A batch waits for the end of its window first, and then for its abort. All wait equally long in each of the two queues, so each is in
/// the order of time by itself: no heap.
pub(crate) struct Deadlines {
    min_duration: f64,
    max_duration: f64,
    windows: Queue,
    aborts: Queue,
    /// The time for which the host's timer is set.
    armed: Cell<f64>,
}

/// Groups that wait for their deadline, each linked to its neighbours.
#[derive(Default)]
struct Queue {
    first: Cell<Option<GroupId>>,
    last: Cell<Option<GroupId>>,
}

impl Deadlines {
    pub fn new(options: &Options) -> Self {
        Self {
            min_duration: options.min_duration,
            max_duration: options.max_duration,
            windows: Queue::default(),
            aborts: Queue::default(),
            armed: Cell::new(f64::INFINITY),
        }
    }

    /// Whether batches have any deadline.
    pub fn is_needed(&self) -> bool {
        self.min_duration > 0.0 || self.max_duration < f64::INFINITY
    }

    /// Watches over the batch that starts now in this group.
    pub fn watch<H: Host>(&self, engine: &Rc<Engine<H>>, group: &Group<H::Error>, now: f64) {
        if self.min_duration > 0.0 {
            self.windows.push(engine, group, now + self.min_duration);
        } else {
            self.aborts.push(engine, group, now + self.max_duration);
        }
        self.arm(engine);
    }

    /// The batch under way in this group has ended.
    pub fn unwatch<H: Host>(&self, engine: &Engine<H>, group: &Group<H::Error>) {
        let queue = if self.min_duration > 0.0 && !group.is_due() { &self.windows } else { &self.aborts };
        queue.remove(engine, group);
    }

    /// What the timer calls: closes the windows and aborts the batches that are due.
    pub fn tick<H: Host>(&self, engine: &Rc<Engine<H>>) {
        self.armed.set(f64::INFINITY);
        let now = engine.host.now();
        while let Some(group) = self.windows.pop_due(engine, now) {
            group.due();
            // A host's timers can be late by minutes, as in a page that is hidden. What that takes from the window, it does not take from
            // the time that is left to save.
            self.aborts.push(engine, &group, now + self.max_duration - self.min_duration);
        }
        while let Some(group) = self.aborts.pop_due(engine, now) {
            engine.host.abort(group.id);
        }
        self.arm(engine);
    }

    /// No batch is left, and the host has let go of the timer.
    pub fn clear(&self) {
        self.armed.set(f64::INFINITY);
    }

    fn arm<H: Host>(&self, engine: &Rc<Engine<H>>) {
        let earliest = self.windows.earliest(engine).min(self.aborts.earliest(engine));
        if earliest >= self.armed.get() {
            return;
        }
        self.armed.set(earliest);
        let delay = (earliest - engine.host.now()).clamp(0.0, LONGEST_TIMER);
        let engine = Rc::clone(engine);
        let host = Rc::clone(&engine);
        host.host.set_timer(delay, move || engine.deadlines.tick(&engine));
    }
}

impl Queue {
    fn push<H: Host>(&self, engine: &Engine<H>, group: &Group<H::Error>, at: f64) {
        // Where there are no deadlines they cost nothing.
        if at == f64::INFINITY {
            return;
        }
        group.deadline.set(at);
        let earlier = self.last.replace(Some(group.id));
        group.earlier.set(earlier);
        match neighbour(engine, earlier) {
            Some(earlier) => earlier.later.set(Some(group.id)),
            None => self.first.set(Some(group.id)),
        }
    }

    /// Nothing happens if the group is not in the queue, or not any more.
    fn remove<H: Host>(&self, engine: &Engine<H>, group: &Group<H::Error>) {
        let (earlier, later) = (group.earlier.take(), group.later.take());
        match neighbour(engine, earlier) {
            Some(earlier) => earlier.later.set(later),
            None if self.first.get() == Some(group.id) => self.first.set(later),
            None => return,
        }
        match neighbour(engine, later) {
            Some(later) => later.earlier.set(earlier),
            None => self.last.set(earlier),
        }
    }

    fn pop_due<H: Host>(&self, engine: &Engine<H>, now: f64) -> Option<Rc<Group<H::Error>>> {
        let group = neighbour(engine, self.first.get()).filter(|group| group.deadline.get() <= now)?;
        self.remove(engine, &group);
        Some(group)
    }

    fn earliest<H: Host>(&self, engine: &Engine<H>) -> f64 {
        neighbour(engine, self.first.get()).map_or(f64::INFINITY, |group| group.deadline.get())
    }
}

fn neighbour<H: Host>(engine: &Engine<H>, id: Option<GroupId>) -> Option<Rc<Group<H::Error>>> {
    id.and_then(|id| engine.group(id))
}
