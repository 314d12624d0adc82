//! What happens in a simulated world: all of it is decided before, by the seed, as a list of events. So it can be replayed and shortened.

use super::event::{Act, Event};
use super::random::Random;
use crate::world::{Answer, CONFLICT, Cause, Config, Effect, LOST, Letter, Name, Phase};
use groupcommit::engine::Options;
use std::mem;

pub const NAMES: [Name; 6] = ["alice", "bob", "carol", "dave", "erin", "frank"];

pub struct Plan {
    pub config: Config,
    /// What there is to lock, to load and to save.
    pub phases: [bool; 3],
    /// Whether the calls hang at first, or succeed.
    pub hangs: bool,
    pub events: Vec<Event>,
}

/// How often each kind of event comes, and how many names there are: in each world another mixture, so that some know no flush, and
/// others no end of them.
struct Weather {
    random: Random,
    names: usize,
    events: [usize; 13],
    acts: [usize; 9],
    effects: [usize; 4],
    answers: [usize; 4],
    durations: Vec<f64>,
}

impl Plan {
    pub fn new(seed: u64) -> Self {
        let mut random = Random::new(seed);
        let config = config(&mut random);
        let phases = [random.one_in(2), !random.one_in(10), !random.one_in(10)];
        let mut weather = Weather::new(random, config.options.min_duration);
        let events = (0..900).map(|_| weather.event()).collect();
        Self { config, phases, hangs: false, events }
    }
}

fn config(random: &mut Random) -> Config {
    let (min_duration, max_duration) = random.pick(&[
        (0.0, f64::INFINITY),
        (0.0, 10.0),
        (10.0, 20.0),
        (10.0, 20.0),
        (10.0, 10.0),
        (10.0, 1_000.0),
        (10.0, f64::INFINITY),
    ]);
    let concurrency = random.pick(&[1, 1, 2, 3, u32::MAX, u32::MAX]);
    let max_operations = random.pick(&[1, 2, 3, u32::MAX, u32::MAX]);
    let max_keys = random.pick(&[1, 2, 3, u32::MAX, u32::MAX]);
    let shares = random.pick(&[[false; 2], [false; 2], [true; 2], [true, false], [false, true]]);
    let retries = random.pick(&[0, 0, 1, 2, 3, 20]);
    let options = Options { min_duration, max_duration, concurrency, max_keys, retries };
    let random_number = random.pick(&[0.0, 0.5, 0.75]);
    Config { options, max_operations, shares, has_versions: random.one_in(2), random: random_number }
}

/// Some never, others often.
fn vary(random: &mut Random, weights: &mut [usize]) {
    weights.iter_mut().for_each(|weight| *weight *= random.pick(&[0, 1, 1, 1, 4]));
}

impl Weather {
    fn new(mut random: Random, min_duration: f64) -> Self {
        let mut events = [100, 20, 30, 120, 40, 40, 60, 3, 1, 3, 4, 2, 20];
        vary(&mut random, &mut events[1..]);
        // Stop and stall are rare: after the one nothing begins, and of the other a little is enough.
        let mut acts = [600, 60, 30, 40, 30, 15, 1, 10, 4];
        vary(&mut random, &mut acts[1..]);
        acts[6] = usize::from(random.one_in(8)) * random.below(3);
        let mut effects = [6, 2, 2, 1];
        let mut answers = [4, 2, 1, 1];
        vary(&mut random, &mut effects[1..]);
        answers[random.below(4)] *= 4;
        // Nothing is lost of them when they are added.
        let unit = if min_duration > 0.0 { 1.0 } else { 0.25 };
        let durations = [0.5, 1.0, 3.0, 5.0, 10.0, 10.0, 20.0, 40.0].map(|duration| duration * unit);
        let names = 1 + random.below(NAMES.len());
        Self { random, names, events, acts, effects, answers, durations: durations.to_vec() }
    }

    fn event(&mut self) -> Event {
        match self.random.weighted(&self.events) {
            0 => Event::Run(self.name(), [self.effect(), self.effect()], self.act(), self.act()),
            1 => Event::Act(self.call()),
            2 => self.answer(),
            3 => Event::Settle(self.random.below(256), self.outcome()),
            4 => Event::Turn,
            5 => Event::Step,
            6 => Event::Advance(self.duration()),
            7 => Event::Freeze(self.duration()),
            8 => Event::LoseTimers,
            9 => Event::DelayLetters(self.random.pick(&[0, 0, 1, 2, 5])),
            10 => self.superfluous(),
            11 => Event::RingEarly,
            _ => Event::ChangeElsewhere(self.name()),
        }
    }

    fn name(&mut self) -> Name {
        NAMES[self.random.below(self.names)]
    }

    fn effect(&mut self) -> Effect {
        let effects = [Effect::Changes, Effect::Reads, Effect::Throws, Effect::ChangesAndThrows];
        effects[self.random.weighted(&self.effects)]
    }

    fn duration(&mut self) -> f64 {
        self.durations[self.random.below(self.durations.len())]
    }

    /// Most runs do nothing else.
    fn act(&mut self) -> Act {
        match self.random.weighted(&self.acts) {
            0 => Act::Nothing,
            1 => Act::Run(self.name(), self.effect()),
            2 => Act::RunFlushRun(self.name()),
            3 => Act::Cancel(self.random.below(12)),
            4 => Act::Flush(self.name()),
            5 => Act::FlushAll,
            6 => Act::Stop,
            7 => Act::Observe(self.random.one_in(2)),
            _ => Act::Stall(self.duration()),
        }
    }

    /// What a caller does besides running.
    fn call(&mut self) -> Act {
        let nothing = mem::take(&mut self.acts[0]);
        let act = if self.acts.iter().sum::<usize>() == 0 { Act::Cancel(0) } else { self.act() };
        self.acts[0] = nothing;
        if let Act::Stall(_) = act { Act::Nothing } else { act }
    }

    fn answer(&mut self) -> Event {
        let phase = self.random.pick(&[Phase::Lock, Phase::Load, Phase::Load, Phase::Save, Phase::Save]);
        let answers = [Answer::Succeeds, Answer::Hangs, Answer::GivesUp, Answer::Fails(self.cause(phase))];
        Event::Answer(phase, answers[self.random.weighted(&self.answers)])
    }

    fn outcome(&mut self) -> Result<(), Cause> {
        if self.random.one_in(5) { Err(self.cause(Phase::Save)) } else { Ok(()) }
    }

    fn cause(&mut self, phase: Phase) -> Cause {
        if phase == Phase::Save { self.random.pick(&[LOST, CONFLICT, "refused"]) } else { "refused" }
    }

    fn superfluous(&mut self) -> Event {
        let key = self.random.below(NAMES.len() + 1);
        match self.random.below(4) {
            // It would tell another time than that of the run, if time passed within a turn.
            0 if self.acts[8] == 0 => Event::Superfluous(Letter::Serve(key)),
            1 => Event::Superfluous(Letter::Look(key)),
            2 => Event::Superfluous(Letter::LookAtWaiting),
            _ => Event::SuperfluousDone(key),
        }
    }
}
