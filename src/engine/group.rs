//! The runs that a key accepts while one window is open.

use super::Host;
use super::host::GroupId;
use std::cell::Cell;
use std::future::poll_fn;
use std::mem;
use std::rc::Rc;
use std::task::{Poll, Waker};

pub(crate) struct Group<E> {
    pub id: GroupId,
    /// The group of the same key that waits behind this one.
    pub next: Cell<Option<Rc<Group<E>>>>,
    /// No run joins it any more.
    closed: Cell<bool>,

    /// The shortest time that the window of the batch under way stays open has passed.
    due: Cell<bool>,
    /// What is next for the batch under way: the end of that time, or its abort.
    pub deadline: Cell<f64>,
    /// The neighbours among those that wait for the same.
    pub earlier: Cell<Option<GroupId>>,
    pub later: Cell<Option<GroupId>>,

    /// A call is under way…
    calling: Cell<bool>,
    /// …and this is what has come of it.
    called: Cell<Option<Result<(), E>>>,
    /// Wakes the task that serves the group, if that waits.
    waker: Cell<Option<Waker>>,
}

impl<E> Group<E> {
    pub fn new(id: GroupId) -> Rc<Self> {
        Rc::new(Self {
            id,
            next: Cell::new(None),
            closed: Cell::new(false),
            due: Cell::new(false),
            deadline: Cell::new(f64::INFINITY),
            earlier: Cell::new(None),
            later: Cell::new(None),
            calling: Cell::new(false),
            called: Cell::new(None),
            waker: Cell::new(None),
        })
    }

    /// A batch starts.
    pub fn start(&self) {
        self.due.set(false);
    }

    /// The shortest time that a window stays open has passed. While the load takes longer, so does the window.
    pub fn due(&self) {
        self.due.set(true);
        self.wake();
    }

    pub fn is_due(&self) -> bool {
        self.due.get()
    }

    pub fn is_closed(&self) -> bool {
        self.closed.get()
    }

    /// Whether what waits now is the last that the batch under way runs.
    pub fn is_closing(&self) -> bool {
        self.is_closed() || self.is_due()
    }

    pub fn close<H: Host>(&self, host: &H) {
        if !self.closed.replace(true) {
            host.close(self.id);
            self.wake();
        }
    }

    /// What a call that is under way comes to.
    pub async fn outcome(&self) -> Result<(), E> {
        self.calling.set(true);
        poll_fn(|context| match self.called.take() {
            Some(outcome) => Poll::Ready(outcome),
            None => {
                self.waker.set(Some(context.waker().clone()));
                Poll::Pending
            }
        })
        .await
    }

    /// The host has done what it was asked for. Only a call that is under way has an outcome.
    pub fn done(&self, outcome: Result<(), E>) {
        if self.calling.replace(false) {
            self.called.set(Some(outcome));
        }
        self.wake();
    }

    /// Waits until it is woken, and at least for the next turn of the executor; for that only, if there is something to `do_soon`.
    pub async fn sleep(&self, do_soon: bool) {
        let mut slept = false;
        poll_fn(|context| {
            if mem::replace(&mut slept, true) {
                return Poll::Ready(());
            }
            self.waker.set(Some(context.waker().clone()));
            if do_soon {
                self.wake();
            }
            Poll::Pending
        })
        .await;
    }

    fn wake(&self) {
        if let Some(waker) = self.waker.take() {
            waker.wake();
        }
    }
}
