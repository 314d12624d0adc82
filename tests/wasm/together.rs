//! Calls for several batches, as they cross the boundary.

use crate::host::*;
use wasm_bindgen::prelude::*;
use wasm_bindgen_test::wasm_bindgen_test;

#[wasm_bindgen_test]
async fn batches_are_loaded_and_saved_by_one_call() {
    let host = sharing(f64::INFINITY, f64::INFINITY, load_and_save());
    for run in [0, 1, 2].map(|key| host.run(key)) {
        assert_eq!(outcome(run).await, Ok(0.0));
    }
    assert_eq!(calls(&host), ["load 0+1+2", "save 0+1+2"]);
}

#[wasm_bindgen_test]
async fn a_call_gets_so_many_batches_at_most() {
    let host = sharing(f64::INFINITY, 2.0, load_and_save());
    for run in [0, 1, 2].map(|key| host.run(key)) {
        assert_eq!(outcome(run).await, Ok(0.0));
    }
    assert_eq!(calls(&host), ["load 0+1", "load 2", "save 0+1", "save 2"]);
}

#[wasm_bindgen_test]
async fn what_finds_no_place_goes_with_the_next_call() {
    let (load, settle) = hanging();
    let host = sharing(1.0, f64::INFINITY, [NOTHING, load, NOTHING]);
    let first = host.run(0);
    macrotask().await;
    let others = [1, 2].map(|key| host.run(key));
    macrotask().await;
    assert_eq!(calls(&host), ["load 0"]);
    call(&settle, true);
    assert_eq!(outcome(first).await, Ok(0.0));
    for run in others {
        assert_eq!(outcome(run).await, Ok(0.0));
    }
    assert_eq!(calls(&host), ["load 0", "load 1+2"]);
}

#[wasm_bindgen_test]
async fn a_call_that_fails_is_that_of_all_its_batches() {
    let outcomes: [JsValue; 3] = [NOTHING, later(true), later(false)];
    let host = sharing(f64::INFINITY, f64::INFINITY, outcomes);
    for run in [0, 1].map(|key| host.run(key)) {
        assert_eq!(outcome(run).await, Err("save".into()));
    }
}

fn calls(host: &Host) -> Vec<String> {
    let events = host.events();
    events.into_iter().filter(|event| event.starts_with("load") || event.starts_with("save")).collect()
}
