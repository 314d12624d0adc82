//! What is said of a batch that failed.

use groupcommit::engine::{BatchError, Phase};
use std::error::Error;

#[test]
fn it_is_told_what_could_not_be_done_and_why() {
    for (phase, said) in [(Phase::Lock, "locked"), (Phase::Load, "loaded"), (Phase::Save, "saved")] {
        let error = BatchError { phase, cause: std::fmt::Error };
        assert!(error.to_string().ends_with(said), "{error}");
        assert!(error.source().is_some_and(|source| source.is::<std::fmt::Error>()));
    }
}
