//! The bindings, as JavaScript sees them. The host of the engine is the one in host.js; it makes the exported class itself.

#![cfg(target_arch = "wasm32")]

use groupcommit as _;
use js_sys::{Array, Error, Function, Object, Promise, RangeError, Reflect};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use wasm_bindgen_test::wasm_bindgen_test;

#[wasm_bindgen(module = "/tests/wasm/host.js")]
extern "C" {
    type Processor;

    #[wasm_bindgen(constructor, catch)]
    fn new(min_duration: f64, max_duration: f64, max_operations: f64, callbacks: &Object)
    -> Result<Processor, JsValue>;
    #[wasm_bindgen(method)]
    fn run(this: &Processor, key: &str) -> Promise;
    #[wasm_bindgen(method, js_name = run)]
    fn run_with(this: &Processor, key: &str, operation: &Function) -> Promise;
    #[wasm_bindgen(method, js_name = run)]
    fn run_behind(this: &Processor, key: &str, operation: &Function, latest: f64) -> Promise;
    #[wasm_bindgen(method)]
    fn flush(this: &Processor, key: &str);
    #[wasm_bindgen(method, getter)]
    fn engine(this: &Processor) -> Engine;
    #[wasm_bindgen(method, getter)]
    fn events(this: &Processor) -> Array;
    #[wasm_bindgen(method, getter)]
    fn metrics(this: &Processor) -> Array;
    #[wasm_bindgen(method, getter, js_name = openGroups)]
    fn open_groups(this: &Processor) -> u32;

    /// The class under test, as it is exported. All numbers are what JavaScript has, not what Rust expects.
    type Engine;

    #[wasm_bindgen(method)]
    fn done(this: &Engine, group: f64, succeeded: bool);
    #[wasm_bindgen(method, js_name = flush)]
    fn flush_group(this: &Engine, group: f64);
    #[wasm_bindgen(method)]
    fn stop(this: &Engine);
    #[wasm_bindgen(method)]
    fn observe(this: &Engine, observed: bool);
    #[wasm_bindgen(method)]
    fn free(this: &Engine);

    #[wasm_bindgen(js_name = watchTimers)]
    fn watch_timers() -> Timers;
    #[wasm_bindgen(js_name = stopClock)]
    fn stop_clock() -> Function;

    type Timers;

    #[wasm_bindgen(method, getter)]
    fn delays(this: &Timers) -> Array;
    #[wasm_bindgen(method, getter)]
    fn set(this: &Timers) -> js_sys::Set;
}

/// Numbers that are no group's while none is open.
const NO_GROUPS: [f64; 8] = [1.0, 1_000.0, 4_294_967_295.0, 1e300, -1.0, -1e300, f64::INFINITY, f64::NEG_INFINITY];

/// A function that returns the value.
fn returns(value: impl AsRef<JsValue>) -> Function {
    Function::new_no_args("'use strict'; return this").bind0(value.as_ref())
}

/// A function that throws the value.
fn throws(value: impl AsRef<JsValue>) -> Function {
    Function::new_no_args("'use strict'; throw this").bind0(value.as_ref())
}

fn fulfils() -> Function {
    returns(Promise::resolve(&JsValue::UNDEFINED))
}

/// A function that returns a promise which is pending until the other function is called.
fn hangs() -> (Function, Function) {
    let mut settle = None;
    let promise = Promise::new(&mut |resolve, _reject| settle = Some(resolve));
    (returns(promise), settle.expect("the promise has been made"))
}

fn callbacks<const N: usize>(callbacks: [(&str, Function); N]) -> Object {
    let object = Object::new();
    for (name, callback) in callbacks {
        Reflect::set(&object, &name.into(), &callback).expect("an object takes a property");
    }
    object
}

fn load_and_save() -> Object {
    callbacks([("load", fulfils()), ("save", fulfils())])
}

fn no_window(callbacks: &Object) -> Processor {
    Processor::new(0.0, f64::INFINITY, f64::INFINITY, callbacks).expect("the options are in range")
}

fn window(callbacks: &Object) -> Processor {
    Processor::new(20.0, 40.0, f64::INFINITY, callbacks).expect("the options are in range")
}

fn events(processor: &Processor) -> Vec<String> {
    processor.events().iter().map(|event| event.as_string().expect("a string")).collect()
}

fn get(object: &JsValue, name: &str) -> JsValue {
    Reflect::get(object, &name.into()).expect("an object")
}

/// Waits for the event loop to have nothing else to do at the moment.
async fn macrotask() {
    let timeout = Function::new_with_args("resolve", "setTimeout(resolve)");
    let elapsed = Promise::new(&mut |resolve, _reject| drop(timeout.call1(&JsValue::UNDEFINED, &resolve)));
    JsFuture::from(elapsed).await.expect("a timer does not fail");
}

/// Waits until the event has happened.
async fn until(processor: &Processor, event: &str) {
    while !events(processor).iter().any(|happened| happened == event) {
        macrotask().await;
    }
}

#[wasm_bindgen_test]
async fn a_batch_is_loaded_once_its_operations_run_in_turn_and_it_is_saved_once() {
    let processor = window(&load_and_save());
    let runs = [processor.run("alice"), processor.run("alice")];
    assert!(events(&processor).is_empty(), "nothing happens inside of the call");
    macrotask().await;
    let late = processor.run("alice");
    for (run, place) in [(&runs[0], 1), (&runs[1], 2), (&late, 3)] {
        assert_eq!(JsFuture::from(run.clone()).await, Ok(place.into()));
    }
    let executed = "execute alice";
    assert_eq!(events(&processor), ["load alice", executed, executed, executed, "save alice", "settle alice"]);
    assert_eq!(processor.open_groups(), 0);
}

#[wasm_bindgen_test]
async fn callbacks_can_return_what_is_no_promise_and_be_missing() {
    let processor = no_window(&callbacks([("lock", returns(JsValue::NULL)), ("save", returns(JsValue::UNDEFINED))]));
    assert_eq!(JsFuture::from(processor.run("alice")).await, Ok(1.into()));
    assert_eq!(events(&processor), ["lock alice", "execute alice", "save alice", "release alice", "settle alice"]);

    let processor = no_window(&callbacks([]));
    assert_eq!(JsFuture::from(processor.run("alice")).await, Ok(1.into()));
    assert_eq!(events(&processor), ["execute alice", "settle alice"]);
}

#[wasm_bindgen_test]
async fn whatever_a_callback_throws_or_rejects_with_reaches_the_caller_unchanged() {
    let error: JsValue = Error::new("gone").into();
    let causes = [JsValue::UNDEFINED, JsValue::NULL, "text".into(), f64::NAN.into(), Object::new().into(), error];
    for (phase, operations, happened) in [
        ("lock", 0, &["lock alice", "fail alice"][..]),
        ("load", 0, &["lock alice", "load alice", "release alice", "fail alice"]),
        ("save", 1, &["lock alice", "load alice", "execute alice", "save alice", "release alice", "fail alice"]),
    ] {
        for cause in &causes {
            for failing in [throws(cause), returns(Promise::reject(cause))] {
                let all = callbacks([("lock", fulfils()), ("load", fulfils()), ("save", fulfils())]);
                Reflect::set(&all, &phase.into(), &failing).expect("an object takes a property");
                let processor = no_window(&all);
                let error = JsFuture::from(processor.run("alice")).await.expect_err("the batch fails");
                assert!(Object::is(&get(&error, "cause"), cause), "{cause:?} in {phase}");
                assert_eq!(get(&error, "phase"), phase);
                assert_eq!(get(&error, "operations"), JsValue::from(operations));
                assert_eq!(events(&processor), happened);
                assert_eq!(processor.open_groups(), 0);
            }
        }
    }
}

#[wasm_bindgen_test]
fn options_out_of_range_throw_a_range_error_that_names_the_option() {
    let infinity = f64::INFINITY;
    for (min_duration, max_duration, max_operations, name) in [
        (-1.0, infinity, infinity, "minDuration"),
        (f64::NAN, infinity, infinity, "minDuration"),
        (infinity, infinity, infinity, "minDuration"),
        (2_147_483_648.0, infinity, infinity, "minDuration"),
        (10.0, 9.0, infinity, "maxDuration"),
        (10.0, f64::NAN, infinity, "maxDuration"),
        (10.0, 20.0, 0.0, "maxOperations"),
        (10.0, 20.0, -1.0, "maxOperations"),
        (10.0, 20.0, f64::NAN, "maxOperations"),
    ] {
        let error = Processor::new(min_duration, max_duration, max_operations, &load_and_save()).err();
        let error: RangeError = error.expect("an error").dyn_into().expect("a RangeError");
        assert!(String::from(error.message()).starts_with(name), "{}", error.message());
    }
}

#[wasm_bindgen_test]
async fn options_in_range_are_understood() {
    let many = Processor::new(0.0, f64::INFINITY, 1e300, &load_and_save()).expect("nobody counts that far");
    let [run, other] = [many.run("alice"), many.run("alice")];
    assert_eq!(JsFuture::from(run).await, Ok(1.into()));
    assert_eq!(JsFuture::from(other).await, Ok(2.into()));

    let few = Processor::new(0.0, f64::INFINITY, 1.0, &callbacks([])).expect("the options are in range");
    let [run, other] = [few.run("alice"), few.run("alice")];
    assert_eq!(JsFuture::from(run).await, Ok(1.into()));
    assert_eq!(JsFuture::from(other).await, Ok(1.into()));
    assert_eq!(events(&few), ["execute alice", "settle alice"].repeat(2));
}

#[wasm_bindgen_test]
async fn flush_closes_the_window_of_one_key() {
    let processor = Processor::new(1e9, 1e9, f64::INFINITY, &load_and_save()).expect("the options are in range");
    let [alice, bob] = ["alice", "bob"].map(|key| processor.run(key));
    macrotask().await;
    processor.flush("bob");
    JsFuture::from(bob).await.expect("bob is saved");
    assert_eq!(processor.open_groups(), 1);
    processor.flush("alice");
    JsFuture::from(alice).await.expect("alice is saved");
    assert_eq!(processor.open_groups(), 0);
}

#[wasm_bindgen_test]
async fn after_stop_no_group_can_be_opened_and_those_that_are_open_come_to_their_end() {
    let processor = Processor::new(1e9, 1e9, f64::INFINITY, &load_and_save()).expect("the options are in range");
    let run = processor.run("alice");
    processor.engine().stop();
    processor.engine().stop();
    assert_eq!(JsFuture::from(processor.run("bob")).await, Err("stopped".into()));
    assert_eq!(JsFuture::from(run).await, Ok(1.into()));
}

#[wasm_bindgen_test]
async fn what_comes_while_a_save_is_under_way_forms_the_next_batch() {
    let (save, settle) = hangs();
    let processor = no_window(&callbacks([("save", save)]));
    let first = processor.run("alice");
    until(&processor, "save alice").await;
    let next = processor.run("alice");
    macrotask().await;
    assert_eq!(events(&processor), ["execute alice", "save alice"]);
    settle.call0(&JsValue::UNDEFINED).expect("a promise can be settled");
    assert_eq!(JsFuture::from(first).await, Ok(1.into()));
    assert_eq!(JsFuture::from(next).await, Ok(1.into()));
}

#[wasm_bindgen_test]
async fn an_operation_that_queues_another_is_not_interrupted_by_it() {
    let processor = no_window(&load_and_save());
    let queue = Function::new_no_args("this.run('alice')").bind0(&processor);
    assert_eq!(JsFuture::from(processor.run_with("alice", &queue)).await, Ok(1.into()));
    assert_eq!(events(&processor), ["load alice", "execute alice", "execute alice", "save alice", "settle alice"]);
}

#[wasm_bindgen_test]
async fn metrics_are_numbers_and_come_only_while_they_are_wanted() {
    let processor = no_window(&callbacks([("load", fulfils()), ("save", returns(Promise::reject(&"full".into())))]));
    JsFuture::from(processor.run("alice")).await.expect_err("the save fails");
    assert_eq!(processor.metrics().length(), 0);
    processor.engine().observe(true);
    let runs = [processor.run("alice"), processor.run("alice")];
    for run in runs {
        JsFuture::from(run).await.expect_err("the save fails");
    }
    processor.engine().observe(false);
    JsFuture::from(processor.run("alice")).await.expect_err("the save fails");

    assert_eq!(processor.metrics().length(), 1);
    let metric = processor.metrics().get(0);
    assert_eq!(get(&metric, "phase"), "save");
    assert_eq!(get(&metric, "cause"), "full");
    let numbers: Vec<f64> = Array::from(&get(&metric, "numbers")).iter().filter_map(|number| number.as_f64()).collect();
    let [operations, lock, load, save, total] = numbers[..] else { panic!("{numbers:?}") };
    assert_eq!((operations, lock), (2.0, 0.0));
    assert!(load >= 0.0 && save >= 0.0 && total >= load + save, "{numbers:?}");
}

#[wasm_bindgen_test]
async fn the_metric_of_a_batch_that_did_not_fail_has_no_phase_and_no_cause() {
    let processor = no_window(&load_and_save());
    processor.engine().observe(true);
    JsFuture::from(processor.run("alice")).await.expect("alice is saved");
    let metric = processor.metrics().get(0);
    assert!(get(&metric, "phase").is_undefined());
    assert!(get(&metric, "cause").is_undefined());
}

#[wasm_bindgen_test]
async fn timers_close_windows_and_abort_batches_and_none_is_left() {
    let timers = watch_timers();
    let (save, settle) = hangs();
    let processor = Processor::new(0.4, 5.0, f64::INFINITY, &callbacks([("save", save)])).expect("in range");
    let run = processor.run("alice");
    until(&processor, "abort alice").await;
    assert_eq!(events(&processor), ["execute alice", "save alice", "abort alice"]);
    settle.call0(&JsValue::UNDEFINED).expect("a promise can be settled");
    JsFuture::from(run).await.expect("alice is saved");
    assert_eq!(timers.set().size(), 0);

    // A batch that ends long before its deadline leaves no timer behind.
    let far = Processor::new(0.0, 1e12, f64::INFINITY, &load_and_save()).expect("the options are in range");
    let run = far.run("alice");
    until(&far, "load alice").await;
    JsFuture::from(run).await.expect("alice is saved");
    assert_eq!(timers.set().size(), 0);

    // None is longer than the platform's can be.
    let delays: Vec<f64> = timers.delays().iter().filter_map(|delay| delay.as_f64()).collect();
    assert_eq!(delays.into_iter().reduce(f64::max), Some(2_147_483_647.0));
}

#[wasm_bindgen_test]
async fn a_timer_is_set_for_whole_milliseconds_rather_too_late_than_too_early() {
    let timers = watch_timers();
    let start_clock = stop_clock();
    let processor = Processor::new(2.4, 5.0, f64::INFINITY, &load_and_save()).expect("the options are in range");
    let run = processor.run("alice");
    JsFuture::from(Promise::resolve(&JsValue::UNDEFINED)).await.expect("nothing can fail");
    start_clock.call0(&JsValue::UNDEFINED).expect("the clock goes on");
    JsFuture::from(run).await.expect("alice is saved");
    assert_eq!(timers.delays().get(0), 3.0);
}

#[wasm_bindgen_test]
async fn no_number_makes_it_panic() {
    let processor = window(&load_and_save());
    let run = processor.run("alice");
    let engine = processor.engine();
    for group in NO_GROUPS {
        engine.flush_group(group);
        engine.done(group, true);
        engine.done(group, false);
    }
    macrotask().await;
    // NaN is 0 to it, the number of the group that is open.
    engine.done(f64::NAN, true);
    engine.flush_group(f64::NAN);
    assert_eq!(JsFuture::from(run).await, Ok(1.into()));
    assert_eq!(events(&processor), ["load alice", "execute alice", "save alice", "settle alice"]);
    for group in NO_GROUPS {
        engine.flush_group(group);
        engine.done(group, true);
    }
    assert_eq!(JsFuture::from(processor.run("alice")).await, Ok(1.into()));
}

#[wasm_bindgen_test]
async fn a_group_behind_one_that_is_not_open_does_not_wait() {
    let processor = no_window(&load_and_save());
    for latest in NO_GROUPS {
        let run = processor.run_behind("alice", &returns(JsValue::UNDEFINED), latest);
        assert_eq!(JsFuture::from(run).await, Ok(1.into()));
    }
}

#[wasm_bindgen_test]
async fn a_crowd_of_keys_comes_and_goes_and_comes_again() {
    let processor = no_window(&load_and_save());
    for _ in 0..2 {
        let runs: Array = (0..3_000).map(|key| processor.run(&key.to_string())).collect();
        assert_eq!(processor.open_groups(), 3_000);
        JsFuture::from(Promise::all(&runs)).await.expect("all are saved");
        assert_eq!(processor.open_groups(), 0);
    }
}

#[wasm_bindgen_test]
async fn processors_have_nothing_to_do_with_each_other() {
    let (load, settle) = hangs();
    let one = no_window(&callbacks([("load", load)]));
    let other = no_window(&load_and_save());
    let hanging = one.run("alice");
    one.engine().stop();
    assert_eq!(JsFuture::from(other.run("alice")).await, Ok(1.into()));
    assert_eq!(events(&one), ["load alice"]);
    settle.call0(&JsValue::UNDEFINED).expect("a promise can be settled");
    assert_eq!(JsFuture::from(hanging).await, Ok(1.into()));
}

#[wasm_bindgen_test]
async fn a_processor_that_nobody_refers_to_any_more_brings_its_batches_to_their_end() {
    let processor = window(&callbacks([("load", returns(JsValue::NULL)), ("save", returns(JsValue::NULL))]));
    let runs = [processor.run("alice"), processor.run("alice")];
    // What the garbage collector does.
    processor.engine().free();
    for (run, place) in runs.into_iter().zip(1..) {
        assert_eq!(JsFuture::from(run).await, Ok(place.into()));
    }
    assert_eq!(processor.open_groups(), 0);
}
