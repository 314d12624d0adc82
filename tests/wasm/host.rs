//! What host.js exports, and what all tests need to drive it.

use js_sys::{Array, Function, Promise};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;

#[wasm_bindgen(module = "/tests/wasm/host.js")]
extern "C" {
    pub type Host;

    #[wasm_bindgen(constructor, catch)]
    pub fn new(min_duration: f64, max_duration: f64, concurrency: f64, outcomes: Array) -> Result<Host, JsValue>;
    #[wasm_bindgen(constructor, catch)]
    pub fn with_max_keys(
        min_duration: f64,
        max_duration: f64,
        concurrency: f64,
        outcomes: Array,
        retries: f64,
        max_keys: f64,
        shared: u32,
    ) -> Result<Host, JsValue>;
    #[wasm_bindgen(method)]
    pub fn run(this: &Host, key: u32) -> Promise;
    #[wasm_bindgen(method, js_name = run)]
    pub fn run_with(this: &Host, key: u32, operation: &Function) -> Promise;
    #[wasm_bindgen(method)]
    pub fn cancel(this: &Host, key: u32);
    #[wasm_bindgen(method)]
    pub fn close(this: &Host, key: u32, window: u32);
    #[wasm_bindgen(method, getter)]
    pub fn engine(this: &Host) -> Engine;
    #[wasm_bindgen(method, getter, js_name = events)]
    pub fn event_array(this: &Host) -> Array;
    #[wasm_bindgen(method, getter)]
    pub fn metrics(this: &Host) -> Array;
    #[wasm_bindgen(method, setter)]
    pub fn set_observes(this: &Host, observes: bool);
    /// How many keys have batches.
    #[wasm_bindgen(method, getter)]
    pub fn keys(this: &Host) -> u32;

    /// The class under test, as it is exported. All numbers are what JavaScript has, not what Rust expects.
    pub type Engine;

    #[wasm_bindgen(method)]
    pub fn serve(this: &Engine, key: f64, opened: f64);
    #[wasm_bindgen(method)]
    pub fn done(this: &Engine, key: f64, outcome: u32);
    #[wasm_bindgen(method)]
    pub fn look(this: &Engine, key: f64);
    #[wasm_bindgen(method, js_name = lookAtWaiting)]
    pub fn look_at_waiting(this: &Engine);
    #[wasm_bindgen(method)]
    pub fn free(this: &Engine);

    #[wasm_bindgen(js_name = watchTimers)]
    pub fn watch_timers() -> Timers;
    #[wasm_bindgen(js_name = stopClock)]
    pub fn stop_clock(now: f64);
    #[wasm_bindgen(js_name = startClock)]
    pub fn start_clock();

    pub type Timers;

    #[wasm_bindgen(method, getter)]
    pub fn delays(this: &Timers) -> Array;
    #[wasm_bindgen(method, getter)]
    pub fn set(this: &Timers) -> js_sys::Set;
}

/// Windows, as the engine reads them.
pub const CLOSED: u32 = 1;
pub const FLUSHED: u32 = 2;

/// The bits of the phases whose calls are shared: load and save.
pub const SHARED: u32 = 2 | 4;

/// There is no callback for a phase.
pub const NOTHING: JsValue = JsValue::UNDEFINED;

/// A call that is done when it returns.
pub fn at_once(succeeds: bool) -> JsValue {
    succeeds.into()
}

/// A call that is done soon after it has returned.
pub fn later(succeeds: bool) -> JsValue {
    Promise::resolve(&JsValue::from(succeeds)).into()
}

/// A call that is under way until the function is called with whether it has succeeded.
pub fn hanging() -> (JsValue, Function) {
    let mut settle = None;
    let promise = Promise::new(&mut |resolve, _reject| settle = Some(resolve));
    (promise.into(), settle.expect("the promise has been made"))
}

pub fn call(function: &Function, argument: impl Into<JsValue>) {
    function.call1(&JsValue::UNDEFINED, &argument.into()).expect("it does not throw");
}

/// A host with the outcomes of lock, load and save.
pub fn no_window(outcomes: [JsValue; 3]) -> Host {
    with(0.0, f64::INFINITY, f64::INFINITY, outcomes)
}

/// Its windows close when they are told to.
pub fn endless_window(outcomes: [JsValue; 3]) -> Host {
    with(1e9, f64::INFINITY, f64::INFINITY, outcomes)
}

pub fn with(min_duration: f64, max_duration: f64, concurrency: f64, outcomes: [JsValue; 3]) -> Host {
    Host::new(min_duration, max_duration, concurrency, outcomes.iter().collect()).expect("the options are in range")
}

/// A host of which a batch starts over after a conflict, so often.
pub fn retrying(retries: f64, outcomes: [JsValue; 3]) -> Host {
    let outcomes = outcomes.iter().collect();
    Host::with_max_keys(0.0, f64::INFINITY, f64::INFINITY, outcomes, retries, 1.0, 0).expect("the options are in range")
}

/// A host that loads and saves several batches in one call.
pub fn sharing(concurrency: f64, max_keys: f64, outcomes: [JsValue; 3]) -> Host {
    let outcomes = outcomes.iter().collect();
    Host::with_max_keys(0.0, f64::INFINITY, concurrency, outcomes, 0.0, max_keys, SHARED)
        .expect("the options are in range")
}

pub fn load_and_save() -> [JsValue; 3] {
    [NOTHING, later(true), later(true)]
}

impl Host {
    pub fn events(&self) -> Vec<String> {
        self.event_array().iter().map(|event| event.as_string().expect("a string")).collect()
    }

    /// Waits until the event has happened.
    pub async fn until(&self, event: &str) {
        while !self.events().iter().any(|happened| happened == event) {
            macrotask().await;
        }
    }
}

/// What has become of a run: its place in its batch, or the phase that has failed.
pub async fn outcome(run: Promise) -> Result<f64, String> {
    let outcome = JsFuture::from(run).await;
    outcome.map(|place| place.as_f64().expect("a number")).map_err(|phase| phase.as_string().expect("a string"))
}

/// Waits for the event loop to have nothing else to do at the moment.
pub async fn macrotask() {
    let timeout = Function::new_with_args("resolve", "setTimeout(resolve)");
    let elapsed = Promise::new(&mut |resolve, _reject| call(&timeout, resolve));
    JsFuture::from(elapsed).await.expect("a timer does not fail");
}
