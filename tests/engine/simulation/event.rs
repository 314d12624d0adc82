//! What can happen in a simulated world.

use crate::world::{Answer, Cause, Effect, Letter, Name, Phase};

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Event {
    /// An operation with what it does to its resource, in one attempt and in the next, what it does besides, and what its caller does when
    /// it has settled.
    Run(Name, [Effect; 2], Act, Act),
    /// Somebody else changes what is stored.
    ChangeElsewhere(Name),
    Act(Act),
    /// What comes of the calls from now on.
    Answer(Phase, Answer),
    /// One of the calls that hang has an outcome.
    Settle(usize, Result<(), Cause>),
    Turn,
    Step,
    Advance(f64),
    /// Time passes, and timers will be late.
    Freeze(f64),
    /// The next timer goes off, in time if it is not late already.
    Ring,
    /// The next timer goes off half a millisecond before its time.
    RingEarly,
    LoseTimers,
    DelayLetters(u32),
    /// The engine is told something without need.
    Superfluous(Letter),
    SuperfluousDone(usize),
}

/// What can be called from anywhere: by a caller, in an operation, or when a run has settled.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Act {
    Nothing,
    Run(Name, Effect),
    RunFlushRun(Name),
    Cancel(usize),
    Flush(Name),
    FlushAll,
    Stop,
    Observe(bool),
    /// It takes some time, in the midst of a turn.
    Stall(f64),
}
