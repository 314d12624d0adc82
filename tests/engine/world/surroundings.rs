//! What the surroundings of a processor can do: they deliver letters, answer calls, and look at what is there.

use super::executor::Purpose;
use super::{Answer, Cause, Host, Machine, Name, Phase, Published, Resource, World, told};
use groupcommit::engine::{Key, Processor};
use std::future::poll_fn;
use std::ops::Deref;
use std::rc::Rc;
use std::task::Poll;

/// What the engine is told of callers. Never at once, as these may be anywhere, but in a later turn of the executor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Letter {
    Serve(Key),
    Look(Key),
    LookAtWaiting,
}

impl World {
    pub fn post(&self, letter: Letter) {
        self.state.letters.borrow_mut().push(letter);
        if self.state.is_mail_under_way.replace(true) {
            return;
        }
        let (processor, state, delay) = (Rc::clone(&self.processor), Rc::clone(&self.state), self.state.delay.get());
        self.machine.executor().spawn(Purpose::Mail, async move {
            turns(delay).await;
            state.is_mail_under_way.set(false);
            let letters = state.letters.take();
            deliver(&processor, letters);
        });
    }

    /// The letters that have not been delivered.
    pub fn letters(&self) -> Vec<Letter> {
        self.state.letters.borrow().clone()
    }

    /// Letters need so many turns of the executor more.
    pub fn delay_letters(&self, turns: u32) {
        self.state.delay.set(turns);
    }

    /// Decides what comes of the calls that are made from now on.
    pub fn answer(&self, phase: Phase, answer: Answer) {
        self.host().answers[phase as usize].set(answer);
    }

    /// Lets the call that hangs for a key succeed.
    pub fn complete(&self, name: Name) {
        self.answer_hanging(name, Ok(()));
        self.step();
    }

    /// Lets the call that hangs for a key fail.
    pub fn fail(&self, name: Name, cause: Cause) {
        self.answer_hanging(name, Err(cause));
        self.step();
    }

    /// What hangs has come to this. The mail goes along, unless it is late.
    pub fn answer_hanging(&self, name: Name, outcome: Result<(), Cause>) {
        let key = self.host().keys.borrow().number(name).unwrap_or_else(|| panic!("nothing hangs for {name}"));
        let outcome = self.host().answered(key, outcome);
        if self.state.delay.get() == 0 {
            let letters = self.state.letters.take();
            deliver(&self.processor, letters);
        }
        self.processor.done(key, told(outcome));
    }

    /// The engine hears what could not be told while it called. False if there was nothing.
    pub fn tell(&self) -> bool {
        let to_tell = self.host().to_tell.take();
        for &(key, outcome) in &to_tell {
            let outcome = self.host().answered(key, outcome);
            self.processor.done(key, told(outcome));
        }
        !to_tell.is_empty()
    }

    /// Runs all tasks until each of them waits for something to happen, and the engine has heard everything.
    pub fn rest(&self) {
        self.step();
        while self.tell() {
            self.step();
        }
    }

    /// What hangs for a key.
    pub fn hanging(&self, name: Name) -> Option<Phase> {
        let keys = self.host().keys.borrow();
        let (_, state) = keys.each().find(|(_, state)| state.name == name)?;
        state.batches[0].call.map(|(phase, _)| phase)
    }

    /// The keys for which something hangs.
    pub fn all_hanging(&self) -> Vec<Name> {
        let keys = self.host().keys.borrow();
        let hanging = keys.each().filter(|(_, state)| state.batches[0].call.is_some());
        hanging.map(|(_, state)| state.name).collect()
    }

    /// Somebody else changes what is stored. Returns the number of that change, which is none of a run.
    pub fn change_elsewhere(&self, name: Name) -> u32 {
        let number = u32::MAX - self.state.changes.replace(self.state.changes.get() + 1);
        self.host().store.borrow_mut().entry(name).or_default().push(number);
        number
    }

    /// None of the timers that are set goes off any more.
    pub fn lose_timers(&self) {
        self.machine.lose_timers();
        self.host().keys.borrow_mut().lose_timers();
    }

    /// The metrics since this was asked last.
    pub fn metrics(&self) -> Vec<Published> {
        self.host().metrics.take()
    }

    /// What is kept where resources are saved.
    pub fn stored(&self, name: Name) -> Resource {
        self.host().store.borrow().get(name).cloned().unwrap_or_default()
    }

    /// How many keys have runs.
    pub fn keys(&self) -> usize {
        self.host().keys.borrow().len()
    }

    /// Nothing of any batch is left: no key, no task, no timer.
    pub fn is_empty(&self) -> bool {
        self.keys() == 0 && self.machine.executor().unfinished() == 0 && self.machine.timers_set() == 0
    }
}

fn deliver(processor: &Processor<Host>, letters: Vec<Letter>) {
    for letter in letters {
        match letter {
            Letter::Serve(key) => {
                let host = processor.host();
                let opened = host.keys.borrow_mut().served(key).unwrap_or_else(|| host.machine.now());
                host.spawns.set(Purpose::Serve(key));
                processor.serve(key, opened);
                host.spawns.set(Purpose::Call);
            }
            Letter::Look(key) => {
                let host = processor.host();
                host.keys.borrow_mut().looked(key, host.machine.executor().turns());
                processor.look(key);
            }
            Letter::LookAtWaiting => processor.look_at_waiting(),
        }
    }
}

/// Waits for so many turns of the executor.
async fn turns(mut count: u32) {
    poll_fn(|context| {
        if count == 0 {
            return Poll::Ready(());
        }
        count -= 1;
        context.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

impl Deref for World {
    type Target = Machine;

    fn deref(&self) -> &Machine {
        &self.machine
    }
}
