//! The engine's host: the groups that the TypeScript face keeps, one timer, and the executor of wasm-bindgen-futures.

use crate::engine::{self, BatchError, Executed, GroupId, Metric, Phase};
use gloo_timers::callback::Timeout;
use std::cell::{Cell, RefCell};
use std::future::Future;
use std::task::Poll;
use wasm_bindgen::prelude::*;

#[wasm_bindgen]
extern "C" {
    /// The groups of one processor, by number. Every method is one crossing of the boundary; runs, resources and keys stay on the other
    /// side. Defined in js/groups.ts.
    pub type Groups;

    #[wasm_bindgen(method)]
    fn close(this: &Groups, group: u32);
    #[wasm_bindgen(method)]
    fn overflows(this: &Groups, group: u32) -> bool;
    #[wasm_bindgen(method, js_name = goesOn)]
    fn goes_on(this: &Groups, group: u32) -> bool;
    /// True if the call is under way, and its outcome will be told.
    #[wasm_bindgen(method)]
    fn call(this: &Groups, group: u32, phase: u32) -> bool;
    #[wasm_bindgen(method)]
    fn release(this: &Groups, group: u32);
    /// Four times the number of operations, plus 2 if runs wait, plus 1 if the resource has changed.
    #[wasm_bindgen(method)]
    fn execute(this: &Groups, group: u32) -> u32;
    #[wasm_bindgen(method, js_name = keepExecuting)]
    fn keep_executing(this: &Groups, group: u32);
    #[wasm_bindgen(method)]
    fn take(this: &Groups, group: u32);
    #[wasm_bindgen(method)]
    fn settle(this: &Groups, group: u32) -> bool;
    #[wasm_bindgen(method)]
    fn fail(this: &Groups, group: u32, operations: u32) -> bool;
    #[wasm_bindgen(method)]
    fn abort(this: &Groups, group: u32);
    #[wasm_bindgen(method)]
    fn publish(this: &Groups, group: u32, metric: JsValue, failed: bool);

    #[wasm_bindgen(js_namespace = performance, js_name = now)]
    fn performance_now() -> f64;
}

pub struct Host {
    groups: Groups,
    /// A bit for each [`Phase`] that there is a callback for.
    callbacks: u32,
    timer: RefCell<Option<Timeout>>,
    observed: Cell<bool>,
}

impl Host {
    pub fn new(groups: Groups, callbacks: u32) -> Self {
        Self { groups, callbacks, timer: RefCell::default(), observed: Cell::new(false) }
    }

    pub fn observe(&self, observed: bool) {
        self.observed.set(observed);
    }

    fn has_callback(&self, phase: Phase) -> bool {
        self.callbacks & (1 << phase as u32) != 0
    }
}

impl engine::Host for Host {
    /// What was thrown stays in JavaScript.
    type Error = ();

    fn close(&self, group: GroupId) {
        self.groups.close(group as u32);
    }

    fn overflows(&self, group: GroupId) -> bool {
        self.groups.overflows(group as u32)
    }

    fn goes_on(&self, group: GroupId) -> bool {
        self.groups.goes_on(group as u32)
    }

    fn call(&self, group: GroupId, phase: Phase) -> Option<Poll<Result<(), ()>>> {
        if !self.has_callback(phase) {
            return None;
        }
        let is_under_way = self.groups.call(group as u32, phase as u32);
        Some(if is_under_way { Poll::Pending } else { Poll::Ready(Ok(())) })
    }

    fn release(&self, group: GroupId) {
        if self.has_callback(Phase::Lock) {
            self.groups.release(group as u32);
        }
    }

    fn execute(&self, group: GroupId) -> Executed {
        let executed = self.groups.execute(group as u32);
        Executed { operations: executed >> 2, waiting: executed & 2 != 0, changed: executed & 1 != 0 }
    }

    fn keep_executing(&self, group: GroupId) {
        self.groups.keep_executing(group as u32);
    }

    fn take(&self, group: GroupId) {
        self.groups.take(group as u32);
    }

    fn settle(&self, group: GroupId, operations: u32, outcome: Result<(), BatchError<()>>) -> bool {
        match outcome {
            Ok(()) => self.groups.settle(group as u32),
            Err(_) => self.groups.fail(group as u32, operations),
        }
    }

    fn abort(&self, group: GroupId) {
        self.groups.abort(group as u32);
    }

    fn now(&self) -> f64 {
        performance_now()
    }

    fn set_timer(&self, delay: f64, tick: impl FnOnce() + 'static) {
        // Rounded up: a timer that fires early would only have to be set again.
        *self.timer.borrow_mut() = Some(Timeout::new(delay.ceil() as u32, tick));
    }

    fn idle(&self) {
        *self.timer.borrow_mut() = None;
    }

    fn spawn(&self, task: impl Future<Output = ()> + 'static) {
        wasm_bindgen_futures::spawn_local(task);
    }

    fn is_observed(&self) -> bool {
        self.observed.get()
    }

    fn publish(&self, group: GroupId, metric: Metric, error: Option<&BatchError<()>>) {
        // A tuple of numbers cannot fail to be serialized. js/group.ts gives them their names.
        let numbers = serde_wasm_bindgen::to_value(&(
            metric.operations,
            metric.lock_duration,
            metric.load_duration,
            metric.save_duration,
            metric.total_duration,
        ))
        .unwrap_or_default();
        self.groups.publish(group as u32, numbers, error.is_some());
    }
}
