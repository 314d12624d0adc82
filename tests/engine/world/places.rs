//! How many loads and saves are under way, who waits for one, and who has asked before whom.

use super::rules::hold;
use super::{Config, Phase};
use groupcommit::engine::Key;
use std::mem;

pub struct Places {
    concurrency: usize,
    max_keys: usize,
    shares: [bool; 2],
    /// The loads and saves under way. One for a batch that had been flushed needs no place; it may have one.
    under_way: Vec<Call>,
    moments: u64,
    asking: Vec<Asker>,
}

struct Call {
    /// Those of its keys that it is not done with.
    keys: Vec<Key>,
    is_flushed: bool,
}

struct Asker {
    key: Key,
    phase: Phase,
    from: Moment,
    until: Moment,
}

/// The turn of the executor, and the order therein.
type Moment = (u64, u64);

impl Places {
    pub fn new(Config { options, shares, .. }: Config) -> Self {
        Self {
            concurrency: options.concurrency as usize,
            max_keys: options.max_keys as usize,
            shares,
            under_way: Vec::new(),
            moments: 0,
            asking: Vec::new(),
        }
    }

    /// A batch asks for a place now, in a turn of the executor.
    pub fn ask(&mut self, key: Key, phase: Phase, turn: u64) {
        self.moments += 1;
        let moment = (turn, self.moments);
        self.asking.push(Asker { key, phase, from: moment, until: moment });
    }

    /// A batch asks for a place at some moment of a turn.
    pub fn ask_in(&mut self, key: Key, phase: Phase, turn: u64) {
        self.asking.push(Asker { key, phase, from: (turn, 0), until: (turn, u64::MAX) });
    }

    /// A batch does not wait any more.
    pub fn forget(&mut self, key: Key) {
        self.asking.retain(|asker| asker.key != key);
    }

    /// The keys that have asked and have no place, in the order of asking, and in which turn they have.
    pub fn asking(&self) -> impl Iterator<Item = (Key, u64)> {
        self.asking.iter().map(|asker| (asker.key, asker.from.0))
    }

    /// The keys that have asked, and go into a call for several.
    pub fn asking_together(&self) -> impl Iterator<Item = Key> {
        self.asking.iter().filter(|asker| self.is_shared(asker.phase)).map(|asker| asker.key)
    }

    /// A call is made for batches, some of which may have been flushed. Whoever has asked before them and still waits must have
    /// had a place too.
    pub fn take(&mut self, keys: &[Key], is_flushed: impl Fn(Key) -> bool, waits: impl Fn(Key) -> bool) {
        let asking = mem::take(&mut self.asking);
        let (called, asking): (Vec<_>, Vec<_>) = asking.into_iter().partition(|asker| keys.contains(&asker.key));
        hold!(CallOrder, called.len() == keys.len(), "a call for which somebody has not asked");
        let is_in_turn = !keys.iter().any(|&key| is_flushed(key));
        for (place, asker) in called.iter().enumerate().filter(|(_, asker)| !is_flushed(asker.key)) {
            let before = |phase| {
                let before = asking.iter().filter(|other| other.until < asker.from && other.phase == phase);
                before.filter(|other| waits(other.key)).count()
            };
            hold!(
                Fifo,
                !self.is_shared(asker.phase) || before(asker.phase) == 0,
                "some have asked before {}",
                asker.key
            );
            if place == 0 && is_in_turn {
                let needed: usize =
                    [Phase::Load, Phase::Save].map(|phase| before(phase).div_ceil(self.room(phase))).iter().sum();
                let under_way = self.under_way.iter().filter(|call| !call.is_flushed).count();
                hold!(Concurrency, under_way < self.concurrency, "{under_way} are under way");
                hold!(Fifo, under_way + needed < self.concurrency, "others have asked before {}", asker.key);
            }
        }
        self.asking = asking;
        self.under_way.push(Call { keys: keys.to_vec(), is_flushed: !is_in_turn });
    }

    /// How many batches can be in one call.
    fn room(&self, phase: Phase) -> usize {
        if self.is_shared(phase) { self.max_keys } else { 1 }
    }

    fn is_shared(&self, phase: Phase) -> bool {
        self.shares[phase as usize - 1]
    }

    /// The place of a call is free when it is done with all its keys.
    pub fn give_back(&mut self, key: Key) {
        self.under_way.iter_mut().for_each(|call| call.keys.retain(|&other| other != key));
        self.under_way.retain(|call| !call.keys.is_empty());
    }

    /// The keys whose calls are under way, and whether any in its call had been flushed before.
    pub fn under_way(&self) -> impl Iterator<Item = (Key, bool)> {
        self.under_way.iter().flat_map(|call| call.keys.iter().map(|&key| (key, call.is_flushed)))
    }

    /// Whether somebody has to wait.
    pub fn is_full(&self) -> bool {
        self.under_way.len() >= self.concurrency
    }
}
