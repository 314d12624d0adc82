//! The life of one batch.

use super::batch::Batch;
use super::deadlines::Cohort;
use super::places::Place;
use super::processor::Shared;
use super::{BatchError, Failure, Host, Metric, Phase, Window};
use std::cell::Cell;
use std::mem;
use std::rc::Rc;
use std::task::Poll;

/// The longest time between the first two attempts, in ms. It doubles with each further one…
const FIRST_PAUSE: u32 = 5;
/// …up to this.
const LONGEST_PAUSE: u32 = 1_000;

/// A batch under way.
pub(crate) struct Life<'a, H: Host> {
    shared: &'a Rc<Shared<H>>,
    batch: Rc<Batch<H>>,
    has_started: bool,
    /// When it was opened, and with which others, if it starts then.
    opened: Option<(Rc<Cohort<H>>, f64)>,
    metric: Metric,
}

/// How a batch ends, if it does not end well.
enum End<E> {
    Failed(BatchError<E>),
    Conflict(BatchError<E>),
    /// Before it was loaded all its runs were cancelled; or before it was loaded again it has aborted.
    Unwanted,
}

impl<'a, H: Host> Life<'a, H> {
    pub fn new(shared: &'a Rc<Shared<H>>, batch: Rc<Batch<H>>, opened: Option<(Rc<Cohort<H>>, f64)>) -> Self {
        let metric = Metric { attempts: 1, ..Metric::default() };
        Self { shared, batch, has_started: false, opened, metric }
    }

    /// Until its runs have settled, or nobody wants it any more. True if there is another batch, or may be.
    pub async fn live(mut self) -> bool {
        let outcome = self.commit().await;

        let Shared { host, keys, .. } = &**self.shared;
        let key = self.batch.key;
        self.batch.cohort.take();
        keys.borrow_mut().set(key, None);
        let outcome = match outcome {
            Ok(()) => Ok(()),
            Err(End::Failed(error) | End::Conflict(error)) => Err(error),
            Err(End::Unwanted) if !self.has_started => return true,
            Err(End::Unwanted) => Ok(()),
        };
        if host.is_observed(key) {
            self.metric.total_duration = duration(self.metric.start, host.now());
            host.publish(key, self.metric, outcome.as_ref().err());
        }
        host.settle(key, outcome)
    }

    /// Everything that the host is asked for.
    async fn commit(&mut self) -> Result<(), End<H::Error>> {
        self.call(Phase::Lock).await?;
        let outcome = self.load_and_save().await;
        if self.shared.host.calls(Phase::Lock) {
            self.shared.host.release(self.batch.key);
        }
        outcome
    }

    async fn load_and_save(&mut self) -> Result<(), End<H::Error>> {
        let mut outcome = Err(End::Unwanted);
        loop {
            let loaded = self.call(Phase::Load).await;
            if matches!(loaded, Err(End::Unwanted)) {
                return outcome;
            }
            self.metric.attempts += u32::from(matches!(outcome, Err(End::Conflict(_))));
            loaded?;
            self.start(&Place::Own);
            if !self.run_operations().await {
                return Ok(());
            }
            outcome = self.call(Phase::Save).await;
            if !matches!(outcome, Err(End::Conflict(_))) || self.metric.attempts > self.shared.options.retries {
                return outcome;
            }
            self.pause().await;
            if self.shared.host.is_aborted(self.batch.key) {
                return outcome;
            }
            self.shared.host.start_over(self.batch.key);
        }
    }

    /// Others try again as well: so that they do not meet each time, a random time passes. It ends when somebody waits for the end of the
    /// batch, or when that has aborted.
    async fn pause(&self) {
        let Self { shared, batch, metric, .. } = self;
        let longest = LONGEST_PAUSE.min(FIRST_PAUSE << (metric.attempts - 1).min(8));
        let is_over = Rc::new(Cell::new(false));
        let (rung, woken) = (Rc::clone(&is_over), Rc::clone(batch));
        let _timer = shared.host.set_timer(shared.host.random() * f64::from(longest), move || {
            rung.set(true);
            woken.wake();
        });
        let host = &shared.host;
        let ends = || host.window(batch.key) == Window::Flushed || host.is_aborted(batch.key);
        batch.until(|| is_over.get() || ends()).await;
    }

    /// A batch starts when it may lock or load, or at once if it has to do neither.
    fn start(&mut self, place: &Place<H>) {
        if mem::replace(&mut self.has_started, true) {
            return;
        }
        let Shared { host, deadlines, .. } = &**self.shared;
        let (cohort, start) = self.opened.take().unwrap_or_else(|| {
            let now = host.now();
            // Those that start with one call share their deadlines, and so save together as well.
            (if let Place::Shared(call) = place { call.cohort(now) } else { Cohort::new(now) }, now)
        });
        self.metric.start = start;
        deadlines.watch(self.shared, &self.batch, cohort);
    }

    /// Has the operations run that wait, and those that arrive until the window closes. True if any of them changed the resource.
    async fn run_operations(&self) -> bool {
        let host = &self.shared.host;
        let key = self.batch.key;
        let mut executed = host.execute(key, self.is_closing() || self.is_over());
        if !executed.is_last {
            self.batch.until(|| self.is_closing()).await;
            executed = host.execute(key, true);
        }
        executed.is_changed
    }

    fn is_closing(&self) -> bool {
        self.batch.is_due() || self.shared.host.window(self.batch.key) != Window::Open
    }

    /// Whether the time of the window is over, also if a timer that is late has not told so yet.
    fn is_over(&self) -> bool {
        let min_duration = self.shared.options.min_duration;
        min_duration == 0.0 || self.shared.host.now() >= self.metric.start + min_duration
    }

    /// Calls the host. How long that takes is measured only for whoever observes it: to ask for the time costs more than the rest.
    async fn call(&mut self, phase: Phase) -> Result<(), End<H::Error>> {
        let Shared { host, places, .. } = &**self.shared;
        let key = self.batch.key;
        if !host.calls(phase) {
            return Ok(());
        }
        let place = match phase {
            Phase::Lock => Place::Own,
            Phase::Load | Phase::Save => {
                if places.has_to_wait(host, &self.batch, phase) {
                    // It starts later than those that were opened with it: nothing of theirs is kept for it.
                    self.opened = None;
                }
                places.take(self.shared, &self.batch, phase).await.ok_or(End::Unwanted)?
            }
        };
        self.start(&place);
        let start = if host.is_observed(key) { host.now() } else { f64::NAN };
        let outcome = match &place {
            Place::Own => match host.call(key, phase) {
                Poll::Ready(outcome) => outcome,
                Poll::Pending => self.batch.outcome().await,
            },
            Place::Shared(_) => self.batch.outcome().await,
        };
        if host.is_observed(key) {
            *self.metric.duration_of(phase) += duration(start, host.now());
        }
        self.metric.together(phase, if let Place::Shared(call) = &place { call.count() } else { 1 });
        if phase != Phase::Lock {
            places.leave(self.shared, &place);
        }
        outcome.map_err(|Failure { cause, is_conflict }| {
            let error = BatchError { phase, cause };
            if is_conflict && phase == Phase::Save { End::Conflict(error) } else { End::Failed(error) }
        })
    }
}

/// The time between two others; 0 if the first one is not known, because nobody was observing yet.
fn duration(start: f64, end: f64) -> f64 {
    (end - start).max(0.0)
}
