//! The one class exported to JavaScript.

use super::host::{Batches, Host, read};
use crate::engine::{self, Options};
use wasm_bindgen::prelude::*;

/// A processor, as the TypeScript face sees it. Keys are numbers that the face gives them.
#[wasm_bindgen]
pub struct Engine(engine::Processor<Host>);

#[wasm_bindgen]
impl Engine {
    /// Options out of range throw a RangeError that names the option. `callbacks` has a bit for each phase with a callback: 1
    /// for lock, 2 for load, 4 for save; and 16 and 32 if that loads or saves several batches in one call.
    #[wasm_bindgen(constructor)]
    pub fn new(
        min_duration: f64,
        max_duration: f64,
        concurrency: f64,
        retries: f64,
        max_keys: f64,
        callbacks: u32,
        batches: Batches,
    ) -> Result<Engine, JsValue> {
        // The cast saturates: infinity, and whatever else nobody will ever count to, becomes `u32::MAX`.
        let options = Options {
            min_duration,
            max_duration,
            concurrency: concurrency as u32,
            retries: retries as u32,
            max_keys: max_keys as u32,
        };
        Ok(Self(engine::Processor::new(options, Host::new(batches, callbacks))?))
    }

    /// A key that was not served has runs, since the time `opened`.
    pub fn serve(&self, key: u32, opened: f64) {
        self.0.serve(key as usize, opened);
    }

    /// The call under way for the batch of a key has come to this: 0 if it has succeeded, 1 if it has failed, 2 if that was a conflict.
    pub fn done(&self, key: u32, outcome: u32) {
        self.0.done(key as usize, read(outcome));
    }

    /// The window of a key's batch has changed.
    pub fn look(&self, key: u32) {
        self.0.look(key as usize);
    }

    /// The window of any batch that waits for a place may have changed.
    #[wasm_bindgen(js_name = lookAtWaiting)]
    pub fn look_at_waiting(&self) {
        self.0.look_at_waiting();
    }
}
