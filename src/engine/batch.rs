//! What is known of a batch under way, by the task that serves it and by whoever has something to tell it.

use super::deadlines::Cohort;
use super::{Failure, Host, Key};
use std::cell::Cell;
use std::future::poll_fn;
use std::rc::Rc;
use std::task::{Poll, Waker};

pub(crate) struct Batch<H: Host> {
    pub key: Key,
    /// The shortest time that its window stays open has passed.
    due: Cell<bool>,
    /// Those whose deadlines it shares, while it has any.
    pub cohort: Cell<Option<Rc<Cohort<H>>>>,
    call: Cell<Call<H::Error>>,
    /// Wakes the task that serves the batch, if that waits.
    waker: Cell<Option<Waker>>,
}

/// What the host is doing for a batch.
enum Call<E> {
    Nothing,
    UnderWay,
    Done(Result<(), Failure<E>>),
}

impl<H: Host> Batch<H> {
    pub fn new(key: Key) -> Rc<Self> {
        Rc::new(Self {
            key,
            due: Cell::new(false),
            cohort: Cell::new(None),
            call: Cell::new(Call::Nothing),
            waker: Cell::new(None),
        })
    }

    pub fn due(&self) {
        self.due.set(true);
        self.wake();
    }

    pub fn is_due(&self) -> bool {
        self.due.get()
    }

    /// Whether it has deadlines, and has not ended.
    pub fn is_watched(&self) -> bool {
        let cohort = self.cohort.take();
        let is_watched = cohort.is_some();
        self.cohort.set(cohort);
        is_watched
    }

    /// What a call that is under way comes to.
    pub async fn outcome(&self) -> Result<(), Failure<H::Error>> {
        self.call.set(Call::UnderWay);
        poll_fn(|context| match self.call.replace(Call::Nothing) {
            Call::Done(outcome) => Poll::Ready(outcome),
            call => {
                self.call.set(call);
                self.waker.set(Some(context.waker().clone()));
                Poll::Pending
            }
        })
        .await
    }

    /// The host has done what it was asked for. Nothing happens if it was not asked.
    pub fn done(&self, outcome: Result<(), Failure<H::Error>>) {
        match self.call.replace(Call::Nothing) {
            Call::UnderWay => {
                self.call.set(Call::Done(outcome));
                self.wake();
            }
            call => self.call.set(call),
        }
    }

    /// Waits until something has `happened`. Whoever makes it happen wakes the batch.
    pub async fn until(&self, happened: impl Fn() -> bool) {
        poll_fn(|context| {
            if happened() {
                return Poll::Ready(());
            }
            self.waker.set(Some(context.waker().clone()));
            Poll::Pending
        })
        .await;
    }

    pub fn wake(&self) {
        if let Some(waker) = self.waker.take() {
            waker.wake();
        }
    }
}
