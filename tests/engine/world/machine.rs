//! What a processor lives on, and what outlives it: a clock that stands still until it is told, one timer, and an executor.

use super::executor::Executor;
use std::cell::{Cell, RefCell};
use std::fmt::Display;
use std::mem;

/// What a timer can wait for at most; one that is set for longer goes off at once.
pub const LONGEST_TIMER: f64 = 2_147_483_647.0;

#[derive(Default)]
pub struct Machine {
    now: Cell<f64>,
    readings: Cell<usize>,
    timer: RefCell<Option<Timer>>,
    timers: Cell<usize>,
    executor: Executor,
    is_silent: Cell<bool>,
    log: RefCell<Vec<String>>,
}

struct Timer {
    at: f64,
    tick: Box<dyn FnOnce()>,
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

    pub fn set_timer(&self, delay: f64, tick: impl FnOnce() + 'static) {
        assert!((0.0..=LONGEST_TIMER).contains(&delay), "no timer can wait for {delay} ms");
        self.timers.set(self.timers.get() + 1);
        *self.timer.borrow_mut() = Some(Timer { at: self.now() + delay, tick: Box::new(tick) });
    }

    /// How often the timer has been set.
    pub fn timers(&self) -> usize {
        self.timers.get()
    }

    pub fn clear_timer(&self) {
        *self.timer.borrow_mut() = None;
    }

    /// When the timer goes off, if it is set.
    pub fn timer(&self) -> Option<f64> {
        self.timer.borrow().as_ref().map(|timer| timer.at)
    }

    pub fn executor(&self) -> &Executor {
        &self.executor
    }

    /// Runs the tasks that are scheduled at this moment. False if there are none.
    pub fn turn(&self) -> bool {
        self.executor.turn()
    }

    /// Runs all tasks until each of them waits for something to happen, without any time passing.
    pub fn step(&self) {
        for _ in 0..10_000 {
            if !self.turn() {
                return;
            }
        }
        panic!("the tasks never come to rest");
    }

    /// Lets time pass, and the timer go off when it is due.
    pub fn advance(&self, duration: f64) {
        self.step();
        let end = self.now() + duration;
        for _ in 0..10_000 {
            let Some(at) = self.timer().filter(|&at| at <= end) else {
                self.now.set(end);
                return;
            };
            self.now.set(at.max(self.now()));
            self.fire_timer();
        }
        panic!("the timer goes off again and again");
    }

    /// Lets time pass in which the machine does nothing at all, like a computer that sleeps.
    pub fn freeze(&self, duration: f64) {
        self.now.set(self.now() + duration);
    }

    /// Has the timer go off now, whenever it is due.
    pub fn fire_timer(&self) {
        let timer = self.timer.borrow_mut().take().expect("a timer is set");
        (timer.tick)();
        self.step();
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

    /// Notes nothing any more.
    pub fn silence(&self) {
        self.is_silent.set(true);
    }
}
