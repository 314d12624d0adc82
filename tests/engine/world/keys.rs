//! The keys that have runs, by their numbers. A number that is free is given again at once.

use super::batch::{Batch, Execution};
use super::rules::hold;
use super::{Name, Outcome, Run};
use groupcommit::engine::{Key, Window};
use std::collections::{HashMap, VecDeque};
use std::rc::Rc;

#[derive(Default)]
pub struct Keys {
    keys: Vec<Option<State>>,
    free: Vec<Key>,
    numbers: HashMap<Name, Key>,
    batches: u64,
    /// The engine has been told to serve a number that was free.
    has_strays: bool,
}

pub struct State {
    pub name: Name,
    /// The batch under way, if it has begun, and those that come after it.
    pub batches: VecDeque<Batch>,
    /// When its first run was accepted, until the batch begins that starts then.
    pub opened: Option<f64>,
    /// The engine has been told.
    pub is_served: bool,
    /// The turn of the executor in which its latest batch has settled.
    pub settled_in: Option<u64>,
}

impl State {
    /// The batch under way, or that is to begin.
    pub fn batch(&mut self) -> &mut Batch {
        self.batches.front_mut().expect("a key that has a number has a batch")
    }

    /// Its batch waits for something that a flush ends: the end of its window, or of the time between two attempts.
    pub fn waits_for_flush(&self) -> bool {
        let is_open = |batch: &Batch| batch.execution == Execution::Goes && batch.window == Window::Open;
        self.batches.front().is_some_and(|batch| is_open(batch) || batch.conflict.is_some())
    }

    /// What comes before a batch that is flushed is flushed too.
    fn flush(&mut self) {
        let latest = self.batches.iter_mut().rev().take_while(|batch| !batch.is_flushed());
        latest.for_each(|batch| batch.window = Window::Flushed);
    }
}

/// Where a run has been accepted.
pub struct Accepted {
    pub key: Key,
    pub batch: u64,
    /// The key has not had any run before.
    pub is_new: bool,
    /// The batch is full, so its window has closed.
    pub is_full: bool,
}

impl Keys {
    pub fn len(&self) -> usize {
        self.numbers.len()
    }

    pub fn number(&self, name: Name) -> Option<Key> {
        self.numbers.get(name).copied()
    }

    pub fn find(&mut self, key: Key) -> Option<&mut State> {
        self.keys.get_mut(key)?.as_mut()
    }

    pub fn state(&mut self, key: Key) -> &mut State {
        let state = self.find(key);
        hold!(Served, state.is_some(), "the number {key} is free");
        state.expect("it has just been there")
    }

    /// The engine is told to serve a key, perhaps without need. Returns when it was opened, unless it has begun or is free.
    pub fn served(&mut self, key: Key) -> Option<f64> {
        let Some(state) = self.find(key) else {
            self.has_strays = true;
            return None;
        };
        state.is_served = true;
        state.opened
    }

    /// The engine is told to look at a key.
    pub fn looked(&mut self, key: Key, turn: u64) {
        let batch = self.find(key).map(State::batch).filter(|batch| batch.live == 0);
        batch.into_iter().for_each(|batch| batch.unwanted_in = batch.unwanted_in.or(Some(turn)));
    }

    /// Whether the engine may ask for the next batch of a number.
    pub fn may_begin(&mut self, key: Key) -> bool {
        self.has_strays || self.find(key).is_some_and(|state| state.is_served)
    }

    /// The batch of a key that is under way.
    pub fn under_way(&mut self, key: Key) -> &mut Batch {
        let batch = self.state(key).batches.front_mut();
        hold!(
            Served,
            batch.as_ref().is_some_and(|batch| batch.begun_in.is_some()),
            "no batch of the key {key} is under way"
        );
        batch.expect("it has just been there")
    }

    pub fn each(&self) -> impl Iterator<Item = (Key, &State)> {
        self.keys.iter().enumerate().filter_map(|(key, state)| Some((key, state.as_ref()?)))
    }

    pub fn accept(&mut self, run: &Rc<Run>, now: f64, max_operations: u32) -> Accepted {
        let known = self.number(run.name);
        let key = known.unwrap_or_else(|| self.add(run.name, now));
        let number = self.batches;
        let batches = &mut self.state(key).batches;
        if batches.back().is_none_or(|latest| latest.window != Window::Open) {
            batches.push_back(Batch::new(number));
            self.batches += 1;
        }
        let latest = self.state(key).batches.back_mut().expect("it has just been there");
        latest.runs.push(Rc::clone(run));
        latest.live += 1;
        latest.unwanted_in = None;
        run.batch.set(latest.number);
        let is_full = latest.runs.len() >= max_operations as usize;
        if is_full {
            latest.close();
        }
        Accepted { key, batch: latest.number, is_new: known.is_none(), is_full }
    }

    /// Cancels a run, unless it is too late for that. Returns its key if it was the last that its batch had, and that is under way.
    pub fn cancel(&mut self, run: &Run) -> Option<Key> {
        if run.is_executed() || !run.is_pending() {
            return None;
        }
        let key = self.number(run.name).expect("a key with a run that is pending has a number");
        let batches = &mut self.state(key).batches;
        let place = batches.partition_point(|batch| batch.number < run.batch.get());
        let batch = &mut batches[place];
        // The one whose operation is running has no effect yet.
        if batch.runs[batch.next..].binary_search_by_key(&run.number, |run| run.number).is_ok() {
            batch.live -= 1;
            run.settle(Outcome::Cancelled);
            return (place == 0 && batch.live == 0).then_some(key);
        }
        None
    }

    /// Closes the windows of a key.
    pub fn flush(&mut self, key: Key) {
        self.state(key).flush();
    }

    pub fn flush_all(&mut self) {
        self.keys.iter_mut().flatten().for_each(State::flush);
    }

    /// The batches that have started get no timer any more.
    pub fn lose_timers(&mut self) {
        for state in self.keys.iter_mut().flatten() {
            let batch = state.batch();
            batch.is_lost |= batch.start.is_some();
        }
    }

    fn add(&mut self, name: Name, now: f64) -> Key {
        let state = State { name, batches: VecDeque::new(), opened: Some(now), is_served: false, settled_in: None };
        let key = self.free.pop().unwrap_or(self.keys.len());
        if key == self.keys.len() {
            self.keys.push(None);
        }
        self.keys[key] = Some(state);
        self.numbers.insert(name, key);
        key
    }

    /// The number of a key that has come to its end is free.
    pub fn remove(&mut self, key: Key) {
        let State { name, .. } = self.keys[key].take().expect("it has just been there");
        self.numbers.remove(name);
        self.free.push(key);
        if self.numbers.is_empty() {
            *self = Self { batches: self.batches, has_strays: self.has_strays, ..Self::default() };
        }
    }
}
