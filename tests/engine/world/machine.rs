//! What a processor lives on, and what outlives it: a clock that stands still until it is told, timers, and an executor.

use super::executor::Executor;
use std::cell::{Cell, RefCell};
use std::fmt::Display;
use std::mem;
use std::rc::Rc;

/// What a timer can wait for at most; one that is set for longer goes off at once.
pub const LONGEST_TIMER: f64 = 2_147_483_647.0;

#[derive(Default)]
pub struct Machine {
    pub(super) now: Cell<f64>,
    readings: Cell<usize>,
    alarms: RefCell<Vec<Alarm>>,
    timers: Cell<usize>,
    is_ringing: Cell<bool>,
    starts: Cell<u64>,
    /// By how much timers have been late, in sum.
    lateness: Cell<f64>,
    /// By how much timers have been early, in sum.
    earliness: Cell<f64>,
    /// In which turn of the executor time has passed, and how much.
    pub(super) stalls: RefCell<Vec<(u64, f64)>>,
    pub(super) executor: Executor,
    is_silent: Cell<bool>,
    log: RefCell<Vec<String>>,
}

struct Alarm {
    number: usize,
    at: f64,
    /// It was set when another had gone off.
    is_again: bool,
    ring: Option<Box<dyn FnOnce()>>,
}

/// A timer that is set. When it is dropped, it is cleared.
pub struct Timer {
    number: usize,
    machine: Rc<Machine>,
}

impl Drop for Timer {
    fn drop(&mut self) {
        let mut alarms = self.machine.alarms.borrow_mut();
        let cleared = alarms.iter().position(|alarm| alarm.number == self.number).map(|place| alarms.remove(place));
        drop(alarms);
        // What its closure holds may hold other timers.
        drop(cleared);
    }
}

impl Machine {
    /// The clock, as the engine reads it.
    pub fn read_clock(&self) -> f64 {
        self.readings.set(self.readings.get() + 1);
        self.now()
    }

    /// How often the engine has read the clock.
    pub fn readings(&self) -> usize {
        self.readings.get()
    }

    pub fn now(&self) -> f64 {
        self.now.get()
    }

    pub fn executor(&self) -> &Executor {
        &self.executor
    }

    pub fn set_timer(self: &Rc<Self>, delay: f64, ring: impl FnOnce() + 'static) -> Timer {
        assert!((0.0..=LONGEST_TIMER).contains(&delay), "no timer can wait for {delay} ms");
        let number = self.timers();
        self.timers.set(number + 1);
        let is_again = self.is_ringing.get();
        let alarm = Alarm { number, at: self.now() + delay, is_again, ring: Some(Box::new(ring)) };
        self.alarms.borrow_mut().push(alarm);
        Timer { number, machine: Rc::clone(self) }
    }

    /// How often a timer has been set.
    pub fn timers(&self) -> usize {
        self.timers.get()
    }

    /// How many timers are set, also those that got lost.
    pub fn timers_set(&self) -> usize {
        self.alarms.borrow().len()
    }

    /// When the next timer goes off, if any is set.
    pub fn timer(&self) -> Option<f64> {
        self.alarms.borrow().iter().filter(|alarm| alarm.ring.is_some()).map(|alarm| alarm.at).min_by(f64::total_cmp)
    }

    /// The timers that are set: how much time is left, unless it got lost, and whether it was set when another had gone off.
    pub fn alarms(&self) -> Vec<(Option<f64>, bool)> {
        let alarms = self.alarms.borrow();
        let left = |alarm: &Alarm| alarm.ring.as_ref().map(|_| alarm.at - self.now());
        alarms.iter().map(|alarm| (left(alarm), alarm.is_again)).collect()
    }

    /// None of the timers that are set goes off any more.
    pub fn lose_timers(&self) {
        let lost: Vec<_> = self.alarms.borrow_mut().iter_mut().map(|alarm| alarm.ring.take()).collect();
        drop(lost);
    }

    /// Has the next timer go off now, whenever it is due.
    pub fn ring(&self) {
        let mut alarms = self.alarms.borrow_mut();
        let next = (0..alarms.len())
            .filter(|&place| alarms[place].ring.is_some())
            .min_by(|&a, &b| alarms[a].at.total_cmp(&alarms[b].at))
            .expect("a timer is set");
        let Alarm { at, ring, .. } = alarms.remove(next);
        drop(alarms);
        self.lateness.set(self.lateness.get() + (self.now() - at).max(0.0));
        // By less than a millisecond only, it does not count: platforms round.
        let early = at - self.now();
        self.earliness.set(self.earliness.get() + if early < 1.0 { 0.0 } else { early });
        self.is_ringing.set(true);
        ring.expect("it is not lost")();
        self.is_ringing.set(false);
    }

    /// How many batches have started, with one more.
    pub fn count_start(&self) -> u64 {
        self.starts.set(self.starts.get() + 1);
        self.starts.get()
    }

    /// By how much timers have been late until now, in sum.
    pub fn lateness(&self) -> f64 {
        self.lateness.get()
    }

    /// By how much timers have been early until now, in sum.
    pub fn earliness(&self) -> f64 {
        self.earliness.get()
    }

    /// Notes what happened, and when.
    pub fn log(&self, event: impl Display) {
        if !self.is_silent.get() {
            self.log.borrow_mut().push(format!("{} {event}", self.now()));
        }
    }

    /// What has happened since this was asked last, each line with its time.
    pub fn happened(&self) -> Vec<String> {
        mem::take(&mut *self.log.borrow_mut())
    }

    pub fn is_silent(&self) -> bool {
        self.is_silent.get()
    }

    /// Notes nothing any more.
    pub fn silence(&self) {
        self.is_silent.set(true);
    }
}
