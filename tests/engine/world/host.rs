//! What the engine's host keeps in the virtual world: what the face keeps in JavaScript.

use super::batch::{Batch, Execution};
use super::executor::Purpose;
use super::keys::Keys;
use super::places::Places;
use super::rules::hold;
use super::{Answer, BatchError, Cause, Config, Effect, Machine, Name, Outcome, Phase, Resource};
use groupcommit::engine::{Key, Metric};
use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::rc::Rc;

pub struct Host {
    pub machine: Rc<Machine>,
    pub config: Config,
    pub keys: RefCell<Keys>,
    pub places: RefCell<Places>,
    pub is_observed: Cell<bool>,
    /// The turn of the executor from which on batches have been observed all the time.
    pub observed_since: Cell<u64>,
    pub metrics: RefCell<Vec<Published>>,
    /// What was saved.
    pub store: RefCell<HashMap<Name, Resource>>,
    pub answers: [Cell<Answer>; 3],
    /// What has come of calls while the engine called. It is to hear of that.
    pub to_tell: RefCell<Vec<(Key, Result<(), Cause>)>>,
    /// How many batches have settled.
    pub batches: Cell<u64>,
    /// What the engine is spawning a task for.
    pub spawns: Cell<Purpose>,
    is_executing: Cell<bool>,
}

/// A metric, as it was published.
#[derive(Clone, Debug, PartialEq)]
pub struct Published {
    pub name: Name,
    pub metric: Metric,
    pub operations: u32,
    pub error: Option<BatchError<Cause>>,
}

impl Host {
    pub fn new(machine: &Rc<Machine>, config: Config) -> Self {
        Self {
            machine: Rc::clone(machine),
            config,
            keys: RefCell::default(),
            places: RefCell::new(Places::new(config)),
            is_observed: Cell::new(false),
            observed_since: Cell::new(0),
            metrics: RefCell::default(),
            store: RefCell::default(),
            answers: [Answer::Nothing, Answer::Succeeds, Answer::Succeeds].map(Cell::new),
            to_tell: RefCell::default(),
            batches: Cell::new(0),
            spawns: Cell::new(Purpose::Call),
            is_executing: Cell::new(false),
        }
    }

    /// The number of the turn of the executor in which the engine calls.
    pub fn turn(&self) -> u64 {
        hold!(Execution, self.machine.executor().is_running(), "the host is called outside of a turn");
        hold!(Execution, !self.is_executing.get(), "the host is called while an operation runs");
        self.machine.executor().turns()
    }

    /// The latest time that the engine may think it is, as timers have been early.
    pub fn now_at_most(&self) -> f64 {
        self.machine.now() + self.machine.earliness()
    }

    pub fn has(&self, phase: Phase) -> bool {
        self.answers[phase as usize].get() != Answer::Nothing
    }

    /// Takes what is stored for the resource of a batch, unless it has one.
    pub fn load(&self, name: Name, batch: &mut Batch) {
        if batch.execution == Execution::Not {
            batch.is_loaded = true;
            batch.resource = self.store.borrow().get(name).cloned().unwrap_or_default();
            batch.version = batch.resource.len();
        }
    }

    /// Runs the operations of the runs that wait. Those that they queue come later.
    pub fn execute_waiting(&self, key: Key) {
        let count = self.keys.borrow_mut().under_way(key).runs.len();
        loop {
            let mut keys = self.keys.borrow_mut();
            let batch = keys.under_way(key);
            let Some(run) = (batch.next < count).then(|| batch.next_run()).flatten() else { break };
            hold!(Execution, batch.is_loaded && batch.call.is_none() && batch.error.is_none(), "not loaded");
            batch.operations += 1;
            let attempt = batch.attempts;
            drop(keys);
            self.machine.log(format_args!("execute {} {}", run.name, run.number));

            hold!(Execution, !self.is_executing.replace(true), "run {} runs inside of another", run.number);
            run.execute(attempt);
            self.is_executing.set(false);
            hold!(Cancelled, run.is_pending(), "run {} has settled before it was executed", run.number);
            if run.is_changing() {
                let mut keys = self.keys.borrow_mut();
                let batch = keys.under_way(key);
                batch.resource.push(run.number);
                batch.is_changed |= run.effect() == Some(Effect::Changes);
            }
        }
    }

    /// Whether it executes what arrives in a batch.
    pub fn is_executing(&self, key: Key, number: u64) -> bool {
        self.keys.borrow_mut().find(key).is_some_and(|state| {
            state.batches.front().is_some_and(|batch| batch.number == number && batch.execution == Execution::Goes)
        })
    }

    /// Whether something is under way for a key, which may be free, or it may have joined a call.
    pub fn is_calling(&self, key: Key) -> bool {
        let may_have_joined = self.places.borrow().asking_together().any(|asking| asking == key);
        may_have_joined || self.keys.borrow_mut().find(key).is_some_and(|state| state.batch().call.is_some())
    }

    /// Does what the engine has asked for with `execute`, for what has arrived since.
    pub fn execute_arrived(&self, key: Key, number: u64) {
        if self.is_executing(key, number) {
            self.turn();
            self.execute_waiting(key);
        }
    }

    /// Settles the runs of a batch that has ended.
    pub fn tell(&self, name: Name, batch: &Batch, outcome: &Result<(), BatchError<Cause>>) {
        if !self.machine.is_silent() {
            let event = if outcome.is_ok() { "settle" } else { "fail" };
            let runs = batch.runs.iter().filter(|run| run.is_pending());
            self.machine.log(runs.fold(format!("{event} {name}"), |list, run| format!("{list} {}", run.number)));
        }
        for run in batch.runs.iter().filter(|run| run.outcome() != Some(Outcome::Cancelled)) {
            let is_last = run.effect().is_some();
            hold!(Together, is_last || outcome.is_err(), "run {} was never executed", run.number);
            run.settle(match outcome {
                Err(error) => Outcome::Failed(error.clone(), batch.operations),
                Ok(()) if matches!(run.effect(), Some(Effect::Throws | Effect::ChangesAndThrows)) => Outcome::Threw,
                Ok(()) => Outcome::Resolved,
            });
            if let Some(reaction) = run.reaction() {
                self.machine.executor().spawn(Purpose::Reaction, async move { reaction() });
            }
        }
    }
}
