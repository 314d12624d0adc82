//! The options that a processor refuses.

use crate::world::{Host, LONGEST_TIMER, WINDOW};
use groupcommit::engine::{Options, OptionsError, Processor};
use std::rc::Rc;

/// Why no processor starts.
fn refusal(options: Options) -> Option<OptionsError> {
    Processor::new(options, Host::new(&Rc::default(), options.into())).err()
}

#[test]
fn min_duration_must_be_a_number_that_a_timer_can_hold() {
    for min_duration in [-1.0, -0.001, f64::NAN, f64::INFINITY, -f64::INFINITY, LONGEST_TIMER + 1.0] {
        let options = Options { min_duration, max_duration: f64::INFINITY, ..WINDOW };
        assert_eq!(refusal(options), Some(OptionsError::MinDuration), "{min_duration}");
    }
    for min_duration in [0.0, -0.0, 0.5, LONGEST_TIMER] {
        assert_eq!(refusal(Options { min_duration, max_duration: f64::INFINITY, ..WINDOW }), None, "{min_duration}");
    }
}

#[test]
fn max_duration_must_not_be_less_than_min_duration() {
    for max_duration in [-1.0, 0.0, 99.9, f64::NAN, -f64::INFINITY] {
        assert_eq!(refusal(Options { max_duration, ..WINDOW }), Some(OptionsError::MaxDuration), "{max_duration}");
    }
    for max_duration in [100.0, 100.1, LONGEST_TIMER + 1.0, f64::MAX, f64::INFINITY] {
        assert_eq!(refusal(Options { max_duration, ..WINDOW }), None, "{max_duration}");
    }
}

#[test]
fn concurrency_must_be_at_least_1() {
    assert_eq!(refusal(Options { concurrency: 0, ..WINDOW }), Some(OptionsError::Concurrency));
    assert_eq!(refusal(Options { concurrency: 1, ..WINDOW }), None);
}

#[test]
fn max_keys_must_be_at_least_1() {
    assert_eq!(refusal(Options { max_keys: 0, ..WINDOW }), Some(OptionsError::MaxKeys));
    assert_eq!(refusal(Options { max_keys: 1, ..WINDOW }), None);
}

#[test]
fn what_is_refused_is_named() {
    for (error, name) in [
        (OptionsError::MinDuration, "minDuration"),
        (OptionsError::MaxDuration, "maxDuration"),
        (OptionsError::Concurrency, "concurrency"),
        (OptionsError::MaxKeys, "maxKeys"),
    ] {
        assert_eq!(error.option(), name);
        assert!(error.to_string().starts_with(name), "{error}");
    }
}
