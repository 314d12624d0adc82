//! What the engine is told of windows, and of what there is nothing to tell.

use crate::host::*;
use wasm_bindgen_test::wasm_bindgen_test;

#[wasm_bindgen_test]
async fn a_window_that_has_closed_closes_only_that_of_its_key() {
    for window in [CLOSED, FLUSHED] {
        let host = endless_window(load_and_save());
        let [alice, bob] = [0, 1].map(|key| host.run(key));
        macrotask().await;
        host.close(1, window);
        host.engine().look(1.0);
        assert_eq!(outcome(bob).await, Ok(0.0));
        assert_eq!(host.keys(), 1);
        host.close(0, window);
        host.engine().look(0.0);
        assert_eq!(outcome(alice).await, Ok(0.0));
        assert_eq!(host.keys(), 0);
    }
}

#[wasm_bindgen_test]
async fn superfluous_letters_do_no_harm() {
    let host = endless_window(load_and_save());
    let batch = ["load 0", "execute 0", "save 0", "settle 0"];

    write_superfluous_letters(&host);
    macrotask().await;
    assert!(host.events().is_empty(), "nobody waits");

    for happened in [batch.to_vec(), batch.repeat(2)] {
        let run = host.run(0);
        write_superfluous_letters(&host);
        macrotask().await;
        write_superfluous_letters(&host);
        macrotask().await;
        let loaded = happened.len() - 2;
        assert_eq!(host.events(), happened[..loaded], "the window is open, and no call under way");

        host.close(0, CLOSED);
        host.engine().look(0.0);
        assert_eq!(outcome(run).await, Ok(0.0));
        write_superfluous_letters(&host);
        macrotask().await;
        assert_eq!(host.events(), *happened);
        assert_eq!(host.keys(), 0);
    }
}

/// Of keys that are served, not served any more, and never were; and with numbers that none has, or that are not even for keys.
fn write_superfluous_letters(host: &Host) {
    let engine = host.engine();
    for key in [0.0, 1.0, 1_000.0] {
        engine.serve(key, 0.0);
        engine.serve(key, f64::NAN);
    }
    for key in [0.0, 1.0, 1_000.0, 4_294_967_295.0, 1e300, -1.0, -1e300, f64::INFINITY, f64::NEG_INFINITY, f64::NAN] {
        engine.look(key);
        (0..4).for_each(|outcome| engine.done(key, outcome));
    }
    engine.look_at_waiting();
}
