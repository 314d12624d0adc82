//! What has to hold when a batch ends, and whenever all tasks wait for something to happen.

use super::batch::{Batch, Execution, Lock, Start};
use super::keys::State;
use super::rules::hold;
use super::{BatchError, Cause, Host, Phase};
use groupcommit::engine::{Metric, Options, Window};

/// Batches that are opened within a millisecond share a timer, which is that of the last.
const SHARED: f64 = 1.0;

/// Whether the key's batch is one that has to wait for a place, if there is none.
pub fn waits_for_place(state: &State) -> bool {
    let batch = state.batches.front().expect("a key that has a number has a batch");
    !batch.is_flushed() && batch.is_wanted()
}

impl Host {
    /// A batch settles: nothing of it is under way, and everything has been done.
    pub fn check_end(&self, batch: &Batch, outcome: &Result<(), BatchError<Cause>>) {
        hold!(CallOrder, batch.call.is_none(), "a batch ends while {:?} is under way", batch.call);
        hold!(Lock, batch.lock != Lock::Held, "a batch ends and keeps its lock");
        hold!(
            Retries,
            batch.conflict.is_none() || !self.may_start_over(batch),
            "a batch gives up after {} attempts",
            batch.attempts
        );
        hold!(Retries, !batch.starts_over || batch.is_aborted, "a batch gives up before it is loaded again");
        hold!(OneSettlement, batch.error.as_ref() == outcome.as_ref().err(), "not what was thrown: {:?}", batch.error);
        if outcome.is_ok() {
            let is_unwanted = batch.live == 0 && batch.execution == Execution::Not;
            hold!(
                CallOrder,
                is_unwanted || batch.execution == Execution::Last,
                "a batch ends before its last operation"
            );
            let is_saved = batch.is_saved || !self.has(Phase::Save);
            hold!(Saved, !batch.is_changed || is_saved, "what was changed was not saved");
        }
        let is_published = batch.is_published == self.is_observed.get();
        hold!(Metrics, is_published, "there is a metric: {}", batch.is_published);
    }

    /// The metric of a batch tells what this world has measured. It may have been told of an end in the turn after it.
    pub fn check_metric(&self, batch: &Batch, metric: Metric, error: Option<&BatchError<Cause>>) {
        hold!(Metrics, self.is_observed.get() && !batch.is_published, "a metric too many");
        hold!(Metrics, batch.error.as_ref() == error, "not what was thrown: {:?}", batch.error);
        let start = batch.start.expect("the batch has started");
        let started = start.at..=start.at + self.slack(start);
        hold!(Metrics, started.contains(&metric.start), "{metric:?} for what started at {started:?}");
        hold!(Metrics, metric.total_duration == self.machine.now() - metric.start, "{metric:?}");
        hold!(Metrics, metric.attempts == batch.attempts, "{metric:?}");
        hold!(Metrics, [metric.loaded_together, metric.saved_together] == batch.together[1..], "{metric:?}");
        let told = [metric.lock_duration, metric.load_duration, metric.save_duration];
        let sum: f64 = told.iter().sum();
        hold!(Metrics, sum <= metric.total_duration, "{metric:?}");
        for (told, measured) in told.into_iter().zip(batch.durations) {
            let measured = measured.unwrap_or(0.0);
            // Of several attempts some may have been observed.
            let is_unknown =
                start.turn < self.observed_since.get() && (told == 0.0 || batch.attempts > 1 && told <= measured);
            let late = self.machine.stalled_since(start.turn);
            let is_right = (measured..=measured + late).contains(&told);
            hold!(Metrics, is_unknown || is_right, "{told} instead of {measured}: {metric:?}");
        }
    }

    /// How much later than known here a batch may have started: time may pass until the call is made that it has joined, and until it
    /// hears of that.
    fn slack(&self, start: Start) -> f64 {
        start.shared.map_or(0.0, |called| called - start.at + self.machine.stalled_since(start.turn))
    }

    /// Whether all tasks wait for something to happen.
    pub fn is_at_rest(&self) -> bool {
        self.machine.executor().is_idle() && self.machine.timer().is_none_or(|at| at > self.machine.now())
    }

    /// Checks what has to hold whenever all tasks wait, unless they do not.
    pub fn check_rest(&self) {
        if !self.is_at_rest() {
            return;
        }
        let keys = self.keys.borrow();
        for (key, state) in keys.each() {
            let batch = state.batches.front().expect("a key that has a number has a batch");
            let name = state.name;
            hold!(AllSettle, batch.begun_in.is_some(), "{name} waits for nothing");
            self.check_deadlines(name, batch);
            if batch.call.is_some() {
                continue;
            }
            if batch.conflict.is_some() {
                self.check_pause(name, batch);
                continue;
            }
            let places = self.places.borrow();
            if places.asking().any(|(asking, _)| asking == key) {
                hold!(Flush, !batch.is_flushed(), "{name} waits for a place");
                hold!(Cancelled, batch.is_wanted(), "{name} waits for a place, and nobody wants it");
                hold!(Fifo, places.is_full(), "{name} waits for a place, and there is one");
                continue;
            }
            hold!(Flush, !batch.is_flushed(), "{name} waits for its window");
            hold!(AllSettle, batch.execution == Execution::Goes, "{name} waits for nothing");
            hold!(WindowLate, batch.window == Window::Open, "{name} is not executed although its window is closed");
            hold!(WindowLate, batch.waiting().next().is_none(), "an operation on {name} waits");
        }
        let started = keys.each().filter(|(_, state)| state.batches[0].start.is_some()).count();
        let pausing = keys.each().filter(|(_, state)| state.batches[0].conflict.is_some()).count();
        let timers = self.machine.timers_set();
        hold!(NothingLeft, timers <= started + pausing, "{timers} timers are set for {started} batches");
        let unfinished = self.machine.executor().unfinished();
        hold!(NothingLeft, unfinished == keys.len(), "{unfinished} tasks are left for {} keys", keys.len());
    }

    /// A batch with a conflict waits for its next attempt.
    fn check_pause(&self, name: &str, batch: &Batch) {
        hold!(Retries, self.may_start_over(batch), "{name} waits for nothing");
        hold!(Flush, !batch.is_flushed(), "{name} waits for its next attempt");
        let ends = self.machine.now() + self.pause(batch);
        let will_end = batch.is_lost || self.machine.timer().is_some_and(|at| at <= ends);
        hold!(Pause, will_end, "{name} has an attempt at {ends}");
    }

    /// The timers that have gone off have closed the windows and aborted the batches that were due; others are set for the rest.
    fn check_deadlines(&self, name: &str, batch: &Batch) {
        let Options { min_duration, max_duration, .. } = self.config.options;
        let Some(start) = batch.start.filter(|_| !batch.is_lost) else { return };
        let now = self.machine.now();
        let late = self.machine.lateness() - start.lateness + self.slack(start);
        let comes_by = |time| self.machine.timer().is_some_and(|at| at <= time);
        if batch.execution == Execution::Goes {
            let close = start.at + min_duration + SHARED + late;
            hold!(WindowLate, now < close && comes_by(close), "the window of {name} closes at {close}");
        }
        if !batch.is_aborted && max_duration < f64::INFINITY {
            let abort = start.at + max_duration + SHARED + late;
            hold!(Abort, now < abort && comes_by(abort), "the batch of {name} aborts at {abort}");
        }
    }
}
