//! The engine's host: the lanes that the TypeScript face keeps, one timer, and the executor of wasm-bindgen-futures.

use crate::engine::{self, BatchError, GroupId, Metric, Phase};
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
    #[wasm_bindgen(method)]
    fn call(this: &Groups, group: u32, phase: u32) -> u32;
    #[wasm_bindgen(method)]
    fn release(this: &Groups, group: u32);
    #[wasm_bindgen(method)]
    fn execute(this: &Groups, group: u32, at_most: u32) -> u32;
    #[wasm_bindgen(method, js_name = isChanged)]
    fn is_changed(this: &Groups, group: u32) -> bool;
    #[wasm_bindgen(method)]
    fn take(this: &Groups, group: u32, at_most: u32);
    #[wasm_bindgen(method)]
    fn settle(this: &Groups, group: u32);
    #[wasm_bindgen(method)]
    fn fail(this: &Groups, group: u32, operations: u32, phase: u32, cause: &JsValue);
    #[wasm_bindgen(method)]
    fn abort(this: &Groups, group: u32);
    #[wasm_bindgen(method)]
    fn publish(this: &Groups, group: u32, metric: JsValue, phase: u32, cause: &JsValue);

    #[wasm_bindgen(js_namespace = performance, js_name = now)]
    fn performance_now() -> f64;
}

pub struct Host {
    groups: Groups,
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

/// What `call` of [`Groups`] answer; js/groups.ts has the same numbers.
mod called {
    pub const NOTHING_TO_DO: u32 = 0;
    pub const DONE: u32 = 1;
}

impl Host {
    pub fn new(groups: Groups) -> Self {
        Self { groups, calls: RefCell::default(), timer: RefCell::default(), observed: Cell::new(false) }
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

    fn answered(&self, group: GroupId, answer: u32) -> Option<impl Future<Output = Result<(), JsValue>>> {
        if answer == called::NOTHING_TO_DO {
            return None;
        }
        let mut done = answer == called::DONE;
        Some(poll_fn(move |context| {
            if mem::take(&mut done) {
                return Poll::Ready(Ok(()));
            }
            let mut calls = self.calls.borrow_mut();
            if calls.len() <= group {
                calls.resize_with(group + 1, Call::default);
            }
            match mem::take(&mut calls[group]) {
                Call::Settled(outcome) => Poll::Ready(outcome),
                _ => {
                    calls[group] = Call::UnderWay(context.waker().clone());
                    Poll::Pending
                }
            }
        }))
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
        self.answered(group, self.groups.call(group as u32, phase as u32))
    }

    fn release(&self, group: GroupId) {
        self.groups.release(group as u32);
    }

    fn execute(&self, group: GroupId, at_most: u32) -> u32 {
        self.groups.execute(group as u32, at_most)
    }

    fn is_changed(&self, group: GroupId) -> bool {
        self.groups.is_changed(group as u32)
    }

    fn take(&self, group: GroupId, at_most: u32) {
        self.groups.take(group as u32, at_most);
    }

    fn settle(&self, group: GroupId) {
        self.groups.settle(group as u32);
    }

    fn fail(&self, group: GroupId, operations: u32, error: BatchError<JsValue>) {
        self.groups.fail(group as u32, operations, error.phase as u32, &error.cause);
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
