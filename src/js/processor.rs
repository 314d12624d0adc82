//! The one class exported to JavaScript.

use super::host::{Groups, Host};
use crate::engine::{self, Options};
use wasm_bindgen::prelude::*;

/// A processor, as the TypeScript face sees it.
#[wasm_bindgen]
pub struct Engine(engine::Processor<Host>);

#[wasm_bindgen]
impl Engine {
    /// Options out of range throw a RangeError that names the option. `callbacks` has a bit for each phase with a callback: 1 for lock, 2 for
    /// load, 4 for save.
    #[wasm_bindgen(constructor)]
    pub fn new(
        min_duration: f64,
        max_duration: f64,
        max_operations: f64,
        callbacks: u32,
        groups: Groups,
    ) -> Result<Engine, JsValue> {
        // The cast saturates: infinity, and whatever else nobody will ever count to, becomes `u32::MAX`.
        let options = Options { min_duration, max_duration, max_operations: max_operations as u32 };
        Ok(Self(engine::Processor::new(options, Host::new(groups, callbacks))?))
    }

    /// Opens a group for a key whose latest group, if it has any, is `after`. Undefined if the processor has been stopped.
    pub fn open(&self, after: Option<u32>) -> Option<u32> {
        self.0.open(after.map(|group| group as usize)).ok().map(|group| group as u32)
    }

    /// A run has joined a group that is parked.
    pub fn wake(&self, group: u32) {
        self.0.wake(group as usize);
    }

    /// The lock, load or save under way for this group has succeeded.
    pub fn succeeded(&self, group: u32) {
        self.0.host().called(group as usize, Ok(()));
    }

    /// The lock, load or save under way for this group has failed.
    pub fn failed(&self, group: u32, cause: JsValue) {
        self.0.host().called(group as usize, Err(cause));
    }

    /// Closes the window of a group now.
    pub fn flush(&self, group: u32) {
        self.0.flush(group as usize);
    }

    /// Closes all windows now.
    #[wasm_bindgen(js_name = flushAll)]
    pub fn flush_all(&self) {
        self.0.flush_all();
    }

    /// Accepts no more runs, and closes all windows now.
    pub fn stop(&self) {
        self.0.stop();
    }

    /// Whether metrics are wanted.
    pub fn observe(&self, observed: bool) {
        self.0.host().observe(observed);
    }
}
