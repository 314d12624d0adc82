//! A single-threaded executor that runs turn by turn, as the one of wasm-bindgen-futures does: what is scheduled during a turn runs
//! in the next one.

use async_task::Runnable;
use std::cell::Cell;
use std::future::Future;
use std::mem;
use std::rc::Rc;
use std::sync::{Arc, Mutex};

/// What a task is for, so that it can be told from others.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Purpose {
    Serve(usize),
    /// A call for several batches.
    Call,
    Mail,
    Arrive(usize),
    Reaction,
}

#[derive(Default)]
pub struct Executor {
    scheduled: Arc<Mutex<Vec<Runnable<Purpose>>>>,
    unfinished: Rc<Cell<usize>>,
    turns: Cell<u64>,
    is_running: Cell<bool>,
}

impl Executor {
    pub fn spawn(&self, purpose: Purpose, task: impl Future<Output = ()> + 'static) {
        let scheduled = Arc::clone(&self.scheduled);
        let unfinished = Rc::clone(&self.unfinished);
        unfinished.set(unfinished.get() + 1);
        let task = async move {
            task.await;
            unfinished.set(unfinished.get() - 1);
        };
        let schedule = move |runnable| scheduled.lock().unwrap().push(runnable);
        let (runnable, task) = async_task::Builder::new().metadata(purpose).spawn_local(|_| task, schedule);
        runnable.schedule();
        task.detach();
    }

    /// Runs the tasks that are scheduled at this moment. False if there are none.
    pub fn turn(&self) -> bool {
        let scheduled = mem::take(&mut *self.scheduled.lock().unwrap());
        if scheduled.is_empty() {
            return false;
        }
        self.turns.set(self.turns.get() + 1);
        self.is_running.set(true);
        for runnable in scheduled {
            runnable.run();
        }
        self.is_running.set(false);
        true
    }

    /// The tasks that run in the next turn, in order.
    pub fn scheduled(&self) -> Vec<Purpose> {
        self.scheduled.lock().unwrap().iter().map(|runnable| *runnable.metadata()).collect()
    }

    /// The number of the turn that is running, or was the last to run.
    pub fn turns(&self) -> u64 {
        self.turns.get()
    }

    /// Whether no task is scheduled.
    pub fn is_idle(&self) -> bool {
        self.scheduled.lock().unwrap().is_empty()
    }

    /// Whether a task is being run.
    pub fn is_running(&self) -> bool {
        self.is_running.get()
    }

    /// The number of tasks that have not come to their end.
    pub fn unfinished(&self) -> usize {
        self.unfinished.get()
    }
}
