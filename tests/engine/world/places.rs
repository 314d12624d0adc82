//! How many loads and saves are under way, who waits for one, and who has asked before whom.

use super::rules::hold;
use groupcommit::engine::Key;

pub struct Places {
    concurrency: usize,
    /// The loads and saves under way. Those that had been flushed need no place; they may have one.
    under_way: Vec<Caller>,
    moments: u64,
    asking: Vec<Asker>,
}

struct Caller {
    key: Key,
    is_flushed: bool,
}

struct Asker {
    key: Key,
    from: Moment,
    until: Moment,
}

/// The turn of the executor, and the order therein.
type Moment = (u64, u64);

impl Places {
    pub fn new(concurrency: u32) -> Self {
        Self { concurrency: concurrency as usize, under_way: Vec::new(), moments: 0, asking: Vec::new() }
    }

    /// A batch asks for a place now, in a turn of the executor.
    pub fn ask(&mut self, key: Key, turn: u64) {
        self.moments += 1;
        let moment = (turn, self.moments);
        self.asking.push(Asker { key, from: moment, until: moment });
    }

    /// A batch asks for a place at some moment of a turn.
    pub fn ask_in(&mut self, key: Key, turn: u64) {
        self.asking.push(Asker { key, from: (turn, 0), until: (turn, u64::MAX) });
    }

    /// A batch does not wait any more.
    pub fn forget(&mut self, key: Key) {
        self.asking.retain(|asker| asker.key != key);
    }

    /// The keys that have asked and have no place, in the order of asking, and in which turn they have.
    pub fn asking(&self) -> impl Iterator<Item = (Key, u64)> {
        self.asking.iter().map(|asker| (asker.key, asker.from.0))
    }

    /// A batch has a place now. Whoever has asked before it and still waits must have had one too.
    pub fn take(&mut self, key: Key, is_flushed: bool, waits: impl Fn(Key) -> bool) {
        let place = self.asking.iter().position(|asker| asker.key == key);
        hold!(CallOrder, place.is_some(), "a call for which nobody has asked");
        let from = place.map_or((0, 0), |place| self.asking.remove(place).from);
        if self.asking.is_empty() {
            self.asking = Vec::new();
        }
        if !is_flushed {
            let are_before = |asker: &&Asker| asker.until < from && waits(asker.key);
            let before = self.asking.iter().filter(are_before).count();
            let under_way = self.under_way.iter().filter(|caller| !caller.is_flushed).count();
            hold!(Concurrency, under_way < self.concurrency, "{under_way} are under way");
            hold!(Fifo, under_way + before < self.concurrency, "{before} have asked before");
        }
        self.under_way.push(Caller { key, is_flushed });
    }

    pub fn give_back(&mut self, key: Key) {
        self.under_way.retain(|caller| caller.key != key);
    }

    /// The keys whose calls are under way, and whether they had been flushed before.
    pub fn under_way(&self) -> impl Iterator<Item = (Key, bool)> {
        self.under_way.iter().map(|caller| (caller.key, caller.is_flushed))
    }

    /// Whether somebody has to wait.
    pub fn is_full(&self) -> bool {
        self.under_way.len() >= self.concurrency
    }
}
