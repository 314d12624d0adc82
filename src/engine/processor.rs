//! What a processor can be asked.

use super::deadlines::Deadlines;
use super::group::Group;
use super::{GroupId, Host, Options, OptionsError, batch};
use slab::Slab;
use std::cell::{Cell, RefCell};
use std::error::Error;
use std::fmt;
use std::rc::Rc;

/// Serves groups of runs, each key's one after the other.
pub struct Processor<H: Host>(Rc<Engine<H>>);

/// What a processor shares with the tasks that serve its groups.
pub(crate) struct Engine<H: Host> {
    pub host: H,
    pub options: Options,
    pub deadlines: Deadlines,
    groups: RefCell<Groups<H>>,
    stopped: Cell<bool>,
}

type Groups<H> = Slab<Rc<Group<<H as Host>::Error>>>;

/// The processor has been stopped and accepts no more runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stopped;

impl<H: Host> Processor<H> {
    pub fn new(options: Options, host: H) -> Result<Self, OptionsError> {
        options.check()?;
        Ok(Self(Rc::new(Engine {
            host,
            options,
            deadlines: Deadlines::new(&options),
            groups: RefCell::default(),
            stopped: Cell::new(false),
        })))
    }

    pub fn host(&self) -> &H {
        &self.0.host
    }

    /// Opens a group for the runs of one key, to be joined until [`Host::close`]. It waits behind the key's latest group `after`, if that
    /// one has not been forgotten; otherwise a batch starts at once.
    pub fn open(&self, after: Option<GroupId>) -> Result<GroupId, Stopped> {
        let engine = &self.0;
        if engine.stopped.get() {
            return Err(Stopped);
        }
        let latest = after.and_then(|id| engine.group(id));
        let group = engine.insert();
        let id = group.id;
        match latest {
            Some(latest) => latest.next.set(Some(group)),
            None => engine.host.spawn(batch::serve(Rc::clone(engine), group, engine.clock())),
        }
        Ok(id)
    }

    /// What the host was asked to do for a group, by [`Host::call`] or [`Host::keep_executing`], is done, and came to this.
    pub fn done(&self, group: GroupId, outcome: Result<(), H::Error>) {
        if let Some(group) = self.0.group(group) {
            group.done(outcome);
        }
    }

    /// Closes the window of a group now. Of the groups of one key only the latest can be open.
    pub fn flush(&self, group: GroupId) {
        if let Some(group) = self.0.group(group) {
            group.close(&self.0.host);
        }
    }

    /// Closes all windows now.
    pub fn flush_all(&self) {
        for (_, group) in self.0.groups.borrow().iter() {
            group.close(&self.0.host);
        }
    }

    /// Accepts no more runs, and closes all windows now.
    pub fn stop(&self) {
        self.0.stopped.set(true);
        self.flush_all();
    }
}

impl<H: Host> Engine<H> {
    /// The time, or NaN if nobody needs it.
    pub fn clock(&self) -> f64 {
        if self.deadlines.is_needed() || self.host.is_observed() { self.host.now() } else { f64::NAN }
    }

    /// The last batch of the group has ended.
    pub fn forget(&self, group: GroupId) {
        let mut groups = self.groups.borrow_mut();
        groups.try_remove(group);
        if groups.is_empty() {
            self.idle(&mut groups);
        }
    }

    /// Keeps nothing for groups that are gone, least of all a timer that would keep the process alive. The memory of a crowd goes back, that
    /// of the everyday coming and going stays.
    fn idle(&self, groups: &mut Groups<H>) {
        if groups.capacity() > 1_024 {
            *groups = Groups::<H>::new();
        }
        self.deadlines.clear();
        self.host.idle();
    }

    fn insert(&self) -> Rc<Group<H::Error>> {
        let mut groups = self.groups.borrow_mut();
        let entry = groups.vacant_entry();
        let group = Group::new(entry.key());
        entry.insert(Rc::clone(&group));
        group
    }

    /// Not inlined: it is in many places, and not small.
    #[inline(never)]
    pub fn group(&self, id: GroupId) -> Option<Rc<Group<H::Error>>> {
        self.groups.borrow().get(id).cloned()
    }
}

impl fmt::Display for Stopped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the processor has been stopped")
    }
}

impl Error for Stopped {}
