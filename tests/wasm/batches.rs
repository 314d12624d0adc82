//! Batches from their beginning to their end, on the executor of the platform.

use crate::host::*;
use js_sys::{Array, Function, Promise};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use wasm_bindgen_test::wasm_bindgen_test;

#[wasm_bindgen_test]
async fn a_batch_is_loaded_once_its_operations_run_in_turn_and_it_is_saved_once() {
    let host = with(20.0, 40.0, f64::INFINITY, load_and_save());
    let runs = [host.run(0), host.run(0)];
    assert!(host.events().is_empty(), "nothing happens inside of the call");
    macrotask().await;
    let late = host.run(0);
    for (run, place) in runs.into_iter().chain([late]).zip([0.0, 1.0, 2.0]) {
        assert_eq!(outcome(run).await, Ok(place));
    }
    let executed = "execute 0";
    assert_eq!(host.events(), ["load 0", executed, executed, executed, "save 0", "settle 0"]);
    assert_eq!(host.keys(), 0);
}

#[wasm_bindgen_test]
async fn callbacks_can_be_done_when_they_return_and_be_missing() {
    let host = no_window([at_once(true), NOTHING, at_once(true)]);
    assert_eq!(outcome(host.run(0)).await, Ok(0.0));
    assert_eq!(host.events(), ["lock 0", "execute 0", "save 0", "release 0", "settle 0"]);

    let host = no_window([NOTHING, NOTHING, NOTHING]);
    assert_eq!(outcome(host.run(0)).await, Ok(0.0));
    assert_eq!(host.events(), ["execute 0", "settle 0"]);
}

#[wasm_bindgen_test]
async fn what_no_operation_has_changed_is_not_saved() {
    let host = no_window(load_and_save());
    assert_eq!(outcome(host.run_with(0, &Function::new_no_args("return false"))).await, Ok(0.0));
    assert_eq!(host.events(), ["load 0", "execute 0", "settle 0"]);
}

#[wasm_bindgen_test]
async fn a_batch_fails_in_the_phase_whose_call_fails() {
    for (phase, name, happened) in [
        (0, "lock", &["lock 0", "settle 0"][..]),
        (1, "load", &["lock 0", "load 0", "release 0", "settle 0"]),
        (2, "save", &["lock 0", "load 0", "execute 0", "save 0", "release 0", "settle 0"]),
    ] {
        for fails in [at_once(false), later(false)] {
            let mut outcomes = [at_once(true), later(true), later(true)];
            outcomes[phase] = fails;
            let host = no_window(outcomes);
            assert_eq!(outcome(host.run(0)).await, Err(name.into()));
            assert_eq!(host.events(), happened);
            assert_eq!(host.keys(), 0);
        }
    }
}

#[wasm_bindgen_test]
async fn what_comes_while_a_save_is_under_way_forms_the_next_batch_which_begins_when_the_callers_have_heard() {
    let (save, settle) = hanging();
    let host = no_window([NOTHING, NOTHING, save]);
    let events = host.event_array();
    let hear = Closure::new(move |_| {
        events.push(&"hear 0".into());
    });
    let first = host.run(0).then(&hear);
    host.until("save 0").await;
    let next = host.run(0);
    macrotask().await;
    assert_eq!(host.events(), ["execute 0", "save 0"]);
    call(&settle, true);
    JsFuture::from(first).await.expect("it is saved");
    assert_eq!(outcome(next).await, Ok(0.0));
    assert_eq!(host.events(), ["execute 0", "save 0", "settle 0", "hear 0", "execute 0", "save 0", "settle 0"]);
}

#[wasm_bindgen_test]
async fn an_operation_that_queues_another_is_not_interrupted_by_it() {
    let host = no_window(load_and_save());
    let queue = Function::new_no_args("this.events.push('queue 0'); return this.run(0)").bind0(&host);
    assert_eq!(outcome(host.run_with(0, &queue)).await, Ok(0.0));
    macrotask().await;
    let next = ["load 0", "execute 0", "save 0", "settle 0"];
    let first = ["load 0", "execute 0", "queue 0", "save 0", "settle 0"];
    assert_eq!(host.events(), first.into_iter().chain(next).collect::<Vec<_>>());
}

#[wasm_bindgen_test]
async fn places_are_for_those_that_are_wanted_and_those_in_a_hurry_do_not_wait_for_one() {
    let (load, settle) = hanging();
    let host = with(0.0, f64::INFINITY, 1.0, [NOTHING, load, NOTHING]);
    let [first, cancelled, flushed, other, waiting] = [0, 1, 2, 3, 4].map(|key| host.run(key));
    macrotask().await;
    assert_eq!(host.events(), ["load 0"]);

    host.cancel(1);
    assert_eq!(outcome(cancelled).await, Err("cancelled".into()));
    host.close(2, FLUSHED);
    host.engine().look(2.0);
    macrotask().await;
    assert_eq!(host.events(), ["load 0", "load 2"]);

    host.close(3, FLUSHED);
    host.engine().look_at_waiting();
    macrotask().await;
    assert_eq!(host.events(), ["load 0", "load 2", "load 3"]);

    call(&settle, true);
    for run in [first, flushed, other, waiting] {
        assert_eq!(outcome(run).await, Ok(0.0));
    }
    assert!(!host.events().contains(&"load 1".into()));
    macrotask().await;
    assert_eq!(host.keys(), 0);
}

#[wasm_bindgen_test]
async fn a_crowd_of_keys_comes_and_goes_and_comes_again_by_the_same_numbers_and_nothing_is_left() {
    let host = no_window(load_and_save());
    let mut memory = Vec::new();
    for _ in 0..10 {
        let runs: Array = (0..3_000).map(|key| host.run(key)).collect();
        assert_eq!(host.keys(), 3_000);
        JsFuture::from(Promise::all(&runs)).await.expect("all are saved");
        assert_eq!(host.keys(), 0);
        host.event_array().set_length(0);
        memory.push(core::arch::wasm32::memory_size(0));
    }
    assert_eq!(memory[2..9], memory[3..10], "it does not grow any more: {memory:?}");
}

#[wasm_bindgen_test]
async fn processors_have_nothing_to_do_with_each_other() {
    let (load, settle) = hanging();
    let one = no_window([NOTHING, load, NOTHING]);
    let other = no_window(load_and_save());
    let hanging = one.run(0);
    assert_eq!(outcome(other.run(0)).await, Ok(0.0));
    assert_eq!(one.events(), ["load 0"]);
    call(&settle, true);
    assert_eq!(outcome(hanging).await, Ok(0.0));
}

#[wasm_bindgen_test]
async fn a_processor_that_nobody_refers_to_any_more_brings_its_batches_to_their_end() {
    let host = with(20.0, 40.0, f64::INFINITY, [NOTHING, at_once(true), at_once(true)]);
    let runs = [host.run(0), host.run(0)];
    // What the garbage collector does.
    host.engine().free();
    for (run, place) in runs.into_iter().zip([0.0, 1.0]) {
        assert_eq!(outcome(run).await, Ok(place));
    }
    assert_eq!(host.keys(), 0);
}
