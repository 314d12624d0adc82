//! The engine's errors, as JavaScript is to see them.

use crate::engine::OptionsError;
use js_sys::RangeError;
use wasm_bindgen::JsValue;

impl From<OptionsError> for JsValue {
    fn from(error: OptionsError) -> Self {
        RangeError::new(error.option()).into()
    }
}
