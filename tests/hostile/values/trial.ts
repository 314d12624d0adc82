import { type Processor, type ProcessorOptions, startProcessor } from 'groupcommit';
import { allAtRest, atRest } from '../support.js';
import { answer, kindOf, kindOfOutcome } from './kinds.js';
import { collectReports } from './reports.js';
import type { Thing } from './things.js';

export type Accounts = Processor<unknown, string>;
export type Options = ProcessorOptions<unknown, string>;

/** A place where a value of the user's enters. */
export interface Place {
  readonly name: string;
  readonly things: readonly Thing[];
  /** The options of a processor that gets the value from one of them, the first time it asks for 'hostile'. */
  options?(value: unknown): Options;
  /** The call that the value belongs to. What it returns, throws, or what its promise becomes, is its outcome. */
  call(accounts: Accounts, value: unknown): unknown;
  /** What may become of the call, by the names of kinds.ts. */
  expected(thing: Thing): Promise<string[]> | string[];
  /** What may be reported by the platform, by the names of kinds.ts. */
  reports?: (thing: Thing) => string[];
  /** Whether the other runs of the batch share the outcome, as a failure of the batch. */
  readonly isShared?: boolean;
  /** Whether the call is made before the others of its batch. */
  readonly comesFirst?: boolean;
  /** What else has to hold, once all has come to rest: what is wrong, if anything is. */
  check?(value: unknown, own: string): string | undefined;
}

/** Tries a thing in a place, with everything else going on as always. Resolves to what is wrong. */
export async function tryOut(place: Place, thing: Thing): Promise<string[]> {
  const wrong: string[] = [];
  const expect = (what: string, is: string, ...expected: string[]) => {
    if (!expected.includes(is)) wrong.push(`${thing.name}: ${what} is ${is}, not ${expected.join(' or ')}`);
  };
  const expected = await place.expected(thing);
  const value = thing.make(answer);

  const reports = await collectReports(async () => {
    const accounts = startProcessor<unknown>({
      minDuration: 0,
      loadResource: () => ({}),
      ...place.options?.(value),
    });
    const other = startProcessor<unknown>({ minDuration: 0 });
    const { signal } = new AbortController();
    const call = () => callIt(() => place.call(accounts, value));
    const first = place.comesFirst ? call() : undefined;
    const mates = [accounts.run('hostile', () => 'mate')];
    const own = first ?? call();
    mates.push(
      accounts.run('hostile', () => 'mate'),
      accounts.run('hostile', () => 'mate', { signal }),
      accounts.read('hostile', () => 'mate'),
    );
    const others = [accounts.run('other', () => 'other'), other.run('hostile', () => 'other')];

    const kinds = (promises: Promise<unknown>[]) =>
      allAtRest(promises).then((outcomes) => outcomes.map((outcome) => kindOfOutcome(outcome, value)));
    const [[ownKind = ''], mateKinds, otherKinds] = await Promise.all([
      kinds([own]),
      kinds(mates),
      kinds(others),
    ]);
    expect('its own outcome', ownKind, ...expected);
    const isFailure = place.isShared && (ownKind === 'pending' || ownKind.startsWith('rejected'));
    for (const kind of mateKinds) expect('another run', kind, isFailure ? ownKind : 'mate');
    for (const kind of otherKinds) expect('a run elsewhere', kind, 'other');
    const after = [
      accounts.run('next', () => 'next'),
      other.run('hostile', () => 'next'),
      other.stop().then(() => 'next'),
    ];
    if (ownKind !== 'pending') {
      after.push(
        accounts.run('hostile', () => 'next'),
        accounts.flush().then(() => 'next'),
      );
    }
    for (const kind of await kinds(after)) expect('what comes next', kind, 'next');
    if (ownKind === 'pending') return;
    expect('the end', (await atRest(accounts.stop())).state, 'fulfilled');
    expect('pending', `${accounts.pending}`, '0');
    const found = place.check?.(value, ownKind);
    if (found) wrong.push(`${thing.name}: ${found}`);
  });
  const allowed = place.reports?.(thing) ?? [];
  for (const report of reports) expect(report.event, kindOf(report.value, value), ...allowed);
  if (allowed.length > 0 && reports.length !== 1) wrong.push(`${thing.name}: ${reports.length} reports`);
  return wrong;
}

/** The outcome of a call as a promise: what it returned is taken as it is, unless it is a promise of the processor. */
function callIt(call: () => unknown): Promise<unknown> {
  try {
    const returned = call();
    return returned instanceof Promise ? returned : Promise.resolve(typeof returned);
  } catch (error) {
    return Promise.reject(error);
  }
}
