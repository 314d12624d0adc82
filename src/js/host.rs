//! The engine's host: the groups that the TypeScript face keeps, one timer, and the executor of wasm-bindgen-futures.

use crate::engine::{self, BatchError, Executed, GroupId, Metric, Phase};
use gloo_timers::callback::Timeout;
use std::cell::{Cell, RefCell};
use std::future::{Future, poll_fn};
use std::mem;
use std::task::{Poll, Waker};
use wasm_bindgen::prelude::*;

#[wasm_bindgen]
extern "C" {
    /// The groups of one processor, by number. Every method is one crossing of the boundary; runs, resources and keys stay on the other
    /// side. Defined in js/groups.ts.
    pub type Groups;

    #[wasm_bindgen(method)]
    fn close(this: &Groups, group: u32);
    #[wasm_bindgen(method)]
    fn forget(this: &Groups, group: u32);
    #[wasm_bindgen(method)]
    fn waiting(this: &Groups, group: u32) -> u32;
    #[wasm_bindgen(method, js_name = hasUnsettled)]
    fn has_unsettled(this: &Groups, group: u32) -> bool;
    #[wasm_bindgen(method)]
    fn park(this: &Groups, group: u32);
    /// True if the call is under way, and its outcome will be told.
    #[wasm_bindgen(method)]
    fn call(this: &Groups, group: u32, phase: u32) -> bool;
    #[wasm_bindgen(method)]
    fn release(this: &Groups, group: u32);
    /// Four times the number of operations, plus 2 if runs wait, plus 1 if the resource has changed.
    #[wasm_bindgen(method)]
    fn execute(this: &Groups, group: u32, at_most: u32) -> u32;
    #[wasm_bindgen(method)]
    fn take(this: &Groups, group: u32, at_most: u32);
    #[wasm_bindgen(method)]
    fn settle(this: &Groups, group: u32) -> bool;
    #[wasm_bindgen(method)]
    fn fail(this: &Groups, group: u32, operations: u32, phase: u32, cause: &JsValue) -> bool;
    #[wasm_bindgen(method)]
    fn abort(this: &Groups, group: u32);
    #[wasm_bindgen(method)]
    fn publish(this: &Groups, group: u32, metric: JsValue, phase: u32, cause: &JsValue);

    #[wasm_bindgen(js_namespace = performance, js_name = now)]
    fn performance_now() -> f64;
}

pub struct Host {
    groups: Groups,
    /// A bit for each [`Phase`] that there is a callback for.
    callbacks: u32,
    calls: RefCell<Vec<Call>>,
    timer: RefCell<Option<Timeout>>,
    observed: Cell<bool>,
}

/// The lock, load or save that is under way for a group: where its outcome arrives, and who waits for it. A slot in a table costs a
/// tenth of a future that makes closures of its own for every promise.
#[derive(Default)]
enum Call {
    #[default]
    Idle,
    UnderWay(Waker),
    Settled(Result<(), JsValue>),
}

/// What `publish` of [`Groups`] gets if the batch did not fail; any other number is that of a [`Phase`].
const NO_PHASE: u32 = u32::MAX;

impl Host {
    pub fn new(groups: Groups, callbacks: u32) -> Self {
        Self { groups, callbacks, calls: RefCell::default(), timer: RefCell::default(), observed: Cell::new(false) }
    }

    pub fn observe(&self, observed: bool) {
        self.observed.set(observed);
    }

    /// The call under way for this group has settled.
    pub fn called(&self, group: GroupId, outcome: Result<(), JsValue>) {
        let call = match self.calls.borrow_mut().get_mut(group) {
            Some(call) => mem::replace(call, Call::Settled(outcome)),
            None => return,
        };
        if let Call::UnderWay(waker) = call {
            waker.wake();
        }
    }

    fn has_callback(&self, phase: Phase) -> bool {
        self.callbacks & (1 << phase as u32) != 0
    }

    fn outcome(&self, group: GroupId) -> impl Future<Output = Result<(), JsValue>> {
        poll_fn(move |context| {
            let mut calls = self.calls.borrow_mut();
            if calls.len() <= group {
                calls.resize_with(group + 1, Call::default);
            }
            let Some(call) = calls.get_mut(group) else { return Poll::Pending };
            match mem::take(call) {
                Call::Settled(outcome) => Poll::Ready(outcome),
                _ => {
                    *call = Call::UnderWay(context.waker().clone());
                    Poll::Pending
                }
            }
        })
    }
}

impl engine::Host for Host {
    type Error = JsValue;

    fn close(&self, group: GroupId) {
        self.groups.close(group as u32);
    }

    fn forget(&self, group: GroupId) {
        self.groups.forget(group as u32);
    }

    fn waiting(&self, group: GroupId) -> u32 {
        self.groups.waiting(group as u32)
    }

    fn has_unsettled(&self, group: GroupId) -> bool {
        self.groups.has_unsettled(group as u32)
    }

    fn park(&self, group: GroupId) {
        self.groups.park(group as u32);
    }

    fn call(&self, group: GroupId, phase: Phase) -> Option<impl Future<Output = Result<(), JsValue>>> {
        if !self.has_callback(phase) {
            return None;
        }
        let is_under_way = self.groups.call(group as u32, phase as u32);
        Some(async move { if is_under_way { self.outcome(group).await } else { Ok(()) } })
    }

    fn release(&self, group: GroupId) {
        if self.has_callback(Phase::Lock) {
            self.groups.release(group as u32);
        }
    }

    fn execute(&self, group: GroupId, at_most: u32) -> Executed {
        let executed = self.groups.execute(group as u32, at_most);
        Executed { operations: executed >> 2, waiting: executed & 2 != 0, changed: executed & 1 != 0 }
    }

    fn take(&self, group: GroupId, at_most: u32) {
        self.groups.take(group as u32, at_most);
    }

    fn settle(&self, group: GroupId, operations: u32, outcome: Result<(), BatchError<JsValue>>) -> bool {
        match outcome {
            Ok(()) => self.groups.settle(group as u32),
            Err(error) => self.groups.fail(group as u32, operations, error.phase as u32, &error.cause),
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
        let mut calls = self.calls.borrow_mut();
        if calls.len() > 1_024 {
            *calls = Vec::new();
        }
    }

    fn spawn(&self, task: impl Future<Output = ()> + 'static) {
        wasm_bindgen_futures::spawn_local(task);
    }

    fn is_observed(&self) -> bool {
        self.observed.get()
    }

    fn publish(&self, group: GroupId, metric: Metric, error: Option<&BatchError<JsValue>>) {
        // A tuple of numbers cannot fail to be serialized. js/group.ts gives them their names.
        let numbers = serde_wasm_bindgen::to_value(&(
            metric.operations,
            metric.lock_duration,
            metric.load_duration,
            metric.save_duration,
            metric.total_duration,
        ))
        .unwrap_or_default();
        match error {
            Some(error) => self.groups.publish(group as u32, numbers, error.phase as u32, &error.cause),
            None => self.groups.publish(group as u32, numbers, NO_PHASE, &JsValue::UNDEFINED),
        }
    }
}
