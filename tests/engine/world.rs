//! The virtual world that the engine lives in. Nothing happens in it until a test says so.

mod executor;
mod host;
mod machine;

pub use groupcommit::engine::{BatchError, Phase};
pub use host::{Answer, Cause, Effect, Host, Key, Outcome, Published, Resource, Run};
pub use machine::{LONGEST_TIMER, Machine};

use groupcommit::engine::{Options, Processor};
use std::cell::Cell;
use std::ops::Deref;
use std::rc::Rc;

/// A window of 100 ms and, for the batch, another 100.
pub const WINDOW: Options = Options { min_duration: 100.0, max_duration: 200.0, max_operations: u32::MAX };

/// No window.
pub const NO_WINDOW: Options = Options { min_duration: 0.0, max_duration: f64::INFINITY, max_operations: u32::MAX };

/// A processor with all that surrounds it. Runs are numbered in the order in which they were accepted, from 1. Operations that want to
/// do something in the world get a clone of it.
#[derive(Clone)]
pub struct World {
    processor: Rc<Processor<Host>>,
    machine: Rc<Machine>,
    runs: Rc<Cell<u32>>,
}

/// A call of flush or stop: the runs that it waits for.
pub struct Flush(Vec<Rc<Run>>);

impl Flush {
    pub fn is_done(&self) -> bool {
        !self.0.iter().any(|run| run.is_pending())
    }
}

impl World {
    pub fn new(options: Options) -> Self {
        let machine = Rc::new(Machine::default());
        let processor = Processor::new(options, Host::new(&machine, options)).expect("the options are in range");
        Self { processor: Rc::new(processor), machine, runs: Rc::default() }
    }

    /// What outlives the processor.
    pub fn machine(&self) -> Rc<Machine> {
        Rc::clone(&self.machine)
    }

    pub fn processor(&self) -> &Processor<Host> {
        &self.processor
    }

    pub fn host(&self) -> &Host {
        self.processor.host()
    }
}

/// What a caller can do.
impl World {
    /// Runs an operation that changes the resource.
    pub fn run(&self, key: Key) -> Rc<Run> {
        self.run_with(key, || Effect::Changes)
    }

    pub fn read(&self, key: Key) -> Rc<Run> {
        self.run_with(key, || Effect::Reads)
    }

    /// Runs an operation that throws.
    pub fn throw(&self, key: Key) -> Rc<Run> {
        self.run_with(key, || Effect::Throws)
    }

    pub fn run_with(&self, key: Key, operation: impl FnOnce() -> Effect + 'static) -> Rc<Run> {
        self.runs.set(self.runs.get() + 1);
        let run = Run::new(self.runs.get(), key, operation);
        let latest = self.host().latest(key);
        let open =
            latest.filter(|&group| !self.host().is_closed(group)).map_or_else(|| self.processor.open(latest), Ok);
        match open {
            Err(_stopped) => run.settle(Outcome::Stopped),
            Ok(group) => {
                if self.host().latest(key) != Some(group) {
                    self.host().add(key, group);
                }
                if self.host().join(group, &run) {
                    let processor = Rc::clone(&self.processor);
                    self.machine.executor().spawn(async move {
                        if processor.host().execute_arrived(group) {
                            processor.done(group, Ok(()));
                        }
                    });
                }
            }
        }
        run
    }

    pub fn cancel(&self, run: &Rc<Run>) {
        self.host().cancel(run);
    }

    pub fn flush(&self, key: Key) -> Flush {
        let flush = Flush(self.host().unsettled(Some(key)));
        self.close(key);
        flush
    }

    /// Flushes a key without waiting for that.
    pub fn close(&self, key: Key) {
        if let Some(latest) = self.host().latest(key) {
            self.host().flushed(latest);
            self.processor.flush(latest);
        }
    }

    pub fn flush_all(&self) -> Flush {
        let flush = Flush(self.host().unsettled(None));
        self.host().flushed_all();
        self.processor.flush_all();
        flush
    }

    pub fn stop(&self) -> Flush {
        let flush = Flush(self.host().unsettled(None));
        self.host().flushed_all();
        self.processor.stop();
        flush
    }
}

/// What the surroundings can do.
impl World {
    /// Decides what comes of the calls that are made from now on.
    pub fn answer(&self, phase: Phase, answer: Answer) {
        self.host().answer(phase, answer);
    }

    /// Lets the call that hangs for a key succeed.
    pub fn complete(&self, key: Key) {
        self.answer_hanging(key, Ok(()));
        self.step();
    }

    /// Lets the call that hangs for a key fail.
    pub fn fail(&self, key: Key, cause: Cause) {
        self.answer_hanging(key, Err(cause));
        self.step();
    }

    pub fn answer_hanging(&self, key: Key, outcome: Result<(), Cause>) {
        let group = self.host().answer_hanging(key, outcome);
        self.processor.done(group, outcome);
    }

    /// What hangs for a key.
    pub fn hanging(&self, key: Key) -> Option<Phase> {
        self.host().hanging(key)
    }

    /// Subscribes to metrics, or unsubscribes.
    pub fn observe(&self, is_observed: bool) {
        self.host().is_observed.set(is_observed);
    }

    /// The metrics since this was asked last.
    pub fn metrics(&self) -> Vec<Published> {
        self.host().metrics.take()
    }

    /// What is kept where resources are saved.
    pub fn stored(&self, key: Key) -> Resource {
        self.host().store.borrow().get(key).cloned().unwrap_or_default()
    }

    /// Nothing of any batch is left: no group, no task, no timer.
    pub fn is_empty(&self) -> bool {
        self.host().open_groups() == 0 && self.machine.executor().unfinished() == 0 && self.machine.timer().is_none()
    }
}

impl Deref for World {
    type Target = Machine;

    fn deref(&self) -> &Machine {
        &self.machine
    }
}
