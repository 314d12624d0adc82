//! Every order of everything that can happen in small worlds.
//!
//! `cargo test` goes through worlds of 2 keys and 2 runs, `npm run simulate -- --exhaustive` through those of 4.
//! Histories that lead to the same state are continued once, see fingerprint.rs.

mod explorer;
mod fingerprint;

use crate::simulation::driver::PHASES;
use crate::simulation::plan::Plan;
use crate::world::{Config, NO_WINDOW, Phase};
use explorer::Explorer;
use groupcommit::engine::Options;
use std::env;
use std::io::{self, Write};
use std::thread;
use std::time::Instant;

/// All calls hang until they are answered.
fn world(config: impl Into<Config>, has_lock: bool) -> Plan {
    Plan {
        config: config.into(),
        phases: PHASES.map(|phase| phase != Phase::Lock || has_lock),
        events: Vec::new(),
        hangs: true,
    }
}

fn worlds() -> Vec<Plan> {
    let mut worlds = Vec::new();
    for concurrency in [1, u32::MAX] {
        for (min_duration, max_duration) in [(0.0, f64::INFINITY), (10.0, 20.0)] {
            for has_lock in [false, true] {
                worlds.push(world(Options { min_duration, max_duration, concurrency, ..NO_WINDOW }, has_lock));
            }
        }
        worlds.push(world(Options { retries: 1, concurrency, ..NO_WINDOW }, false));
        for max_keys in [1, 2] {
            let options = Options { concurrency, max_keys, ..NO_WINDOW };
            worlds.push(world(Config { shares: [true; 2], ..options.into() }, false));
        }
    }
    worlds
}

fn explore(runs: usize, faults: usize) {
    let start = Instant::now();
    let worlds = worlds();
    let (few, many) = worlds.split_at(worlds.len() / 2);
    thread::scope(|scope| {
        for half in [few, many] {
            scope.spawn(move || {
                for plan in half {
                    let mut explorer = Explorer::new(plan, runs, faults);
                    explorer.explore();
                    let seconds = start.elapsed().as_secs();
                    let (states, steps) = (explorer.states(), explorer.steps);
                    let told = format!("{:?}, lock, load, save: {:?}", plan.config, plan.phases);
                    writeln!(io::stderr(), "{told}: {runs} runs, {states} states, {steps} steps, {seconds} s")
                        .expect("stderr is open");
                }
            });
        }
    });
}

#[test]
fn in_every_order_of_small_worlds_no_rule_is_broken() {
    let number = |variable, default| env::var(variable).map_or(default, |value| value.parse().expect(variable));
    explore(number("RUNS", 2), number("FAULTS", 1));
}

#[test]
fn to_continue_each_state_once_leaves_no_state_out() {
    for (runs, faults) in [(1, 1), (2, 0)] {
        for plan in worlds() {
            let [once, again] = [true, false].map(|is_pruned| {
                let mut explorer = Explorer::new(&plan, runs, faults);
                explorer.is_pruned = is_pruned;
                explorer.explore();
                explorer
            });
            assert_eq!(once.states(), again.states(), "{:?}, {:?}", plan.config, plan.phases);
            println!(
                "{runs} runs, {faults} faults: {} states, {} and {} steps",
                once.states(),
                once.steps,
                again.steps
            );
        }
    }
}
