//! Goes through every order of events of a small world, depth first. A world cannot be copied: so a history is replayed, event by
//! event, for each of its continuations but the first.

use super::fingerprint::{fingerprint, of_places};
use crate::simulation::driver::Driver;
use crate::simulation::event::{Act, Event};
use crate::simulation::plan::Plan;
use crate::simulation::verdict;
use crate::world::{CONFLICT, Effect, Name, Phase};
use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::panic::{self, AssertUnwindSafe};

const NAMES: [Name; 2] = ["alice", "bob"];

/// They need up to 20 bytes each.
const MOST_STATES: usize = 50_000_000;

/// Each kind of fault happens at most once in a history.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// A call fails.
    Fails,
    /// A save has a conflict.
    Conflict,
    /// An operation throws.
    Throws,
    Cancel,
    Flush,
    FlushAll,
    /// Timers are late.
    Late,
    /// Timers get lost.
    Lost,
}

pub struct Explorer<'a> {
    plan: &'a Plan,
    runs: usize,
    /// The most faults in one history.
    faults: usize,
    pub is_pruned: bool,
    seen: HashSet<u64>,
    pub steps: u64,
}

/// What happens, and whether it is a fault.
type Step = (Event, Option<Fault>);

/// A world, and how it came to be as it is.
struct Point {
    driver: Driver,
    history: Vec<Step>,
    runs: usize,
    /// The kinds of faults that have happened, each with what it met that will not be seen any more.
    faults: Vec<(Fault, u64)>,
}

impl<'a> Explorer<'a> {
    pub fn new(plan: &'a Plan, runs: usize, faults: usize) -> Self {
        Self { plan, runs, faults, is_pruned: true, seen: HashSet::new(), steps: 0 }
    }

    pub fn states(&self) -> usize {
        self.seen.len()
    }

    pub fn explore(&mut self) {
        // What is still to be tried: a history, and its next event.
        let mut open: Vec<Vec<Step>> = vec![Vec::new()];
        while let Some(history) = open.pop() {
            let mut point = self.replay(&history);
            loop {
                let is_new = self.seen.insert(point.fingerprint());
                if self.is_pruned && !is_new {
                    break;
                }
                assert!(self.seen.len() <= MOST_STATES, "more states than there is memory for");
                verdict::check_settled(&point.driver);
                let events = self.events(&point);
                let Some((&step, others)) = events.split_first() else { break };
                for other in others {
                    let mut history = point.history.clone();
                    history.push(*other);
                    open.push(history);
                }
                self.apply(&mut point, step);
            }
            // A world that is left is to come to its end, too, whatever state it is in.
            point.driver.finish();
            verdict::check(&point.driver);
        }
    }

    fn replay(&mut self, history: &[Step]) -> Point {
        let driver = Driver::new(self.plan);
        driver.world.silence();
        let mut point = Point { driver, history: Vec::with_capacity(64), runs: 0, faults: Vec::new() };
        let Some((&last, known)) = history.split_last() else { return point };
        for &(event, fault) in known {
            self.steps += 1;
            point.note((event, fault));
            point.driver.happen(event);
        }
        self.apply(&mut point, last);
        point
    }

    fn apply(&mut self, point: &mut Point, step: Step) {
        self.steps += 1;
        point.note(step);
        let event = step.0;
        let outcome = panic::catch_unwind(AssertUnwindSafe(|| point.driver.apply(event)));
        if let Err(error) = outcome {
            eprintln!("{:?}, {:?}: {:#?}", self.plan.config, self.plan.phases, point.history);
            panic::resume_unwind(error);
        }
    }

    /// All that can happen now, and whether it is a fault.
    fn events(&self, point: &Point) -> Vec<Step> {
        let world = &point.driver.world;
        let mut events = Vec::new();
        let is_idle = world.executor().is_idle();
        if !is_idle {
            events.push((Event::Turn, None));
        }
        let is_left = point.faults.len() < self.faults;
        let may = |fault| is_left && point.faults.iter().all(|&(other, _)| other != fault);
        let retries = self.plan.config.options.retries > 0;
        for (place, name) in world.all_hanging().iter().enumerate() {
            events.push((Event::Settle(place, Ok(())), None));
            if may(Fault::Fails) {
                events.push((Event::Settle(place, Err("refused")), Some(Fault::Fails)));
            }
            if retries && may(Fault::Conflict) && world.hanging(name) == Some(Phase::Save) {
                events.push((Event::Settle(place, Err(CONFLICT)), Some(Fault::Conflict)));
            }
        }
        // Timers go off when all tasks wait: on the platforms, too, what a turn of the executor is comes before.
        if is_idle && world.timer().is_some() {
            events.push((Event::Ring, None));
        }
        // The names are alike, so one of them comes first.
        let names = if point.runs == 0 { &NAMES[..1] } else { &NAMES[..] };
        for &name in names.iter().filter(|_| point.runs < self.runs) {
            events.push((Event::Run(name, [Effect::Changes; 2], Act::Nothing, Act::Nothing), None));
            if may(Fault::Throws) {
                let throws = Event::Run(name, [Effect::Throws; 2], Act::Nothing, Act::Nothing);
                events.push((throws, Some(Fault::Throws)));
            }
        }
        self.faults_of_callers(point, &mut events, may);
        if is_idle && world.timer().is_some() {
            if may(Fault::Late) {
                events.push((Event::Freeze(25.0), Some(Fault::Late)));
            }
            if may(Fault::Lost) {
                events.push((Event::LoseTimers, Some(Fault::Lost)));
            }
        }
        events
    }

    fn faults_of_callers(&self, point: &Point, events: &mut Vec<Step>, may: impl Fn(Fault) -> bool) {
        let runs = point.driver.runs.borrow();
        let is_waiting = |back: &usize| {
            let run = &runs[runs.len() - 1 - back];
            run.is_pending() && !run.is_executed()
        };
        if may(Fault::Cancel) {
            let waiting = (0..runs.len()).filter(is_waiting);
            events.extend(waiting.map(|back| (Event::Act(Act::Cancel(back)), Some(Fault::Cancel))));
        }
        if point.driver.world.keys() == 0 {
            return;
        }
        if may(Fault::Flush) {
            events.extend(NAMES.map(|name| (Event::Act(Act::Flush(name)), Some(Fault::Flush))));
        }
        if may(Fault::FlushAll) {
            events.push((Event::Act(Act::FlushAll), Some(Fault::FlushAll)));
        }
    }
}

impl Point {
    fn note(&mut self, (event, fault): Step) {
        if let Some(fault) = fault {
            let is_flush = matches!(fault, Fault::Flush | Fault::FlushAll);
            let met = if is_flush { of_places(&self.driver.world, NAMES) } else { 0 };
            self.faults.push((fault, met));
        }
        self.runs += usize::from(matches!(event, Event::Run(..)));
        self.history.push((event, fault));
    }

    fn fingerprint(&self) -> u64 {
        let mut state = DefaultHasher::new();
        fingerprint(&self.driver.world, NAMES).hash(&mut state);
        (self.runs, self.faults.iter().map(|&(fault, met)| (fault as u8, met)).collect::<Vec<_>>()).hash(&mut state);
        state.finish()
    }
}
