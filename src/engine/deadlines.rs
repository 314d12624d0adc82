//! When windows close and batches abort.

use super::Host;
use super::batch::Batch;
use super::options::{LONGEST_TIMER, Options};
use super::processor::Shared;
use std::cell::{Cell, RefCell};
use std::rc::{Rc, Weak};

pub(crate) struct Deadlines<H: Host> {
    min_duration: f64,
    max_duration: f64,
    /// The batches that have just been opened, none of which has started yet.
    opened: Cell<Option<Rc<Cohort<H>>>>,
}

/// Batches that share their deadlines, and one timer: they were opened in the same turn and the same millisecond, and
/// since all of a processor last equally long, they reach them together. So a timer that the host loses delays no batch
/// that is opened in another turn.
///
/// It lives as long as one of its batches, and its timer with it: none keeps a process alive for nothing.
pub(crate) struct Cohort<H: Host> {
    first: f64,
    last: Cell<f64>,
    batches: RefCell<Vec<Weak<Batch<H>>>>,
    timer: Cell<Option<H::Timer>>,
}

#[derive(Clone, Copy)]
enum Deadline {
    /// The window closes.
    Window,
    /// The batch aborts.
    Abort,
}

impl<H: Host> Deadlines<H> {
    pub fn new(options: &Options) -> Self {
        Self { min_duration: options.min_duration, max_duration: options.max_duration, opened: Cell::new(None) }
    }

    /// The cohort of a batch that is opened now.
    pub fn open(&self, now: f64) -> Rc<Cohort<H>> {
        let cohort = self.opened.take().filter(|cohort| (0.0..1.0).contains(&(now - cohort.first)));
        let cohort = cohort.unwrap_or_else(|| Cohort::new(now));
        cohort.last.set(cohort.last.get().max(now));
        self.opened.set(Some(Rc::clone(&cohort)));
        cohort
    }

    /// Watches over a batch that starts now, until its cohort is taken from it.
    pub fn watch(&self, shared: &Rc<Shared<H>>, batch: &Rc<Batch<H>>, cohort: Rc<Cohort<H>>) {
        self.opened.take();
        let (deadline, duration) = if self.min_duration > 0.0 {
            (Deadline::Window, self.min_duration)
        } else {
            (Deadline::Abort, self.max_duration)
        };
        if duration == f64::INFINITY {
            return;
        }
        let mut batches = cohort.batches.borrow_mut();
        batches.push(Rc::downgrade(batch));
        if batches.len() == 1 {
            // The first is late by a millisecond at most, and the last does not come short.
            cohort.arm(shared, deadline, cohort.last.get() + duration - shared.host.now());
        }
        drop(batches);
        batch.cohort.set(Some(cohort));
    }
}

impl<H: Host> Cohort<H> {
    pub fn new(now: f64) -> Rc<Self> {
        Rc::new(Self { first: now, last: Cell::new(now), batches: RefCell::default(), timer: Cell::new(None) })
    }

    /// Sets the timer for a deadline; for one beyond what a timer can hold, again and again.
    fn arm(self: &Rc<Self>, shared: &Rc<Shared<H>>, deadline: Deadline, left: f64) {
        let delay = left.clamp(0.0, LONGEST_TIMER);
        let at = shared.host.now() + delay;
        let cohort = Rc::downgrade(self);
        let engine = Rc::clone(shared);
        let ring = move || {
            let Some(cohort) = cohort.upgrade() else { return };
            // Platforms round: a timer may ring a fraction of a millisecond early.
            let early = at - engine.host.now();
            if left > delay {
                cohort.arm(&engine, deadline, left - delay);
            } else if 0.0 < early && early < 1.0 && early < left {
                cohort.arm(&engine, deadline, early);
            } else {
                cohort.reach(&engine, deadline);
            }
        };
        let timer = shared.host.set_timer(delay, ring);
        self.timer.set(Some(timer));
    }

    /// A timer that rings for a deadline has reached it, whatever the clock says.
    fn reach(self: &Rc<Self>, shared: &Rc<Shared<H>>, deadline: Deadline) {
        let Deadlines { min_duration, max_duration, .. } = shared.deadlines;
        match deadline {
            Deadline::Window => {
                self.each(Batch::due);
                // A host's timers can be late by minutes, as in a page that is hidden. What that takes from the window, it does not take
                // from the time that is left to save: that begins now.
                if max_duration == min_duration {
                    self.reach(shared, Deadline::Abort);
                } else if max_duration < f64::INFINITY {
                    self.arm(shared, Deadline::Abort, max_duration - min_duration);
                }
            }
            Deadline::Abort => self.each(|batch| {
                shared.host.abort(batch.key);
                batch.wake();
            }),
        }
    }

    /// Those of its batches that have not ended.
    fn each(&self, act: impl Fn(&Batch<H>)) {
        for batch in self.batches.borrow().iter().filter_map(Weak::upgrade) {
            // One that has ended may still be in a queue.
            if batch.is_watched() {
                act(&batch);
            }
        }
    }
}
