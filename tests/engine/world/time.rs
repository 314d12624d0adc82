//! How time passes, and turns of the executor without it.

use super::Machine;

impl Machine {
    /// Runs the tasks that are scheduled at this moment. False if there are none.
    pub fn turn(&self) -> bool {
        self.executor.turn()
    }

    /// Runs all tasks until each of them waits for something to happen, without any time passing.
    pub fn step(&self) {
        for _ in 0..100_000 {
            if !self.turn() {
                return;
            }
        }
        panic!("the tasks never come to rest");
    }

    /// Lets time pass, and timers go off when they are due.
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
        panic!("the timers go off again and again");
    }

    /// Lets time pass in which the machine does nothing at all, like a computer that sleeps.
    pub fn freeze(&self, duration: f64) {
        self.now.set(self.now() + duration);
    }

    /// Lets time pass in the midst of a turn.
    pub fn stall(&self, duration: f64) {
        self.freeze(duration);
        self.stalls.borrow_mut().push((self.executor.turns(), duration));
    }

    /// How much time has passed in the midst of turns since one.
    pub fn stalled_since(&self, turn: u64) -> f64 {
        self.stalls.borrow().iter().rev().take_while(|(at, _)| *at >= turn).map(|(_, duration)| duration).sum()
    }

    /// Has the next timer go off now, whenever it is due.
    pub fn fire_timer(&self) {
        self.ring();
        self.step();
    }
}
