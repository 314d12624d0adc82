//! Options, as JavaScript may give them.

use crate::host::*;
use js_sys::RangeError;
use wasm_bindgen::prelude::*;
use wasm_bindgen_test::wasm_bindgen_test;

#[wasm_bindgen_test]
fn options_out_of_range_throw_a_range_error_that_names_the_option() {
    let infinity = f64::INFINITY;
    for (min_duration, max_duration, concurrency, name) in [
        (-1.0, infinity, infinity, "minDuration"),
        (f64::NAN, infinity, infinity, "minDuration"),
        (infinity, infinity, infinity, "minDuration"),
        (2_147_483_648.0, infinity, infinity, "minDuration"),
        (10.0, 9.0, infinity, "maxDuration"),
        (10.0, f64::NAN, infinity, "maxDuration"),
        (10.0, 20.0, 0.0, "concurrency"),
        (10.0, 20.0, -1.0, "concurrency"),
        (10.0, 20.0, f64::NAN, "concurrency"),
    ] {
        let error = Host::new(min_duration, max_duration, concurrency, load_and_save().iter().collect()).err();
        let error: RangeError = error.expect("an error").dyn_into().expect("a RangeError");
        assert!(String::from(error.message()).starts_with(name), "{}", error.message());
    }
}

#[wasm_bindgen_test]
fn a_call_that_may_have_no_batch_at_all_is_a_range_error() {
    for max_keys in [0.0, -1.0, f64::NAN] {
        let outcomes = load_and_save().iter().collect();
        let error = Host::with_max_keys(0.0, f64::INFINITY, f64::INFINITY, outcomes, 0.0, max_keys, SHARED).err();
        let error: RangeError = error.expect("an error").dyn_into().expect("a RangeError");
        assert!(String::from(error.message()).starts_with("maxKeys"), "{}", error.message());
    }
}

#[wasm_bindgen_test]
async fn options_in_range_are_understood() {
    for (concurrency, under_way) in [(1.0, 1), (2.0, 2), (1e300, 3), (f64::INFINITY, 3)] {
        let (load, settle) = hanging();
        let host = with(0.0, 1e300, concurrency, [NOTHING, load, NOTHING]);
        let runs = [0, 1, 2].map(|key| host.run(key));
        macrotask().await;
        assert_eq!(host.events().len(), under_way, "{:?}", host.events());
        call(&settle, true);
        for run in runs {
            assert_eq!(outcome(run).await, Ok(0.0));
        }
    }
}
