//! Shortens what leads to a failure: events are left out as long as the same rule is broken.

use super::plan::Plan;
use super::simulate;
use std::cell::RefCell;
use std::fmt::Write;
use std::panic;

/// Does something without the message that every panic prints.
pub fn quietly<T>(act: impl FnOnce() -> T) -> T {
    let hook = panic::take_hook();
    panic::set_hook(Box::new(|_| {}));
    let result = act();
    panic::set_hook(hook);
    result
}

/// A shortened history of how a seed failed, and how to replay it.
pub fn report(seed: u64, plan: Plan, message: &str) -> String {
    let plan = quietly(|| shorten(plan, message));
    let mut report =
        format!("{message}\n\nThe seed is {seed}. To replay it: npm run simulate -- --seeds 1 --from {seed}\n");
    let _ = writeln!(report, "{:?}, there is something to lock, load, save: {:?}\n", plan.config, plan.phases);
    plan.events.iter().for_each(|event| report += &format!("    {event:?}\n"));
    let happened = RefCell::new(String::new());
    let tell = |event: &str| *happened.borrow_mut() += &format!("    {event}\n");
    let error = quietly(|| simulate(&plan, Some(&tell))).err();
    let _ = writeln!(report, "\nWhat happened before the last of them:\n{}", happened.borrow());
    let _ = writeln!(report, "{}", error.unwrap_or_default());
    report
}

/// The rule that a message is about.
fn rule(message: &str) -> &str {
    message.split(": ").next().unwrap_or(message)
}

fn shorten(mut plan: Plan, message: &str) -> Plan {
    let mut size = plan.events.len().div_ceil(2);
    while size > 0 {
        let mut from = 0;
        let mut is_shorter = false;
        while from < plan.events.len() {
            let until = plan.events.len().min(from + size);
            let without = [&plan.events[..from], &plan.events[until..]].concat();
            let candidate = Plan { events: without, ..plan };
            if simulate(&candidate, None).is_err_and(|other| rule(&other) == rule(message)) {
                plan = candidate;
                is_shorter = true;
            } else {
                from = until;
            }
        }
        if size > 1 || !is_shorter {
            size /= 2;
        }
    }
    plan
}
