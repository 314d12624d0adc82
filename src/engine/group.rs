//! The runs that a key accepts while one window is open.

use super::Host;
use super::host::GroupId;
use std::cell::Cell;
use std::future::poll_fn;
use std::mem;
use std::rc::Rc;
use std::task::{Poll, Waker};

pub(crate) struct Group {
    pub id: GroupId,
    /// The group of the same key that waits behind this one.
    pub next: Cell<Option<Rc<Group>>>,
    /// No run joins it any more.
    closed: Cell<bool>,
    parked: Cell<Option<Waker>>,

    /// Counts the batches of the group, so that a deadline can tell whether its batch is still the one under way.
    batch: Cell<u32>,
    started_at: Cell<f64>,
    /// The shortest time that the window of the batch under way stays open has passed.
    due: Cell<bool>,
}

impl Group {
    pub fn new(id: GroupId) -> Rc<Self> {
        Rc::new(Self {
            id,
            next: Cell::new(None),
            closed: Cell::new(false),
            parked: Cell::new(None),
            batch: Cell::new(0),
            started_at: Cell::new(0.0),
            due: Cell::new(false),
        })
    }

    /// A batch starts.
    pub fn start(&self, now: f64) {
        self.started_at.set(now);
        self.due.set(false);
    }

    /// The batch under way has ended.
    pub fn end(&self) {
        self.batch.set(self.batch.get().wrapping_add(1));
    }

    pub fn batch(&self) -> u32 {
        self.batch.get()
    }

    pub fn started_at(&self) -> f64 {
        self.started_at.get()
    }

    /// The shortest time that a window stays open has passed. While the load takes longer, so does the window.
    pub fn due(&self) {
        self.due.set(true);
        self.wake();
    }

    pub fn is_closed(&self) -> bool {
        self.closed.get()
    }

    /// Whether what waits now is the last that the batch under way runs.
    pub fn is_closing(&self) -> bool {
        self.closed.get() || self.due.get()
    }

    pub fn close<H: Host>(&self, host: &H) {
        if !self.closed.replace(true) {
            host.close(self.id);
            self.wake();
        }
    }

    /// Waits until a run joins or the window closes, and at least for the next turn of the executor, so that an operation that another
    /// one has queued does not run in the same turn.
    pub async fn park<H: Host>(&self, host: &H) {
        let mut parked = false;
        poll_fn(|context| {
            if mem::replace(&mut parked, true) {
                return Poll::Ready(());
            }
            self.parked.set(Some(context.waker().clone()));
            if self.is_closing() || host.waiting(self.id) > 0 {
                self.wake();
            } else {
                host.park(self.id);
            }
            Poll::Pending
        })
        .await;
    }

    pub fn wake(&self) {
        if let Some(waker) = self.parked.take() {
            waker.wake();
        }
    }
}
