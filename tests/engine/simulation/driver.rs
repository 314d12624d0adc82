//! Makes happen in a world what has been planned.

use super::event::{Act, Event};
use super::plan::{NAMES, Plan};
use crate::world::{Answer, Effect, Name, Phase, Run, World, told};
use std::cell::{Cell, RefCell};
use std::rc::Rc;

pub const PHASES: [Phase; 3] = [Phase::Lock, Phase::Load, Phase::Save];

/// A world with the runs that it has had.
#[derive(Clone)]
pub struct Driver {
    pub world: World,
    pub runs: Rc<RefCell<Vec<Rc<Run>>>>,
    /// What others have changed.
    pub elsewhere: Rc<RefCell<Vec<(Name, u32)>>>,
    has_lost_timers: Rc<Cell<bool>>,
}

impl Driver {
    pub fn new(plan: &Plan) -> Self {
        let world = World::new(plan.config);
        for (phase, is_there) in PHASES.into_iter().zip(plan.phases) {
            let answer = if plan.hangs { Answer::Hangs } else { Answer::Succeeds };
            world.answer(phase, if is_there { answer } else { Answer::Nothing });
        }
        Self { world, runs: Rc::default(), elsewhere: Rc::default(), has_lost_timers: Rc::default() }
    }

    /// An operation does something else in each attempt of its batch.
    fn run(&self, name: Name, effects: [Effect; 2], inside: Act, after: Act) {
        let caller = self.clone();
        let run = if effects[0] == Effect::Reads {
            self.world.read_with(name, move || caller.act(inside))
        } else {
            let mut effects = effects.into_iter().cycle();
            self.world.run_with(name, move || {
                caller.act(inside);
                effects.next().expect("there is no end of them")
            })
        };
        if run.is_pending() && !matches!(after, Act::Nothing | Act::Stall(_)) {
            let caller = self.clone();
            run.then(move || caller.act(after));
        }
        self.runs.borrow_mut().push(run);
    }

    fn act(&self, act: Act) {
        let world = &self.world;
        match act {
            Act::Nothing => {}
            Act::Run(name, effect) => self.run(name, [effect; 2], Act::Nothing, Act::Nothing),
            Act::RunFlushRun(name) => {
                self.run(name, [Effect::Changes; 2], Act::Nothing, Act::Nothing);
                world.close(name);
                self.run(name, [Effect::Changes; 2], Act::Nothing, Act::Nothing);
            }
            Act::Cancel(back) => {
                // One of the latest, as the others have settled.
                let runs = self.runs.borrow();
                let run = runs.len().checked_sub(back + 1).map(|place| Rc::clone(&runs[place]));
                drop(runs);
                run.iter().for_each(|run| world.cancel(run));
            }
            Act::Flush(name) => world.close(name),
            Act::FlushAll => world.close_all(),
            Act::Stop => drop(world.stop()),
            Act::Observe(is_observed) => world.observe(is_observed),
            Act::Stall(duration) => world.stall(duration),
        }
    }

    /// Makes an event happen, and checks what has to hold after it.
    pub fn apply(&self, event: Event) {
        self.happen(event);
        self.world.host().check_rest();
    }

    pub fn happen(&self, event: Event) {
        let world = &self.world;
        match event {
            Event::Run(name, effects, inside, after) => self.run(name, effects, inside, after),
            Event::ChangeElsewhere(name) => {
                if world.host().config.has_versions {
                    self.elsewhere.borrow_mut().push((name, world.change_elsewhere(name)));
                }
            }
            Event::Act(act) => self.act(act),
            Event::Answer(phase, answer) => {
                if world.host().has(phase) {
                    world.answer(phase, answer);
                }
            }
            Event::Settle(place, outcome) => {
                let hanging = world.all_hanging();
                if !hanging.is_empty() {
                    world.answer_hanging(hanging[place % hanging.len()], outcome);
                }
            }
            Event::Turn => drop(world.turn()),
            Event::Step => world.rest(),
            Event::Advance(duration) => self.advance(duration),
            Event::Freeze(duration) => {
                world.rest();
                world.freeze(duration);
            }
            Event::Ring => {
                let at = world.timer().expect("a timer is set");
                world.freeze((at - world.now()).max(0.0));
                world.ring();
            }
            Event::RingEarly => {
                world.rest();
                if let Some(at) = world.timer().filter(|at| at - 0.5 > world.now()) {
                    world.freeze(at - 0.5 - world.now());
                    world.ring();
                }
            }
            Event::LoseTimers => {
                world.rest();
                self.has_lost_timers.set(true);
                world.lose_timers();
            }
            Event::DelayLetters(turns) => world.delay_letters(turns),
            Event::Superfluous(letter) => world.post(letter),
            Event::SuperfluousDone(key) => {
                if !world.host().is_calling(key) {
                    world.processor().done(key, told(Err("of nothing")));
                }
            }
        }
        world.tell();
    }

    /// Time passes, and the timers go off that are due. What gives up then does so at once.
    fn advance(&self, duration: f64) {
        let world = &self.world;
        world.rest();
        let end = world.now() + duration;
        while let Some(at) = world.timer().filter(|&at| at <= end) {
            world.freeze((at - world.now()).max(0.0));
            world.fire_timer();
            world.rest();
            world.host().check_rest();
        }
        world.freeze((end - world.now()).max(0.0));
    }

    /// Lets everything come to its end: the store answers, and timers go off. Windows whose timers got lost are flushed.
    pub fn finish(&self) {
        let world = &self.world;
        for phase in PHASES.into_iter().filter(|&phase| world.host().has(phase)) {
            world.answer(phase, Answer::Succeeds);
        }
        for _ in 0..2_000 {
            if world.is_empty() {
                return;
            }
            let hanging = world.all_hanging();
            hanging.iter().for_each(|name| {
                world.complete(name);
                world.rest();
            });
            self.advance(if hanging.is_empty() { 10.0 } else { 0.0 });
            if hanging.is_empty() && self.has_lost_timers.get() && world.keys() > 0 {
                world.close_all();
                world.rest();
            }
            world.host().check_rest();
        }
    }

    /// The runs of each key, in the order of their calls.
    pub fn by_name(&self) -> impl Iterator<Item = (Name, Vec<Rc<Run>>)> {
        let runs = self.runs.borrow().clone();
        NAMES.into_iter().map(move |name| (name, runs.iter().filter(|run| run.name == name).cloned().collect()))
    }
}
