//! The life of a key: one batch after the other.

use super::batch::Batch;
use super::deadlines::Cohort;
use super::life::Life;
use super::processor::Shared;
use super::{Begun, Host, Key};
use std::future::poll_fn;
use std::mem;
use std::rc::Rc;
use std::task::Poll;

/// Serves a key, batch after batch, until nobody waits any more. The first one starts when it was opened, the others when
/// the one before has settled.
pub(crate) async fn serve<H: Host>(shared: Rc<Shared<H>>, key: Key, cohort: Rc<Cohort<H>>, opened: f64) {
    let mut opened = Some((cohort, opened));
    loop {
        match shared.host.begin(key) {
            Begun::Nothing => break,
            Begun::Next => {}
            Begun::Later => opened = None,
        }
        let batch = Batch::new(key);
        shared.keys.borrow_mut().set(key, Some(Rc::clone(&batch)));
        if !Life::new(&shared, batch, opened.take()).live().await {
            break;
        }
        // The callers of this batch hear before the next one begins.
        next_turn().await;
    }
    shared.keys.borrow_mut().end(key);
}

/// Waits for the next turn of the executor.
async fn next_turn() {
    let mut is_next = false;
    poll_fn(|context| {
        if mem::replace(&mut is_next, true) {
            return Poll::Ready(());
        }
        context.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}
