import { nextTurn, watch } from './turns.js';

/** The situations in which a call is made. Each makes a processor with a run that is under way, and tells how to go on. */
export const situations = {
  'with nothing under way': async (start) => ({ accounts: start({}), mates: [], goOn() {} }),
  'while the batch loads': (start) => held(start, 'loadResource'),
  'while the batch is open': async (start) => {
    const accounts = start({ minDuration: 100_000 });
    const mates = [watch(accounts.run('alice', () => 1))];
    await nextTurn();
    return { accounts, mates, goOn: () => void accounts.flush() };
  },
  'while the batch saves': (start) => held(start, 'saveResource'),
};

/** The first call hangs until it is told to go on. */
async function held(start, callback) {
  let goOn;
  const accounts = start({
    [callback]: () => (goOn ? {} : new Promise((resolve) => (goOn = () => resolve({})))),
  });
  const mates = [watch(accounts.run('alice', () => 1))];
  await nextTurn();
  return { accounts, mates, goOn: () => goOn?.() };
}
