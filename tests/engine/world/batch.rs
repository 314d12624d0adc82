//! What the host keeps of a batch, from the first run that it accepts until it has settled.

use super::rules::hold;
use super::{BatchError, CONFLICT, Cause, Machine, Phase, Resource, Run};
use groupcommit::engine::Window;
use std::rc::Rc;

pub struct Batch {
    pub number: u64,
    /// Those that it has accepted, in order.
    pub runs: Vec<Rc<Run>>,
    /// How many of them are executed or passed over.
    pub next: usize,
    /// How many of them have not been cancelled.
    pub live: usize,
    /// In which turn of the executor the engine has heard that none is left.
    pub unwanted_in: Option<u64>,
    pub window: Window,
    /// It has begun, in this turn of the executor.
    pub begun_in: Option<u64>,
    /// It starts then, unless it has to wait for a place.
    pub opened: Option<f64>,
    /// It has been locked or loaded, or has no need of that.
    pub start: Option<Start>,
    /// How often it has been tried, this time included.
    pub attempts: u32,
    /// Its next attempt has not begun: what came of the last one counts.
    pub starts_over: bool,
    /// When it had a conflict, until it starts over.
    pub conflict: Option<f64>,
    /// How many runs had changed what is stored, when it was loaded.
    pub version: usize,
    pub asked: [bool; 3],
    /// What is under way, and since when.
    pub call: Option<(Phase, f64)>,
    pub durations: [Option<f64>; 3],
    /// How many batches were in its calls.
    pub together: [u32; 3],
    pub lock: Lock,
    pub is_loaded: bool,
    pub resource: Resource,
    pub execution: Execution,
    pub operations: u32,
    pub is_changed: bool,
    pub is_saved: bool,
    pub is_aborted: bool,
    /// What is under way fails when the batch aborts.
    pub gives_up: bool,
    pub is_published: bool,
    /// Its timer got lost.
    pub is_lost: bool,
    pub error: Option<BatchError<Cause>>,
}

#[derive(Clone, Copy)]
pub struct Start {
    /// At this time; or, with a call for several, not earlier: they join it in the turn before it is made, and may have waited before.
    pub at: f64,
    pub turn: u64,
    /// When that call was made.
    pub shared: Option<f64>,
    /// Its place in the order of all that have started.
    pub place: u64,
    /// By how much timers had been late before, less the time that has passed in the midst of turns since it was opened.
    pub lateness: f64,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Lock {
    #[default]
    None,
    Held,
    Failed,
    Released,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Execution {
    Not,
    /// The host goes on to execute what arrives.
    Goes,
    Last,
}

impl Batch {
    pub fn new(number: u64) -> Self {
        Self {
            number,
            runs: Vec::new(),
            next: 0,
            live: 0,
            unwanted_in: None,
            window: Window::Open,
            begun_in: None,
            opened: None,
            start: None,
            attempts: 1,
            starts_over: false,
            conflict: None,
            version: 0,
            asked: [false; 3],
            call: None,
            durations: [None; 3],
            together: [0; 3],
            lock: Lock::None,
            is_loaded: false,
            resource: Resource::new(),
            execution: Execution::Not,
            operations: 0,
            is_changed: false,
            is_saved: false,
            is_aborted: false,
            gives_up: false,
            is_published: false,
            is_lost: false,
            error: None,
        }
    }

    pub fn is_flushed(&self) -> bool {
        self.window == Window::Flushed
    }

    /// The window closes, unless it is closed.
    pub fn close(&mut self) {
        if self.window == Window::Open {
            self.window = Window::Closed;
        }
    }

    /// The runs that wait for their turn.
    pub fn waiting(&self) -> impl Iterator<Item = &Rc<Run>> {
        self.runs[self.next..].iter().filter(|run| run.is_pending())
    }

    /// The next run that waits for its turn. From now on it cannot be cancelled any more.
    pub fn next_run(&mut self) -> Option<Rc<Run>> {
        while let Some(run) = self.runs.get(self.next) {
            self.next += 1;
            if run.is_pending() {
                return Some(Rc::clone(run));
            }
        }
        None
    }

    pub fn start(&mut self, is_shared: bool, machine: &Machine) {
        if self.start.is_some() {
            return;
        }
        let turn = machine.executor().turns() - u64::from(is_shared);
        let now = machine.now() - if is_shared { machine.stalled_since(turn) } else { 0.0 };
        let has_waited = self.begun_in.is_none_or(|begun| begun < turn);
        let at = self.opened.filter(|_| !has_waited).unwrap_or(now);
        let lateness = machine.lateness() - (machine.now() - at);
        let shared = is_shared.then(|| machine.now());
        self.start = Some(Start { at, turn, shared, place: machine.count_start(), lateness });
    }

    pub fn ask(&mut self, phase: Phase, together: Option<usize>, machine: &Machine) {
        if phase == Phase::Load {
            self.begin_attempt();
        }
        let order = [Phase::Lock, Phase::Load, Phase::Save];
        let is_in_order = order.into_iter().skip(phase as usize).all(|later| !self.asked[later as usize]);
        hold!(OneCall, self.call.is_none(), "{phase:?} while {:?} is under way", self.call);
        hold!(CallOrder, self.begun_in.is_some() && is_in_order && self.error.is_none(), "{phase:?} out of turn");
        self.asked[phase as usize] = true;
        self.call = Some((phase, machine.now()));
        self.together[phase as usize] = together.unwrap_or(1) as u32;
        self.start(together.is_some(), machine);
    }

    /// What was asked for has been done.
    pub fn answered(&mut self, outcome: Result<(), Cause>, machine: &Machine) -> Phase {
        let (phase, since) = self.call.take().expect("something is under way");
        *self.durations[phase as usize].get_or_insert(0.0) += machine.now() - since;
        match (phase, outcome) {
            (Phase::Lock, Ok(())) => self.lock = Lock::Held,
            (Phase::Lock, Err(_)) => self.lock = Lock::Failed,
            (Phase::Load, _) => self.is_loaded = outcome.is_ok(),
            (Phase::Save, _) => self.is_saved = outcome.is_ok(),
        }
        let is_conflict = (phase, outcome) == (Phase::Save, Err(CONFLICT));
        self.conflict = is_conflict.then(|| machine.now());
        self.error = outcome.err().map(|cause| BatchError { phase, cause });
        phase
    }

    /// What is under way.
    pub fn phase(&self) -> Option<u8> {
        self.call.map(|(phase, _)| phase as u8)
    }
}
