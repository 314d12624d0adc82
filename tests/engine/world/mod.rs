//! The virtual world that the engine lives in. Nothing happens in it until a test says so.

mod attempts;
mod batch;
mod callers;
mod calls;
mod duties;
mod executor;
mod host;
mod keys;
mod machine;
mod places;
mod rest;
mod rules;
mod run;
mod surroundings;
mod time;

pub use executor::Purpose;
pub use groupcommit::engine::{BatchError, Phase};
pub use host::{Host, Published};
pub use machine::{LONGEST_TIMER, Machine, Timer};
pub use rules::Rule;
pub(crate) use rules::hold;
pub use run::{Effect, Name, Outcome, Resource, Run};
pub use surroundings::Letter;

use groupcommit::engine::{Failure, Options, Processor};
use std::cell::{Cell, RefCell};
use std::rc::Rc;

/// A window of 100 ms and, for the batch, another 100.
pub const WINDOW: Options = Options { min_duration: 100.0, max_duration: 200.0, ..NO_WINDOW };

/// No window.
pub const NO_WINDOW: Options =
    Options { min_duration: 0.0, max_duration: f64::INFINITY, concurrency: u32::MAX, retries: 0, max_keys: u32::MAX };

/// What is thrown in this world.
pub type Cause = &'static str;

/// A save that fails with this one has saved all the same.
pub const LOST: Cause = "the answer got lost";

/// A save that fails with this one has a conflict.
pub const CONFLICT: Cause = "the version has changed";

/// What gives up when its batch aborts.
pub const ABORTED: Cause = "aborted";

/// What a processor and its host are told at the start.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Config {
    pub options: Options,
    /// The most runs of a batch.
    pub max_operations: u32,
    /// Whether there is one call for several batches: to load, and to save.
    pub shares: [bool; 2],
    /// Whether a save has a conflict if somebody else has saved since the load. Nobody else does where it has not.
    pub has_versions: bool,
    /// The random number, from 0 up to 1.
    pub random: f64,
}

impl From<Options> for Config {
    fn from(options: Options) -> Self {
        Self { options, max_operations: u32::MAX, shares: [false; 2], has_versions: false, random: 0.5 }
    }
}

/// A batch has at most so many runs.
pub fn at_most(max_operations: u32, options: Options) -> Config {
    Config { max_operations, ..options.into() }
}

/// What comes of a call of the host.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Answer {
    /// There is nothing to lock, to load or to save: so it is from the start to the end.
    Nothing,
    Succeeds,
    Fails(Cause),
    /// It hangs until the test decides what becomes of it.
    Hangs,
    /// Likewise, but it fails when the batch aborts.
    GivesUp,
}

/// A processor with all that surrounds it. Runs are numbered in the order in which they were accepted, from 1. Operations that want to
/// do something in the world get a clone of it.
#[derive(Clone)]
pub struct World {
    processor: Rc<Processor<Host>>,
    machine: Rc<Machine>,
    state: Rc<State>,
}

#[derive(Default)]
struct State {
    runs: Cell<u32>,
    /// How often somebody else has changed what is stored.
    changes: Cell<u32>,
    is_stopped: Cell<bool>,
    /// What the engine is to be told, and in how many turns of the executor.
    letters: RefCell<Vec<Letter>>,
    delay: Cell<u32>,
    is_mail_under_way: Cell<bool>,
}

impl World {
    pub fn new(config: impl Into<Config>) -> Self {
        let config = config.into();
        let machine = Rc::new(Machine::default());
        let processor = Processor::new(config.options, Host::new(&machine, config)).expect("the options are in range");
        Self { processor: Rc::new(processor), machine, state: Rc::default() }
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

/// An outcome, as the engine is told of it.
pub fn told(outcome: Result<(), Cause>) -> Result<(), Failure<Cause>> {
    outcome.map_err(|cause| Failure { cause, is_conflict: cause == CONFLICT })
}

fn lowercase(phase: Phase) -> &'static str {
    match phase {
        Phase::Lock => "lock",
        Phase::Load => "load",
        Phase::Save => "save",
    }
}
