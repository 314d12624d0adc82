//! Timers of the platform, which are set, go off and are cleared.

use crate::host::*;
use js_sys::Promise;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use wasm_bindgen_test::wasm_bindgen_test;

#[wasm_bindgen_test]
async fn timers_close_windows_and_abort_batches() {
    let timers = watch_timers();
    let (save, settle) = hanging();
    let host = with(0.4, 5.0, f64::INFINITY, [NOTHING, NOTHING, save]);
    let run = host.run(0);
    host.until("abort 0").await;
    assert_eq!(host.events(), ["execute 0", "save 0", "abort 0"]);
    call(&settle, true);
    assert_eq!(outcome(run).await, Ok(0.0));
    assert_eq!(timers.set().size(), 0);
}

#[wasm_bindgen_test]
async fn a_timer_that_has_not_gone_off_is_cleared_when_the_last_of_its_batches_has_ended() {
    let timers = watch_timers();
    stop_clock(0.0);
    let host = endless_window(load_and_save());
    // In the same turn and the same millisecond.
    let runs = [0, 1].map(|key| host.run(key));
    start_clock();
    host.until("execute 1").await;
    for (key, (run, left)) in (0..).zip(runs.into_iter().zip([1, 0])) {
        assert_eq!(timers.set().size(), 1);
        host.close(key, CLOSED);
        host.engine().look(key.into());
        assert_eq!(outcome(run).await, Ok(0.0));
        assert_eq!(timers.set().size(), left);
    }
}

#[wasm_bindgen_test]
async fn no_timer_is_longer_than_those_of_the_platform_can_be() {
    let timers = watch_timers();
    let host = with(0.0, 1e12, f64::INFINITY, load_and_save());
    assert_eq!(outcome(host.run(0)).await, Ok(0.0));
    assert_eq!(timers.delays().to_vec(), [2_147_483_647.0]);
    assert_eq!(timers.set().size(), 0);
}

#[wasm_bindgen_test]
async fn a_timer_is_set_for_whole_milliseconds_rather_too_late_than_too_early() {
    let timers = watch_timers();
    stop_clock(0.0);
    let host = with(2.4, 5.0, f64::INFINITY, load_and_save());
    let run = host.run(0);
    JsFuture::from(Promise::resolve(&JsValue::UNDEFINED)).await.expect("nothing can fail");
    start_clock();
    assert_eq!(outcome(run).await, Ok(0.0));
    assert_eq!(timers.delays().get(0), 3.0);
}
