//! Random sequences of everything that can happen. Most of what must hold is checked by the world itself, see world/host.rs.

use crate::world::{Answer, Effect, Key, Outcome, Phase, Run, World};
use groupcommit::engine::Options;
use proptest::prelude::*;
use proptest::sample::Index;
use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

const KEYS: [Key; 3] = ["alice", "bob", "carol"];

#[derive(Clone, Debug)]
enum Event {
    Run(Key, Effect),
    /// An operation that queues another.
    RunTwice(Key, Effect),
    /// An operation that flushes, and queues another before and after that.
    RunAndFlush(Key),
    Cancel(Index),
    Flush(Key),
    FlushAll,
    Stop,
    /// What comes of the calls from now on.
    Answer(Phase, Answer),
    /// One of the calls that hang has an outcome.
    Settle(Index, Result<(), &'static str>),
    Turn,
    Step,
    Advance(f64),
    Freeze(f64),
    FireTimer,
    Done(usize),
}

fn key() -> impl Strategy<Value = Key> {
    prop::sample::select(&KEYS[..])
}

fn effect() -> impl Strategy<Value = Effect> {
    prop_oneof![3 => Just(Effect::Changes), 1 => Just(Effect::Reads), 1 => Just(Effect::Throws)]
}

fn phase() -> impl Strategy<Value = Phase> {
    prop_oneof![Just(Phase::Lock), Just(Phase::Load), Just(Phase::Save)]
}

fn answer() -> impl Strategy<Value = Answer> {
    prop_oneof![
        3 => Just(Answer::Hangs),
        2 => Just(Answer::Succeeds),
        1 => Just(Answer::Nothing),
        1 => Just(Answer::Fails("refused")),
    ]
}

fn duration() -> impl Strategy<Value = f64> {
    prop::sample::select(vec![0.5, 5.0, 10.0, 20.0, 100.0, 1_000.0])
}

fn event() -> impl Strategy<Value = Event> {
    prop_oneof![
        20 => (key(), effect()).prop_map(|(key, effect)| Event::Run(key, effect)),
        2 => (key(), effect()).prop_map(|(key, effect)| Event::RunTwice(key, effect)),
        1 => key().prop_map(Event::RunAndFlush),
        5 => any::<Index>().prop_map(Event::Cancel),
        3 => key().prop_map(Event::Flush),
        1 => Just(Event::FlushAll),
        1 => Just(Event::Stop),
        6 => (phase(), answer()).prop_map(|(phase, answer)| Event::Answer(phase, answer)),
        12 => (any::<Index>(), Just(Ok(()))).prop_map(|(index, outcome)| Event::Settle(index, outcome)),
        3 => (any::<Index>(), Just(Err("lost"))).prop_map(|(index, outcome)| Event::Settle(index, outcome)),
        8 => Just(Event::Turn),
        8 => Just(Event::Step),
        8 => duration().prop_map(Event::Advance),
        1 => duration().prop_map(Event::Freeze),
        1 => Just(Event::FireTimer),
        1 => (0..4_usize).prop_map(Event::Done),
    ]
}

fn options() -> impl Strategy<Value = Options> {
    let durations = prop::sample::select(vec![
        (0.0, f64::INFINITY),
        (0.0, 10.0),
        (10.0, 20.0),
        (10.0, 10.0),
        (10.0, 1_000.0),
        (10.0, f64::INFINITY),
    ]);
    let max_operations = prop::sample::select(vec![1, 2, 3, u32::MAX]);
    (durations, max_operations).prop_map(|((min_duration, max_duration), max_operations)| Options {
        min_duration,
        max_duration,
        max_operations,
    })
}

/// Drives a world, and remembers its runs.
#[derive(Clone)]
struct Driver {
    world: World,
    runs: Rc<RefCell<Vec<Rc<Run>>>>,
}

impl Driver {
    fn new(options: Options) -> Self {
        let world = World::new(options);
        world.observe(true);
        Self { world, runs: Rc::default() }
    }

    fn run(&self, key: Key, operation: impl FnOnce() -> Effect + 'static) {
        let run = self.world.run_with(key, operation);
        self.runs.borrow_mut().push(run);
    }

    fn apply(&self, event: Event) {
        let world = &self.world;
        let caller = self.clone();
        match event {
            Event::Run(key, effect) => self.run(key, move || effect),
            Event::RunTwice(key, effect) => self.run(key, move || {
                caller.run(key, move || effect);
                effect
            }),
            Event::RunAndFlush(key) => self.run(key, move || {
                caller.run(key, || Effect::Changes);
                caller.world.close(key);
                caller.run(key, || Effect::Changes);
                Effect::Changes
            }),
            Event::Cancel(index) => {
                let runs = self.runs.borrow();
                if !runs.is_empty() {
                    world.cancel(index.get(&runs));
                }
            }
            Event::Flush(key) => world.close(key),
            Event::FlushAll => drop(world.flush_all()),
            Event::Stop => drop(world.stop()),
            Event::Answer(phase, answer) => world.answer(phase, answer),
            Event::Settle(index, outcome) => {
                let hanging = world.host().all_hanging();
                if !hanging.is_empty() {
                    world.answer_hanging(hanging[index.index(hanging.len())], outcome);
                }
            }
            Event::Turn => drop(world.turn()),
            Event::Step => world.step(),
            Event::Advance(duration) => world.advance(duration),
            Event::Freeze(duration) => {
                world.step();
                world.freeze(duration);
            }
            Event::FireTimer => {
                world.step();
                if world.timer().is_some() {
                    world.fire_timer();
                }
            }
            Event::Done(group) => {
                if !world.host().is_calling(group) {
                    world.processor().done(group, Ok(()));
                }
            }
        }
    }

    /// Lets everything come to its end.
    fn finish(&self) {
        for phase in [Phase::Lock, Phase::Load, Phase::Save] {
            self.world.answer(phase, Answer::Succeeds);
        }
        for _ in 0..200 {
            self.world.advance(10.0);
            for key in self.world.host().all_hanging() {
                self.world.complete(key);
            }
        }
        assert!(self.world.is_empty(), "something is left over");
    }

    /// Every run has settled with the outcome that befits what became of its operation.
    fn check_outcomes(&self) {
        for run in &*self.runs.borrow() {
            let outcome = run.outcome().expect("every run settles");
            let befits = match run.effect() {
                Some(Effect::Throws) => Outcome::Threw,
                Some(_) => Outcome::Resolved,
                None => Outcome::Cancelled,
            };
            match outcome {
                Outcome::Failed(error, _) => assert_eq!(error.phase == Phase::Save, run.effect().is_some()),
                Outcome::Stopped => assert_eq!(run.effect(), None),
                outcome => assert_eq!(outcome, befits, "run {}", run.number),
            }
        }
    }

    /// What is kept of every key are the changes of which that was said, in the order of the calls.
    fn check_store(&self) {
        for key in KEYS {
            let runs = self.runs.borrow();
            let changed = |run: &&Rc<Run>| run.key == key && run.effect() == Some(Effect::Changes);
            let resolved = runs.iter().filter(|run| changed(run) && run.outcome() == Some(Outcome::Resolved));
            assert_eq!(self.world.stored(key), resolved.map(|run| run.number).collect::<Vec<_>>());
        }
    }

    /// Operations run and runs settle in the order of the calls, and each batch has a metric.
    fn check_log(&self) {
        let mut last: HashMap<(&str, &str), u32> = HashMap::new();
        let (mut batches, mut operations) = (0, 0);
        let log = self.world.happened();
        for line in &log {
            let words: Vec<&str> = line.split(' ').collect();
            let [_, event, key, numbers @ ..] = &words[..] else { panic!("{line}") };
            let event = if *event == "fail" { "settle" } else { event };
            batches += usize::from(event == "settle");
            operations += u32::from(event == "execute");
            for number in numbers {
                let number = number.parse().expect("the number of a run");
                let before = last.insert((event, key), number);
                assert!(before < Some(number), "not in the order of the calls: {line}");
            }
        }
        let metrics = self.world.metrics();
        assert_eq!(metrics.len(), batches);
        assert_eq!(metrics.iter().map(|published| published.metric.operations).sum::<u32>(), operations);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_happens_every_run_settles_once_and_in_order_and_nothing_is_lost_or_left_over(
        options in options(),
        events in prop::collection::vec(event(), 1..100),
    ) {
        let driver = Driver::new(options);
        for event in events {
            driver.apply(event);
            driver.world.host().check_rest();
        }
        driver.finish();
        driver.check_outcomes();
        driver.check_store();
        driver.check_log();
    }
}
