//! What can be seen of a world, as a number: equal if nothing that can be seen differs.
//!
//! The engine keeps little that cannot be seen: how far a batch has come shows in what the host was asked; who waits for a place, in who
//! has asked and was not called; which tasks run next, in the queue of the executor; how much time is left, in the timers that are set.
//! What has settled and what is stored is checked in every state, and has no influence on what comes: so it is left out. So is what has
//! no meaning: which of two keys has which name and number, and what time it is.

use crate::world::{Letter, Name, Purpose, World};
use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};

/// All deadlines have been reached by then.
const LONG_AGO: f64 = 20.0;

/// Two keys, whichever is the first.
pub fn fingerprint(world: &World, [a, b]: [Name; 2]) -> u64 {
    let both = [[a, b], [b, a]].map(|names| {
        let mut state = DefaultHasher::new();
        hash_tasks(world, names, &mut state);
        names.iter().for_each(|name| hash_key(world, name, &mut state));
        state.finish()
    });
    both[0].min(both[1])
}

/// Who waits for a place, and which tasks run next. When a batch is flushed, it cannot be seen later whether it had got a place before,
/// nor that it is left in the queue.
pub fn of_places(world: &World, names: [Name; 2]) -> u64 {
    let mut state = DefaultHasher::new();
    hash_tasks(world, names, &mut state);
    state.finish()
}

fn hash_tasks(world: &World, names: [Name; 2], state: &mut DefaultHasher) {
    let host = world.host();
    let keys = host.keys.borrow();
    let numbers = names.map(|name| keys.number(name));
    let place = |key: usize| numbers.iter().position(|&number| number == Some(key));
    for purpose in world.executor().scheduled() {
        match purpose {
            Purpose::Serve(key) => (0, place(key)).hash(state),
            Purpose::Arrive(key) => (1, place(key)).hash(state),
            purpose => purpose.hash(state),
        }
    }
    for letter in world.letters() {
        match letter {
            Letter::Serve(key) => (0, place(key)).hash(state),
            Letter::Look(key) => (1, place(key)).hash(state),
            Letter::LookAtWaiting => 2.hash(state),
        }
    }
    for (left, is_again) in world.alarms() {
        (left.map(f64::to_bits), is_again).hash(state);
    }
    let places = host.places.borrow();
    let turn = world.executor().turns();
    places.asking().for_each(|(key, from)| (place(key), from > turn).hash(state));
    3.hash(state);
    // The order of those under way has no meaning.
    let mut under_way: Vec<_> = places.under_way().map(|(key, is_flushed)| (place(key), is_flushed)).collect();
    under_way.sort_unstable();
    under_way.hash(state);
}

fn hash_key(world: &World, name: Name, state: &mut DefaultHasher) {
    let mut keys = world.host().keys.borrow_mut();
    let (now, turn) = (world.now(), world.executor().turns());
    let mut starts: Vec<_> = keys.each().filter_map(|(_, key)| Some(key.batches[0].start?.place)).collect();
    starts.sort_unstable();
    let Some(number) = keys.number(name) else { return 0.hash(state) };
    let key = keys.state(number);
    let key_opened = key.opened;
    (key.is_served, key.settled_in == Some(turn), key.batches.len()).hash(state);
    for batch in &key.batches {
        (batch.next, batch.live, batch.window as u8, batch.begun_in.map(|begun| begun == turn), batch.execution as u8)
            .hash(state);
        (
            batch.attempts,
            batch.starts_over,
            batch.is_loaded,
            batch.is_changed,
            batch.is_saved,
            batch.is_aborted,
            batch.is_lost,
        )
            .hash(state);
        (batch.lock as u8, batch.gives_up, batch.phase()).hash(state);
        batch.error.as_ref().map(|error| (error.phase as u8, error.cause)).hash(state);
        // Of a time counts how long ago it is, unless it is so long that nothing depends on it, and of a start what was before what.
        let elapsed = |at: f64| (now - at).min(LONG_AGO).to_bits();
        let start = batch.start.map(|start| (elapsed(start.at), starts.binary_search(&start.place)));
        (batch.opened.or(key_opened).map(elapsed), batch.conflict.map(elapsed)).hash(state);
        (start, batch.start.is_some_and(|start| start.turn == turn)).hash(state);
        batch.durations.map(|duration| duration.is_some()).hash(state);
        batch.runs.iter().for_each(|run| (run.is_pending(), run.is_executed(), run.effect()).hash(state));
    }
}
