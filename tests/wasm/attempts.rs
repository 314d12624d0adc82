//! Conflicts, as they cross the boundary.

use crate::host::*;
use js_sys::Array;
use wasm_bindgen::prelude::*;
use wasm_bindgen_test::wasm_bindgen_test;

const CONFLICT: &str = "conflict";

fn conflicts(count: usize) -> [JsValue; 3] {
    let saves: Array = (0..count).map(|_| JsValue::from(CONFLICT)).chain([at_once(true)]).collect();
    [NOTHING, at_once(true), saves.into()]
}

#[wasm_bindgen_test]
async fn after_a_conflict_the_batch_starts_over() {
    let host = retrying(2.0, conflicts(2));
    assert_eq!(outcome(host.run(0)).await, Ok(0.0));
    let attempt = ["load 0", "execute 0", "save 0"];
    assert_eq!(
        host.events().join(", "),
        [attempt.join(", "), attempt.join(", "), attempt.join(", ")].join(", start over 0, ") + ", settle 0"
    );
}

#[wasm_bindgen_test]
async fn a_conflict_too_many_is_a_save_that_fails() {
    let host = retrying(1.0, conflicts(2));
    assert_eq!(outcome(host.run(0)).await, Err("save".into()));
    assert_eq!(host.events().iter().filter(|event| *event == "save 0").count(), 2);
}

#[wasm_bindgen_test]
async fn without_retries_no_operation_runs_twice() {
    for retries in [0.0, -1.0, f64::NAN] {
        let host = retrying(retries, conflicts(1));
        assert_eq!(outcome(host.run(0)).await, Err("save".into()));
        assert_eq!(host.events(), ["load 0", "execute 0", "save 0", "settle 0"]);
    }
}
