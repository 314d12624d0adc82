//! The trait, method by method, with its rules: what the engine may ask for, and when.

use super::batch::{Execution, Lock};
use super::rules::hold;
use super::{BatchError, Cause, Host, Phase, Published, Timer, told};
use groupcommit::engine::{self, Begun, Executed, Failure, Key, Metric, Window};
use std::future::Future;
use std::mem;
use std::task::Poll;

impl engine::Host for Host {
    type Error = Cause;
    type Timer = Timer;

    fn calls(&self, phase: Phase) -> bool {
        self.has(phase)
    }

    fn begin(&self, key: Key) -> Begun {
        let turn = self.turn();
        let mut keys = self.keys.borrow_mut();
        hold!(Served, keys.may_begin(key), "a key begins before the engine was told");
        let Some(state) = keys.find(key) else { return Begun::Nothing };
        hold!(NextTurn, state.settled_in != Some(turn), "a batch of {} begins at once", state.name);
        hold!(CallOrder, state.batches.iter().all(|batch| batch.start.is_none()), "two batches of {}", state.name);
        self.places.borrow_mut().forget(key);
        let mut begun = Begun::Next;
        while state.batches.front().is_some_and(|batch| batch.live == 0) {
            state.batches.pop_front();
            begun = Begun::Later;
        }
        let opened = state.opened.take().filter(|_| begun == Begun::Next);
        let Some(batch) = state.batches.front_mut() else {
            keys.remove(key);
            return Begun::Nothing;
        };
        batch.begun_in = Some(turn);
        batch.opened = opened;
        match (self.has(Phase::Lock), self.has(Phase::Load)) {
            (false, true) => self.places.borrow_mut().ask(key, Phase::Load, turn),
            (false, false) => batch.start(false, &self.machine),
            _ => {}
        }
        begun
    }

    fn is_wanted(&self, key: Key) -> bool {
        self.turn();
        let is_wanted = self.keys.borrow_mut().under_way(key).is_wanted();
        if !is_wanted {
            self.places.borrow_mut().forget(key);
        }
        is_wanted
    }

    fn window(&self, key: Key) -> Window {
        self.keys.borrow_mut().under_way(key).window
    }

    fn call(&self, key: Key, phase: Phase) -> Poll<Result<(), Failure<Cause>>> {
        hold!(Calls, !self.shares(phase), "{phase:?} for one batch");
        self.ask(&[key], phase);
        let Some(outcome) = self.answer(key, phase) else { return Poll::Pending };
        let outcome = self.answered(key, outcome);
        if phase == Phase::Lock && outcome.is_ok() && self.has(Phase::Load) {
            self.places.borrow_mut().forget(key);
            self.places.borrow_mut().ask(key, Phase::Load, self.machine.executor().turns());
        }
        Poll::Ready(told(outcome))
    }

    fn is_shared(&self, phase: Phase) -> bool {
        self.shares(phase)
    }

    fn call_together(&self, keys: &[Key], phase: Phase) {
        let count = keys.len();
        hold!(Calls, self.shares(phase), "{phase:?} for {count} batches");
        hold!(Calls, (1..=self.config.options.max_keys as usize).contains(&count), "{phase:?} for {count} batches");
        self.ask(keys, phase);
        let outcomes = keys.iter().filter_map(|&key| Some((key, self.answer(key, phase)?)));
        self.to_tell.borrow_mut().extend(outcomes);
    }

    fn release(&self, key: Key) {
        self.turn();
        let mut keys = self.keys.borrow_mut();
        let name = keys.state(key).name;
        let batch = keys.under_way(key);
        let lock = mem::replace(&mut batch.lock, Lock::Released);
        hold!(Lock, lock == Lock::Held, "the lock of {name} was {lock:?}");
        let is_needed = batch.call.is_some() || batch.is_changed && !batch.is_saved && batch.error.is_none();
        hold!(Lock, !is_needed || !self.has(Phase::Save), "the lock of {name} is still needed");
        self.machine.log(format_args!("release {name}"));
    }

    fn execute(&self, key: Key, is_last: bool) -> Executed {
        let turn = self.turn();
        let mut keys = self.keys.borrow_mut();
        let name = keys.state(key).name;
        let batch = keys.under_way(key);
        batch.begin_attempt();
        if !self.has(Phase::Load) {
            self.load(name, batch);
        }
        hold!(CallOrder, batch.execution != Execution::Last, "{name} is executed after its last operation");
        hold!(CallOrder, is_last || batch.execution == Execution::Not, "{name} is executed twice");
        hold!(WindowLate, is_last || batch.window == Window::Open, "the window of {name} is closed");
        if is_last && batch.window == Window::Open {
            let start = batch.start.expect("the batch has started").at;
            let is_over = self.now_at_most() >= start + self.config.options.min_duration;
            hold!(WindowEarly, is_over, "the window of {name} closes early");
        }
        if is_last || batch.waiting().all(|run| run.is_read) {
            batch.close();
        }
        let is_last = batch.window != Window::Open;
        batch.execution = if is_last { Execution::Last } else { Execution::Goes };
        drop(keys);
        self.execute_waiting(key);

        let mut keys = self.keys.borrow_mut();
        let batch = keys.under_way(key);
        if is_last && batch.is_changed && self.has(Phase::Save) {
            self.places.borrow_mut().ask(key, Phase::Save, turn);
        }
        Executed { is_changed: batch.is_changed, is_last }
    }

    fn start_over(&self, key: Key) {
        self.next_attempt(key);
    }

    fn abort(&self, key: Key) {
        self.aborts(key);
    }

    fn is_aborted(&self, key: Key) -> bool {
        self.keys.borrow_mut().under_way(key).is_aborted
    }

    fn settle(&self, key: Key, outcome: Result<(), BatchError<Cause>>) -> bool {
        let turn = self.turn();
        let mut keys = self.keys.borrow_mut();
        let name = keys.state(key).name;
        self.check_end(keys.under_way(key), &outcome);
        let state = keys.state(key);
        let batch = state.batches.pop_front().expect("it has just been there");
        self.places.borrow_mut().forget(key);
        state.settled_in = Some(turn);
        let goes_on = !state.batches.is_empty();
        if !goes_on {
            keys.remove(key);
        }
        drop(keys);
        self.batches.set(self.batches.get() + 1);
        self.tell(name, &batch, &outcome);
        goes_on
    }

    fn is_observed(&self, _key: Key) -> bool {
        self.is_observed.get()
    }

    fn publish(&self, key: Key, metric: Metric, error: Option<&BatchError<Cause>>) {
        self.turn();
        let mut keys = self.keys.borrow_mut();
        let name = keys.state(key).name;
        let batch = keys.under_way(key);
        self.check_metric(batch, metric, error);
        batch.is_published = true;
        self.machine.log(format_args!("publish {name}"));
        let published = Published { name, metric, operations: batch.operations, error: error.cloned() };
        self.metrics.borrow_mut().push(published);
    }

    fn random(&self) -> f64 {
        self.config.random
    }

    fn now(&self) -> f64 {
        self.machine.read_clock()
    }

    fn set_timer(&self, delay: f64, ring: impl FnOnce() + 'static) -> Timer {
        self.machine.set_timer(delay, ring)
    }

    fn spawn(&self, task: impl Future<Output = ()> + 'static) {
        self.machine.executor().spawn(self.spawns.get(), task);
    }
}
