//! What a caller can do.

use super::executor::Purpose;
use super::{Effect, Letter, Name, Outcome, Run, World};
use std::rc::Rc;

/// A call of flush or stop: the runs that it waits for.
pub struct Flush(Vec<Rc<Run>>);

impl Flush {
    pub fn is_done(&self) -> bool {
        !self.0.iter().any(|run| run.is_pending())
    }
}

impl World {
    /// Runs an operation that changes the resource.
    pub fn run(&self, name: Name) -> Rc<Run> {
        self.run_with(name, || Effect::Changes)
    }

    /// Runs an operation that throws.
    pub fn throw(&self, name: Name) -> Rc<Run> {
        self.run_with(name, || Effect::Throws)
    }

    pub fn run_with(&self, name: Name, operation: impl FnMut() -> Effect + 'static) -> Rc<Run> {
        self.accept(name, false, operation)
    }

    pub fn read(&self, name: Name) -> Rc<Run> {
        self.read_with(name, || {})
    }

    pub fn read_with(&self, name: Name, mut operation: impl FnMut() + 'static) -> Rc<Run> {
        self.accept(name, true, move || {
            operation();
            Effect::Reads
        })
    }

    fn accept(&self, name: Name, is_read: bool, operation: impl FnMut() -> Effect + 'static) -> Rc<Run> {
        let number = self.state.runs.get() + 1;
        self.state.runs.set(number);
        let run = Run::new(number, name, is_read, operation);
        if self.state.is_stopped.get() {
            run.settle(Outcome::Stopped);
            return run;
        }
        let host = self.host();
        let accepted = host.keys.borrow_mut().accept(&run, self.machine.now(), host.config.max_operations);
        if accepted.is_new {
            self.post(Letter::Serve(accepted.key));
        }
        if accepted.is_full {
            self.post(Letter::Look(accepted.key));
        }
        if host.is_executing(accepted.key, accepted.batch) {
            let processor = Rc::clone(&self.processor);
            let arrive = async move { processor.host().execute_arrived(accepted.key, accepted.batch) };
            self.machine.executor().spawn(Purpose::Arrive(accepted.key), arrive);
        }
        run
    }

    pub fn cancel(&self, run: &Run) {
        let unwanted = self.host().keys.borrow_mut().cancel(run);
        if let Some(key) = unwanted {
            self.post(Letter::Look(key));
        }
        if let Some(reaction) = run.reaction() {
            self.machine.executor().spawn(Purpose::Reaction, async move { reaction() });
        }
    }

    pub fn flush(&self, name: Name) -> Flush {
        let flush = Flush(self.unsettled(Some(name)));
        self.close(name);
        flush
    }

    /// Flushes a key without waiting for that.
    pub fn close(&self, name: Name) {
        let number = self.host().keys.borrow().number(name);
        if let Some(key) = number {
            self.host().keys.borrow_mut().flush(key);
            self.post(Letter::Look(key));
        }
    }

    pub fn flush_all(&self) -> Flush {
        let flush = Flush(self.unsettled(None));
        self.close_all();
        flush
    }

    pub fn close_all(&self) {
        let mut keys = self.host().keys.borrow_mut();
        let open: Vec<_> = keys.each().filter(|(_, state)| state.waits_for_flush()).map(|(key, _)| key).collect();
        keys.flush_all();
        drop(keys);
        open.into_iter().for_each(|key| self.post(Letter::Look(key)));
        self.post(Letter::LookAtWaiting);
    }

    pub fn stop(&self) -> Flush {
        self.state.is_stopped.set(true);
        self.flush_all()
    }

    /// The runs of a key, or of all keys, that have not settled.
    fn unsettled(&self, name: Option<Name>) -> Vec<Rc<Run>> {
        let keys = self.host().keys.borrow();
        let states = keys.each().map(|(_, state)| state).filter(|state| name.is_none_or(|name| state.name == name));
        let runs = states.flat_map(|state| state.batches.iter().flat_map(|batch| &batch.runs));
        runs.filter(|run| run.is_pending()).cloned().collect()
    }

    /// Subscribes to metrics, or unsubscribes.
    pub fn observe(&self, is_observed: bool) {
        if self.host().is_observed.replace(is_observed) != is_observed {
            self.host().observed_since.set(self.machine.executor().turns() + 1);
        }
    }
}
