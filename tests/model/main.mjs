// `npm run fuzz -- --minutes N` plays random scenarios on the built package, and holds what is seen against the model of the contract.

import { fork } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { optionsOf } from '../../scripts/options.mjs';
import { bundleWorker, importMutants } from './bundle.mjs';

const usage = `npm run fuzz -- [options]
  --minutes N         for so long; 1 if nothing else is said
  --runs N            so many sequences
  --processes N       at once; otherwise as many as there are processors
  --seed S            from this seed on; otherwise a random one
  --seed S --path P   plays what was found there once more
  --mutants           shows of each processor that breaks a promise on purpose that it is found out within 10,000 sequences
  --mutant NAME       the same of one of them, and in full how`;

class Progress {
  #begin = Date.now();
  #count = 0;
  #steps = 0;

  add({ count, steps }) {
    this.#count += count;
    this.#steps += steps;
  }

  get line() {
    const seconds = (Date.now() - this.#begin) / 1_000;
    const perSecond = Math.round(this.#count / seconds);
    const length = (this.#steps / Math.max(1, this.#count)).toFixed(1);
    return `${this.#count.toLocaleString('en')} sequences of ${length} events in ${Math.round(seconds)} s, ${perSecond} a second`;
  }
}

const withValue = ['minutes', 'runs', 'seed', 'path', 'mutant', 'processes'].map((name) => [
  name,
  { type: 'string' },
]);
const values = optionsOf({ ...Object.fromEntries(withValue), mutants: { type: 'boolean' } }, usage);
// A folder below this one: what is bundled there finds its packages.
const folder = await mkdtemp(join(fileURLToPath(new URL('../../node_modules', import.meta.url)), '.fuzz-'));
try {
  if (values.mutants || values.mutant) await huntMutants();
  else await huntAll();
} finally {
  await rm(folder, { recursive: true });
}

async function huntAll() {
  const path = await bundleWorker(folder);
  const seed = values.seed ? Number(values.seed) : Math.floor(Math.random() * 2 ** 31);
  const minutes = values.minutes ? Number(values.minutes) : values.runs ? Number.POSITIVE_INFINITY : 1;
  const cores = values.path ? 1 : Number(values.processes ?? availableParallelism());
  const runs = values.path ? 1 : Math.ceil((values.runs ? Number(values.runs) : 2 ** 40) / cores);
  if (!values.path) console.log(`seed ${seed}, ${cores} processes`);
  const progress = new Progress();
  const timer = setInterval(() => console.log(progress.line), 5_000);
  const hunters = Array.from({ length: cores }, (_, core) =>
    hunter(path, { seed: seed + core, step: cores, runs, path: values.path }, progress),
  );
  const end = setTimeout(
    () => hunters.forEach((hunter) => void hunter.end()),
    Math.min(minutes * 60_000, 2 ** 31 - 1),
  );
  const found = await firstFound(hunters);
  clearInterval(timer);
  clearTimeout(end);
  for (const hunter of hunters) hunter.end();
  console.log(
    found ? `\nAgainst the contract: ${found.text}` : `${progress.line}: nothing against the contract`,
  );
  if (found) process.exitCode = 1;
}

/** What the first of them finds; nothing if all end without. */
async function firstFound(hunters) {
  let first;
  const all = hunters.map(async ({ result }) => {
    const found = await result;
    if (!found || first) return;
    first = found;
    for (const hunter of hunters) hunter.end();
  });
  await Promise.all(all);
  return first;
}

async function huntMutants() {
  const all = await importMutants(folder);
  const mutants = values.mutant ? all.filter(({ name }) => name === values.mutant) : all;
  const path = await bundleWorker(folder);
  const seed = values.seed ? Number(values.seed) : Math.floor(Math.random() * 2 ** 31);
  console.log(`seed ${seed}`);
  const order = { seed, step: 1, runs: 10_000 };
  let missed = 0;
  for (const { name, breaks, patch } of mutants) {
    const own = patch ? await bundleWorker(folder, patch) : path;
    const found = await hunter(own, { ...order, mutant: name }, new Progress()).result;
    if (!found) missed++;
    const how = found ? `after ${found.after}: ${found.violation.split('\n')[0]}` : 'NOT FOUND';
    console.log(`${name} (against: ${breaks})\n    ${how}`);
    if (values.mutant && found) console.log(found.text);
  }
  if (mutants.length === 0) throw new Error(`There is no mutant ${values.mutant}`);
  console.log(`${mutants.length - missed} of ${mutants.length} mutants found`);
  if (missed > 0) process.exitCode = 1;
}

/** A child process that plays scenarios. Its result is what it finds, or nothing. */
function hunter(path, order, progress) {
  const child = fork(path);
  let isEnding = false;
  let found;
  let seed = order.seed;
  let lastHeard = Date.now();
  const end = () => {
    isEnding = true;
    child.kill('SIGKILL');
  };
  const watch = setInterval(() => {
    if (Date.now() - lastHeard < 120_000) return;
    found = { text: `it hangs, in the 2,000 sequences of --seed ${seed}`, violation: 'it hangs', after: 0 };
    end();
  }, 1_000);
  child.send(order);
  child.on('message', (message) => {
    lastHeard = Date.now();
    if (message.type === 'played') {
      seed = message.seed;
      progress.add(message);
    } else if (message.type === 'found') found = message;
  });
  const result = new Promise((resolve, reject) => {
    child.on('exit', (code, signal) => {
      clearInterval(watch);
      if (found || isEnding || code === 0) resolve(found);
      else reject(new Error(`A process of the fuzzer ended with ${code ?? signal}`));
    });
  });
  return { result, end };
}
