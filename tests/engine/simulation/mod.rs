//! A deterministic simulation: many callers, a store and timers of which every kind of trouble is to be expected, and all rules of
//! `world/rules.rs` after every step and at the end. What happens in a world is decided by its seed alone.
//!
//! `cargo test` tries other seeds each time, for some seconds. `npm run simulate -- --seeds 100000 --from 1` tries more of them,
//! and `npm run simulate -- --seeds 1 --from S` replays one.

pub mod driver;
pub mod event;
pub mod plan;
mod random;
mod shrink;
pub mod verdict;

use crate::world::Rule;
use driver::Driver;
use plan::Plan;
use std::env;
use std::io::{self, Write};
use std::panic::{self, AssertUnwindSafe};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// How long `cargo test` simulates.
const SHARE: Duration = Duration::from_secs(10);

/// Lets happen what is planned, and everything come to its end. Returns how many batches there were, or how a rule was broken.
fn simulate(plan: &Plan, tell: Option<&dyn Fn(&str)>) -> Result<u64, String> {
    let mut outcome = Ok(0);
    let memory = allocation_counter::measure(|| {
        let live = AssertUnwindSafe(|| live(plan, tell));
        outcome = panic::catch_unwind(live).map_err(|error| message(&*error));
    });
    if outcome.is_ok() && memory.bytes_current != 0 && Rule::NothingLeft.counts() {
        outcome = Err(format!("{}: {memory:?}", Rule::NothingLeft));
    }
    outcome
}

fn live(plan: &Plan, tell: Option<&dyn Fn(&str)>) -> u64 {
    let driver = Driver::new(plan);
    if tell.is_none() {
        driver.world.silence();
    }
    let happened = || tell.iter().for_each(|tell| driver.world.happened().iter().for_each(|event| tell(event)));
    for event in &plan.events {
        driver.apply(*event);
        happened();
    }
    driver.finish();
    happened();
    verdict::check(&driver);
    driver.world.host().batches.get()
}

fn message(error: &(dyn std::any::Any + Send)) -> String {
    let text = error.downcast_ref::<String>().cloned();
    text.or_else(|| error.downcast_ref::<&str>().map(|&text| text.into())).unwrap_or_default()
}

fn number(variable: &str) -> Option<u64> {
    env::var(variable).ok().map(|value| value.parse().unwrap_or_else(|_| panic!("{variable} is no number: {value}")))
}

#[test]
fn whatever_happens_no_rule_is_broken() {
    let random =
        SystemTime::now().duration_since(UNIX_EPOCH).expect("it is after 1970").as_nanos() as u64 % 1_000_000_000;
    let from = number("FROM").unwrap_or(random);
    let seeds = number("SEEDS");
    let start = Instant::now();
    let (mut seed, mut batches) = (from, 0);
    while seeds.map_or(start.elapsed() < SHARE, |seeds| seed < from + seeds) {
        let plan = Plan::new(seed);
        match shrink::quietly(|| simulate(&plan, None)) {
            Ok(count) => batches += count,
            // Where the other rules do not count, what they keep from happening happens.
            Err(message) if Rule::only().is_some() && !Rule::is_named_by(&message) => {}
            Err(message) => panic!("{}", shrink::report(seed, plan, &message)),
        }
        seed += 1;
    }
    let seconds = start.elapsed().as_secs_f64();
    let speed = batches as f64 / seconds * 60.0;
    // Not by println, which the test harness keeps to itself.
    let seeds = format!("seeds {from} to {}: {batches} batches in {seconds:.0} s, {speed:.0} a minute", seed - 1);
    writeln!(io::stderr(), "{seeds}").expect("stderr is open");
}
