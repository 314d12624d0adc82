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

    /// Opens a group for a key whose latest group is `after`, or any other number if it has none. Undefined if the processor has been stopped.
    pub fn open(&self, after: u32) -> Option<u32> {
        self.0.open(Some(after as usize)).ok().map(|group| group as u32)
    }

    /// The call under way for this group has succeeded, or failed. Or the batch for which the face keeps executing has as many operations as it
    /// may have.
    pub fn done(&self, group: u32, succeeded: bool) {
        self.0.done(group as usize, if succeeded { Ok(()) } else { Err(()) });
    }

    /// Closes the window of a group now.
    pub fn flush(&self, group: u32) {
        self.0.flush(group as usize);
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
