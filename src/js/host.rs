//! The engine's host: the batches that the TypeScript face keeps, timers, and the executor of wasm-bindgen-futures.

use crate::engine::{self, BatchError, Begun, Executed, Failure, Key, Metric, Phase, Window};
use gloo_timers::callback::Timeout;
use std::future::Future;
use std::task::Poll;
use wasm_bindgen::prelude::*;

#[wasm_bindgen]
extern "C" {
    /// The batches of one processor, by the numbers of their keys. Every method is one crossing of the boundary; runs,
    /// resources and keys stay on the other side. Defined in js/core/host.ts.
    pub type Batches;

    /// 0 if there is none, 1 if it is the next, 2 if it is a later one.
    #[wasm_bindgen(method)]
    fn begin(this: &Batches, key: u32) -> u32;
    #[wasm_bindgen(method, js_name = isWanted)]
    fn is_wanted(this: &Batches, key: u32) -> bool;
    /// 0 if it is open, 1 if it is closed, 2 if it is flushed.
    #[wasm_bindgen(method)]
    fn window(this: &Batches, key: u32) -> u32;
    /// 0 if the call has succeeded, 1 if it has failed, 2 if that was a conflict, 3 if it is under way.
    #[wasm_bindgen(method)]
    fn call(this: &Batches, key: u32, phase: u32) -> u32;
    #[wasm_bindgen(method, js_name = callTogether)]
    fn call_together(this: &Batches, keys: Vec<u32>, phase: u32);
    #[wasm_bindgen(method)]
    fn release(this: &Batches, key: u32);
    /// 1 if the resource has changed, plus 2 if the window is closed.
    #[wasm_bindgen(method)]
    fn execute(this: &Batches, key: u32, is_last: bool) -> u32;
    #[wasm_bindgen(method, js_name = startOver)]
    fn start_over(this: &Batches, key: u32);
    #[wasm_bindgen(method)]
    fn abort(this: &Batches, key: u32);
    #[wasm_bindgen(method, js_name = isAborted)]
    fn is_aborted(this: &Batches, key: u32) -> bool;
    #[wasm_bindgen(method)]
    fn settle(this: &Batches, key: u32, is_failed: bool) -> bool;
    #[wasm_bindgen(method, js_name = isObserved)]
    fn is_observed(this: &Batches, key: u32) -> bool;
    #[wasm_bindgen(method)]
    fn publish(this: &Batches, key: u32, durations: JsValue, is_failed: bool);

    #[wasm_bindgen(js_namespace = performance, js_name = now)]
    fn performance_now() -> f64;
}

/// What a call came to: 0 if it has succeeded, 1 if it has failed, 2 if that was a conflict.
pub fn read(outcome: u32) -> Result<(), Failure<()>> {
    if outcome == 0 { Ok(()) } else { Err(Failure { cause: (), is_conflict: outcome == 2 }) }
}

pub struct Host {
    batches: Batches,
    /// A bit for each [`Phase`] that there is a callback for, and three further on one for each that is shared.
    callbacks: u32,
}

impl Host {
    pub fn new(batches: Batches, callbacks: u32) -> Self {
        Self { batches, callbacks }
    }
}

impl engine::Host for Host {
    /// What was thrown stays in JavaScript.
    type Error = ();
    type Timer = Timeout;

    fn calls(&self, phase: Phase) -> bool {
        self.callbacks & (1 << phase as u32) != 0
    }

    fn begin(&self, key: Key) -> Begun {
        match self.batches.begin(key as u32) {
            0 => Begun::Nothing,
            1 => Begun::Next,
            _ => Begun::Later,
        }
    }

    fn is_wanted(&self, key: Key) -> bool {
        self.batches.is_wanted(key as u32)
    }

    fn window(&self, key: Key) -> Window {
        match self.batches.window(key as u32) {
            0 => Window::Open,
            1 => Window::Closed,
            _ => Window::Flushed,
        }
    }

    fn call(&self, key: Key, phase: Phase) -> Poll<Result<(), Failure<()>>> {
        match self.batches.call(key as u32, phase as u32) {
            3 => Poll::Pending,
            outcome => Poll::Ready(read(outcome)),
        }
    }

    fn is_shared(&self, phase: Phase) -> bool {
        self.callbacks & (8 << phase as u32) != 0
    }

    fn call_together(&self, keys: &[Key], phase: Phase) {
        self.batches.call_together(keys.iter().map(|&key| key as u32).collect(), phase as u32);
    }

    fn release(&self, key: Key) {
        self.batches.release(key as u32);
    }

    fn execute(&self, key: Key, is_last: bool) -> Executed {
        let executed = self.batches.execute(key as u32, is_last);
        Executed { is_changed: executed & 1 != 0, is_last: executed & 2 != 0 }
    }

    fn start_over(&self, key: Key) {
        self.batches.start_over(key as u32);
    }

    fn abort(&self, key: Key) {
        self.batches.abort(key as u32);
    }

    fn is_aborted(&self, key: Key) -> bool {
        self.batches.is_aborted(key as u32)
    }

    fn settle(&self, key: Key, outcome: Result<(), BatchError<()>>) -> bool {
        self.batches.settle(key as u32, outcome.is_err())
    }

    fn is_observed(&self, key: Key) -> bool {
        self.batches.is_observed(key as u32)
    }

    fn publish(&self, key: Key, metric: Metric, error: Option<&BatchError<()>>) {
        // A tuple of numbers cannot fail to be serialized. js/core/metrics.ts gives them their names.
        let durations = serde_wasm_bindgen::to_value(&(
            metric.lock_duration,
            metric.load_duration,
            metric.save_duration,
            metric.total_duration,
            metric.attempts,
            metric.loaded_together,
            metric.saved_together,
        ))
        .unwrap_or_default();
        self.batches.publish(key as u32, durations, error.is_some());
    }

    fn random(&self) -> f64 {
        js_sys::Math::random()
    }

    fn now(&self) -> f64 {
        performance_now()
    }

    fn set_timer(&self, delay: f64, ring: impl FnOnce() + 'static) -> Timeout {
        // Rounded up: no window closes early.
        Timeout::new(delay.ceil() as u32, ring)
    }

    fn spawn(&self, task: impl Future<Output = ()> + 'static) {
        wasm_bindgen_futures::spawn_local(task);
    }
}
