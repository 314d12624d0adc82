//! The engine's host in the virtual world. It keeps what the face keeps in JavaScript, and holds the engine to the rules of the trait:
//! whatever breaks one panics on the spot.

use super::machine::Machine;
use groupcommit::engine::{self, BatchError, Executed, GroupId, Metric, Options, Phase};
use std::cell::{Cell, RefCell, RefMut};
use std::collections::{HashMap, VecDeque};
use std::future::Future;
use std::mem;
use std::rc::Rc;
use std::task::Poll;

pub type Key = &'static str;

/// What is thrown in this world.
pub type Cause = &'static str;

/// A resource is the list of the runs that have changed it.
pub type Resource = Vec<u32>;

/// What an operation does to its resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    Changes,
    Reads,
    Throws,
}

/// How a run settled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    Resolved,
    Threw,
    /// Its batch failed, after so many operations had run.
    Failed(BatchError<Cause>, u32),
    Cancelled,
    Stopped,
}

/// What comes of a call of the host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// There is nothing to lock, to load or to save.
    Nothing,
    Succeeds,
    Fails(Cause),
    /// It hangs until the test decides what becomes of it.
    Hangs,
}

pub struct Run {
    pub number: u32,
    pub key: Key,
    /// The group in which it waits for its turn.
    waits_in: Cell<Option<GroupId>>,
    operation: Cell<Option<Box<dyn FnOnce() -> Effect>>>,
    effect: Cell<Option<Effect>>,
    outcome: RefCell<Option<Outcome>>,
}

pub struct Host {
    machine: Rc<Machine>,
    options: Options,
    pub is_observed: Cell<bool>,
    pub metrics: RefCell<Vec<Published>>,
    /// What was saved.
    pub store: RefCell<HashMap<Key, Resource>>,
    groups: RefCell<HashMap<GroupId, Group>>,
    latest: RefCell<HashMap<Key, GroupId>>,
    /// The keys that have a batch under way, and the groups that it is of.
    busy: RefCell<HashMap<Key, GroupId>>,
    answers: [Cell<Answer>; 3],
    is_executing: Cell<bool>,
}

/// A metric, as it was published.
#[derive(Clone, Debug, PartialEq)]
pub struct Published {
    pub key: Key,
    pub metric: Metric,
    pub error: Option<BatchError<Cause>>,
}

#[derive(Default)]
struct Group {
    key: Key,
    is_closed: bool,
    /// The host executes what arrives.
    keeps_executing: bool,
    is_flushed: bool,
    unsettled: usize,
    /// The runs that wait, among them some that have been cancelled.
    waiting: VecDeque<Rc<Run>>,
    /// The runs that the batch under way has taken.
    taken: Vec<Rc<Run>>,
    batch: Option<Batch>,
    has_begun: bool,
    /// The latest batch had as many runs as it may have.
    is_split: bool,
}

/// How far the batch under way has come.
#[derive(Default)]
struct Batch {
    started_at: f64,
    lock: Lock,
    /// What is under way.
    call: Option<Phase>,
    asked: Vec<Phase>,
    resource: Option<Resource>,
    is_changed: bool,
    is_saved: bool,
    is_aborted: bool,
    operations: u32,
    error: Option<BatchError<Cause>>,
}

#[derive(Default, PartialEq)]
enum Lock {
    #[default]
    None,
    Held,
    Failed,
    Released,
}

impl Run {
    pub fn new(number: u32, key: Key, operation: impl FnOnce() -> Effect + 'static) -> Rc<Self> {
        Rc::new(Self {
            number,
            key,
            waits_in: Cell::new(None),
            operation: Cell::new(Some(Box::new(operation))),
            effect: Cell::new(None),
            outcome: RefCell::new(None),
        })
    }

    /// How it settled, or `None` while it is pending.
    pub fn outcome(&self) -> Option<Outcome> {
        self.outcome.borrow().clone()
    }

    pub fn is_pending(&self) -> bool {
        self.outcome.borrow().is_none()
    }

    /// What its operation did, if it ran.
    pub fn effect(&self) -> Option<Effect> {
        self.effect.get()
    }

    pub fn settle(&self, outcome: Outcome) {
        let earlier = self.outcome.replace(Some(outcome));
        assert_eq!(earlier, None, "run {} settles twice", self.number);
    }
}

impl Group {
    /// The runs that wait and have not been cancelled.
    fn pending(&self) -> impl Iterator<Item = &Rc<Run>> {
        self.waiting.iter().filter(|run| run.is_pending())
    }

    /// It is the run's turn: from now on it cannot be cancelled any more.
    fn take(&mut self, run: &Rc<Run>) {
        run.waits_in.set(None);
        self.taken.push(Rc::clone(run));
    }
}

impl Host {
    pub fn new(machine: &Rc<Machine>, options: Options) -> Self {
        Self {
            machine: Rc::clone(machine),
            options,
            is_observed: Cell::new(false),
            metrics: RefCell::default(),
            store: RefCell::default(),
            groups: RefCell::default(),
            latest: RefCell::default(),
            busy: RefCell::default(),
            answers: [Answer::Nothing, Answer::Succeeds, Answer::Succeeds].map(Cell::new),
            is_executing: Cell::new(false),
        }
    }

    /// Decides what comes of the calls from now on.
    pub fn answer(&self, phase: Phase, answer: Answer) {
        self.answers[phase as usize].set(answer);
    }

    pub fn open_groups(&self) -> usize {
        self.groups.borrow().len()
    }

    /// The key's latest group, if it has any.
    pub fn latest(&self, key: Key) -> Option<GroupId> {
        self.latest.borrow().get(key).copied()
    }

    pub fn is_closed(&self, id: GroupId) -> bool {
        self.group(id).is_closed
    }

    /// The key has been flushed.
    pub fn flushed(&self, id: GroupId) {
        self.group(id).is_flushed = true;
    }

    /// All keys have been flushed.
    pub fn flushed_all(&self) {
        self.groups.borrow_mut().values_mut().for_each(|group| group.is_flushed = true);
    }

    pub fn add(&self, key: Key, id: GroupId) {
        self.latest.borrow_mut().insert(key, id);
        let earlier = self.groups.borrow_mut().insert(id, Group { key, ..Group::default() });
        assert!(earlier.is_none(), "two open groups have the number {id}");
    }

    /// Adds a run to a group. True if the host is to execute it soon.
    pub fn join(&self, id: GroupId, run: &Rc<Run>) -> bool {
        let mut group = self.group(id);
        assert!(!group.is_closed, "a run joins a closed group");
        group.waiting.push_back(Rc::clone(run));
        group.unsettled += 1;
        run.waits_in.set(Some(id));
        group.keeps_executing
    }

    /// Does what the engine has asked for with `keep_executing`. True if the engine wants to know.
    pub fn execute_arrived(&self, id: GroupId) -> bool {
        let keeps_executing = self.groups.borrow().get(&id).is_some_and(|group| group.keeps_executing);
        keeps_executing && self.execute_waiting(id).operations == self.options.max_operations
    }

    /// Cancels a run, unless it is too late for that.
    pub fn cancel(&self, run: &Run) {
        if let Some(id) = run.waits_in.take() {
            self.group(id).unsettled -= 1;
            run.settle(Outcome::Cancelled);
        }
    }

    /// The keys for which something hangs.
    pub fn all_hanging(&self) -> Vec<Key> {
        let mut keys: Vec<Key> = self.busy.borrow().keys().copied().collect();
        keys.retain(|key| self.under_way(key).is_some());
        keys.sort_unstable();
        keys
    }

    /// The runs of a key, or of all keys, that have not settled.
    pub fn unsettled(&self, key: Option<Key>) -> Vec<Rc<Run>> {
        let groups = self.groups.borrow();
        let groups = groups.values().filter(|group| key.is_none_or(|key| group.key == key));
        groups
            .flat_map(|group| group.taken.iter().chain(&group.waiting))
            .filter(|run| run.is_pending())
            .cloned()
            .collect()
    }

    /// What of the key's batch is hanging.
    pub fn hanging(&self, key: Key) -> Option<Phase> {
        self.under_way(key).map(|(_, phase)| phase)
    }

    /// Whether something is under way for a group, which may be none.
    pub fn is_calling(&self, id: GroupId) -> bool {
        let groups = self.groups.borrow();
        groups.get(&id).and_then(|group| group.batch.as_ref()).is_some_and(|batch| batch.call.is_some())
    }

    /// The call that hangs has an outcome, of which the engine is to be told. For which group?
    pub fn answer_hanging(&self, key: Key, outcome: Result<(), Cause>) -> GroupId {
        let (id, phase) = self.under_way(key).unwrap_or_else(|| panic!("nothing hangs for {key}"));
        self.answered(id, phase, outcome);
        id
    }

    fn under_way(&self, key: Key) -> Option<(GroupId, Phase)> {
        let id = *self.busy.borrow().get(key)?;
        let phase = self.group(id).batch.as_ref()?.call?;
        Some((id, phase))
    }

    fn group(&self, id: GroupId) -> RefMut<'_, Group> {
        RefMut::map(self.groups.borrow_mut(), |groups| {
            groups.get_mut(&id).unwrap_or_else(|| panic!("the group {id} is not open"))
        })
    }

    /// The batch under way in a group.
    fn batch(&self, id: GroupId) -> RefMut<'_, Batch> {
        assert!(self.machine.executor().is_running(), "inside of a call, instead of in a microtask after it");
        RefMut::map(self.group(id), |group| group.batch.as_mut().expect("a batch is under way"))
    }

    fn begin_batch(&self, id: GroupId) {
        let mut group = self.group(id);
        let other = self.busy.borrow_mut().insert(group.key, id);
        assert_eq!(other, None, "two batches of {} at once", group.key);
        assert!(group.is_split || !group.has_begun, "the runs of {} are torn apart", group.key);
        group.has_begun = true;
        group.batch = Some(Batch { started_at: self.machine.now(), ..Batch::default() });
    }

    /// The window of the batch under way has closed.
    fn check_window(&self, id: GroupId) {
        let group = self.group(id);
        let batch = group.batch.as_ref().expect("a batch is under way");
        let Options { min_duration, max_operations, .. } = self.options;
        assert!(batch.operations <= max_operations, "more operations than a batch may have");
        let is_full = batch.operations == max_operations;
        let is_over = self.machine.now() >= batch.started_at + min_duration;
        assert!(group.is_flushed || is_full || is_over, "a window of {} closes early", group.key);
    }

    /// Checks what has to hold whenever all tasks wait, unless they do not.
    pub fn check_rest(&self) {
        if !self.machine.executor().is_idle() || self.machine.timer().is_some_and(|at| at <= self.machine.now()) {
            return;
        }
        let Options { min_duration, max_duration, max_operations } = self.options;
        let (now, timer) = (self.machine.now(), self.machine.timer());
        let comes_by = |time| timer.is_some_and(|at| at <= time);
        for group in self.groups.borrow().values() {
            let key = group.key;
            assert!(group.unsettled == 0 || self.busy.borrow().contains_key(key), "{key} waits for nothing");
            let Some(batch) = &group.batch else { continue };
            if batch.call.is_none() {
                let close = batch.started_at + min_duration;
                assert!(now < close && comes_by(close), "a window of {key} does not close");
                assert!(!group.is_flushed && !group.is_closed && batch.operations < max_operations);
                assert!(group.waiting.is_empty(), "an operation on {key} waits although the resource is loaded");
            }
            let abort = batch.started_at + max_duration;
            if batch.is_aborted {
                assert!(now >= abort, "a batch of {key} aborts early");
            } else if max_duration < f64::INFINITY {
                assert!(timer.is_some(), "a batch of {key} never aborts");
            }
        }
        assert!(timer.is_none() || self.open_groups() > 0, "a timer is left");
    }

    fn ask(&self, id: GroupId, phase: Phase) -> Option<Poll<Result<(), Cause>>> {
        let mut batch = self.batch(id);
        assert!(
            batch.call.is_none() && batch.error.is_none() && !batch.asked.contains(&phase),
            "{phase:?} out of turn"
        );
        batch.asked.push(phase);
        batch.call = Some(phase);
        drop(batch);

        let answer = self.answers[phase as usize].get();
        if answer != Answer::Nothing {
            self.machine.log(format_args!("{} {}", format!("{phase:?}").to_lowercase(), self.group(id).key));
        }
        let outcome = match answer {
            Answer::Hangs => return Some(Poll::Pending),
            Answer::Fails(cause) => Err(cause),
            Answer::Succeeds | Answer::Nothing => Ok(()),
        };
        self.answered(id, phase, outcome);
        if answer == Answer::Nothing {
            if phase == Phase::Lock {
                self.batch(id).lock = Lock::None;
            }
            return None;
        }
        Some(Poll::Ready(outcome))
    }

    fn answered(&self, id: GroupId, phase: Phase, outcome: Result<(), Cause>) {
        let mut group = self.group(id);
        let key = group.key;
        let batch = group.batch.as_mut().expect("a batch is under way");
        batch.call = None;
        match (phase, outcome) {
            (Phase::Lock, Ok(())) => batch.lock = Lock::Held,
            (Phase::Load, Ok(())) => batch.resource = Some(self.store.borrow().get(key).cloned().unwrap_or_default()),
            (Phase::Save, Ok(())) => {
                batch.is_saved = true;
                self.store.borrow_mut().insert(key, batch.resource.clone().expect("a resource was loaded"));
            }
            (phase, Err(cause)) => {
                batch.error = Some(BatchError { phase, cause });
                if phase == Phase::Lock {
                    batch.lock = Lock::Failed;
                }
            }
        }
    }

    fn execute_waiting(&self, id: GroupId) -> Executed {
        let waiting = self.group(id).waiting.len();
        for _ in 0..waiting {
            if self.batch(id).operations == self.options.max_operations {
                break;
            }
            let run = self.group(id).waiting.pop_front().expect("a run waits");
            if !run.is_pending() {
                continue;
            }
            let mut batch = self.batch(id);
            assert!(batch.resource.is_some() && batch.call.is_none(), "an operation runs without its resource");
            batch.operations += 1;
            drop(batch);
            self.group(id).take(&run);
            self.machine.log(format_args!("execute {} {}", run.key, run.number));

            assert!(!self.is_executing.replace(true), "an operation runs inside of another");
            let operation = run.operation.take().unwrap_or_else(|| panic!("run {} runs twice", run.number));
            let effect = operation();
            self.is_executing.set(false);

            run.effect.set(Some(effect));
            if effect == Effect::Changes {
                let mut batch = self.batch(id);
                batch.is_changed = true;
                batch.resource.as_mut().expect("the resource is loaded").push(run.number);
            }
        }
        let waiting = self.group(id).pending().next().is_some();
        let batch = self.batch(id);
        Executed { operations: batch.operations, changed: batch.is_changed, waiting }
    }

    /// Whether the group goes on. If it does not, nothing of it is kept.
    fn keep_or_forget(&self, id: GroupId) -> bool {
        if self.group(id).unsettled > 0 {
            return true;
        }
        let group = self.groups.borrow_mut().remove(&id).expect("it has just been there");
        assert!(group.batch.is_none(), "a group of {} is forgotten before its end", group.key);
        let mut latest = self.latest.borrow_mut();
        if latest.get(group.key) == Some(&id) {
            latest.remove(group.key);
        }
        false
    }

    /// Ends the batch under way, and returns the runs that settle with it.
    fn end_batch(&self, id: GroupId) -> (Batch, Vec<Rc<Run>>) {
        drop(self.batch(id));
        let mut group = self.group(id);
        let batch = group.batch.take().expect("a batch is under way");
        let taken = mem::take(&mut group.taken);
        assert!(batch.call.is_none(), "a batch ends while something of it is under way");
        assert!(batch.lock != Lock::Held, "a batch ends and keeps its lock");
        group.unsettled -= taken.len();
        self.busy.borrow_mut().remove(group.key);
        (batch, taken)
    }
}

impl engine::Host for Host {
    type Error = Cause;

    fn close(&self, id: GroupId) {
        self.group(id).is_closed = true;
    }

    fn overflows(&self, id: GroupId) -> bool {
        let group = self.group(id);
        group.taken.len() + group.pending().count() > self.options.max_operations as usize
    }

    fn goes_on(&self, id: GroupId) -> bool {
        self.keep_or_forget(id)
    }

    fn call(&self, id: GroupId, phase: Phase) -> Option<Poll<Result<(), Cause>>> {
        match phase {
            Phase::Lock => self.begin_batch(id),
            Phase::Load => {}
            Phase::Save => {
                assert!(self.batch(id).is_changed, "a resource is saved that nobody has changed");
                self.check_window(id);
            }
        }
        self.ask(id, phase)
    }

    fn release(&self, id: GroupId) {
        let mut batch = self.batch(id);
        assert!(batch.call.is_none(), "a lock is released while something needs it");
        match mem::replace(&mut batch.lock, Lock::Released) {
            Lock::None => {}
            Lock::Held => {
                drop(batch);
                self.machine.log(format_args!("release {}", self.group(id).key));
            }
            Lock::Failed => panic!("a lock is released that nobody has got"),
            Lock::Released => panic!("a lock is released twice"),
        }
    }

    fn execute(&self, id: GroupId) -> Executed {
        self.group(id).keeps_executing = false;
        self.execute_waiting(id)
    }

    fn keep_executing(&self, id: GroupId) {
        let mut group = self.group(id);
        assert!(group.pending().next().is_none() && !group.is_closed, "runs of {} wait for others", group.key);
        group.keeps_executing = true;
    }

    fn take(&self, id: GroupId) {
        let mut group = self.group(id);
        while group.taken.len() < self.options.max_operations as usize {
            let Some(run) = group.waiting.pop_front() else { break };
            if run.is_pending() {
                group.take(&run);
            }
        }
    }

    fn settle(&self, id: GroupId, operations: u32, outcome: Result<(), BatchError<Cause>>) -> bool {
        if outcome.is_ok() {
            self.check_window(id);
        }
        let (batch, taken) = self.end_batch(id);
        let is_full = taken.len() == self.options.max_operations as usize;
        self.group(id).is_split = is_full;
        let is_left = self.group(id).pending().next().is_some();
        assert!(outcome.is_ok() || batch.operations > 0 || is_full || !is_left, "a run has no part in the failure");
        assert_eq!(batch.error, outcome.clone().err(), "not what was thrown");
        assert_eq!(batch.operations, operations, "operations are counted wrong");
        assert!(outcome.is_err() || batch.is_changed == batch.is_saved, "what was changed was not saved");

        let event = if outcome.is_ok() { "settle" } else { "fail" };
        let key = self.group(id).key;
        self.machine.log(taken.iter().fold(format!("{event} {key}"), |list, run| format!("{list} {}", run.number)));
        for run in taken {
            run.settle(match &outcome {
                Err(error) => Outcome::Failed(error.clone(), operations),
                Ok(()) if run.effect() == Some(Effect::Throws) => Outcome::Threw,
                Ok(()) => Outcome::Resolved,
            });
        }
        self.keep_or_forget(id)
    }

    fn abort(&self, id: GroupId) {
        let mut group = self.group(id);
        let batch = group.batch.as_mut().expect("a batch is under way");
        assert!(!mem::replace(&mut batch.is_aborted, true), "a batch aborts twice");
        self.machine.log(format_args!("abort {}", group.key));
    }

    fn now(&self) -> f64 {
        self.machine.read_clock()
    }

    fn set_timer(&self, delay: f64, tick: impl FnOnce() + 'static) {
        self.machine.set_timer(delay, tick);
    }

    fn idle(&self) {
        assert_eq!(self.open_groups(), 0, "idle, while groups are open");
        self.machine.clear_timer();
        self.groups.borrow_mut().shrink_to_fit();
        self.latest.borrow_mut().shrink_to_fit();
        self.busy.borrow_mut().shrink_to_fit();
    }

    fn spawn(&self, task: impl Future<Output = ()> + 'static) {
        self.machine.executor().spawn(task);
    }

    fn is_observed(&self) -> bool {
        self.is_observed.get()
    }

    fn publish(&self, id: GroupId, metric: Metric, error: Option<&BatchError<Cause>>) {
        assert!(self.is_observed.get(), "a metric that nobody wants");
        assert_eq!(self.batch(id).error.as_ref(), error, "not what was thrown");
        let key = self.group(id).key;
        self.machine.log(format_args!("publish {key}"));
        self.metrics.borrow_mut().push(Published { key, metric, error: error.cloned() });
    }
}
