//! Metrics, as they cross the boundary.

use crate::host::*;
use js_sys::{Array, Reflect};
use wasm_bindgen::prelude::*;
use wasm_bindgen_test::wasm_bindgen_test;

#[wasm_bindgen_test]
async fn a_metric_is_a_tuple_of_numbers() {
    let phases = [hanging(), hanging(), hanging()];
    let host = no_window(phases.each_ref().map(|(outcome, _)| outcome.clone()));
    host.set_observes(true);
    stop_clock(10.0);
    let run = host.run(7);
    for ((_, settle), (event, now)) in phases.iter().zip([("lock 7", 11.0), ("load 7", 13.0), ("save 7", 17.5)]) {
        host.until(event).await;
        stop_clock(now);
        call(settle, true);
    }
    assert_eq!(outcome(run).await, Ok(0.0));
    start_clock();

    assert_eq!(host.metrics().length(), 1);
    let metric = host.metrics().get(0);
    assert_eq!(get(&metric, "key"), 7);
    assert_eq!(get(&metric, "isFailed"), false);
    let durations: Array = get(&metric, "durations").dyn_into().expect("an array");
    assert_eq!(durations.to_vec(), [1.0, 2.0, 4.5, 7.5, 1.0, 1.0, 1.0]);
}

#[wasm_bindgen_test]
async fn metrics_come_only_while_they_are_wanted_and_also_of_batches_that_fail() {
    let host = no_window([NOTHING, NOTHING, later(false)]);
    for (observes, published) in [(false, 0), (true, 1), (false, 1)] {
        host.set_observes(observes);
        assert_eq!(outcome(host.run(0)).await, Err("save".into()));
        assert_eq!(host.metrics().length(), published);
    }
    assert_eq!(get(&host.metrics().get(0), "isFailed"), true);
}

fn get(object: &JsValue, name: &str) -> JsValue {
    Reflect::get(object, &name.into()).expect("an object")
}
