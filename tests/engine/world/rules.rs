//! What must hold, whatever happens. Each rule has a name; what breaks one panics on the spot, with its sentence.

use std::env;
use std::fmt;
use std::sync::OnceLock;

macro_rules! rules {
    ($($name:ident: $sentence:literal,)*) => {
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Rule {
            $($name,)*
        }

        impl Rule {
            /// Whether a message is about a rule.
            pub fn is_named_by(message: &str) -> bool {
                [$($sentence),*].iter().any(|sentence| message.starts_with(sentence))
            }
        }

        impl fmt::Display for Rule {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(match self {
                    $(Self::$name => $sentence,)*
                })
            }
        }
    };
}

rules! {
    Stored: "what was acknowledged, here or elsewhere, is stored exactly once, in order",
    Saved: "what was changed is saved before its callers hear of it",
    ErrorNotStored: "what got an error of its own is not stored, unless it had changed something before",
    AllOrNothing: "the operations of a batch that failed are stored entirely or not at all",
    OneCall: "a key is never locked, loaded or saved twice at once",
    CallOrder: "a batch is locked, loaded, executed and saved in this order, each at most once an attempt, and only if it has to be",
    Calls: "one call is made for each batch, or for as many as may be and want the same, as the host wishes",
    Retries: "a batch starts over after a conflict and only then, as often as it may, and not after it has aborted",
    Pause: "between two attempts the time passes that is due, and no longer, unless the batch is flushed",
    Lock: "a lock is released exactly once, after everything that needs it",
    Execution: "operations run in turn, once an attempt, in the order of the calls, on a resource that is loaded, never inside of a call",
    OneSettlement: "every run settles exactly once, with the outcome of its operation or the error of its batch",
    AllSettle: "all runs settle when the store has answered",
    Cancelled: "what was cancelled before its operation ran is not executed, and of a batch without runs nothing is asked",
    Together: "the runs that a window has accepted are one batch, and settle together",
    NextTurn: "a batch begins after the callers of the one before it have heard",
    NothingLeft: "nothing is left in memory, in a queue or as a timer",
    Metrics: "each batch that began has one metric, which adds up",
    Concurrency: "no more loads and saves are under way than may be, but for those that are flushed",
    Fifo: "places are given in the order of asking, as soon as there are any",
    WindowEarly: "a window does not close early",
    WindowLate: "a window does not stay open, and while it is open no operation waits",
    Flush: "a batch that is flushed waits neither for a timer nor for a place",
    Abort: "a batch aborts at its deadline, not before and once, and never after its end",
    Served: "a key is served as long as it has runs, once",
}

impl Rule {
    /// False if another rule alone is to count. So it can be shown that each finds what no other does.
    pub fn counts(self) -> bool {
        Self::only().is_none_or(|only| only == format!("{self:?}"))
    }

    /// The name of the rule that counts alone, if there is one.
    pub fn only() -> Option<&'static str> {
        static ONLY: OnceLock<Option<String>> = OnceLock::new();
        ONLY.get_or_init(|| env::var("ONLY").ok()).as_deref()
    }
}

/// Panics if the rule does not hold.
macro_rules! hold {
    ($rule:ident, $holds:expr, $($details:tt)+) => {{
        let holds: bool = $holds;
        if !holds && $crate::world::Rule::$rule.counts() {
            panic!("{}: {}", $crate::world::Rule::$rule, format_args!($($details)+));
        }
    }};
}

pub(crate) use hold;
