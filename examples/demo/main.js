import { deleteDB } from 'idb';
import { Charts } from './charts.js';
import { Racer } from './racer.js';
import { Tabs } from './tabs.js';
import { countStored } from './ways.js';

const names = { naive: 'Get, then put', transaction: 'A transaction each', groupcommit: 'groupcommit' };
const ways = Object.keys(names);

const choices = {
  writers: [1, 2, 5, 10, 20, 50, 100, 200, 500],
  keys: [1, 2, 5, 10, 20, 50, 100, 200],
  window: [0, 1, 2, 5, 10, 20, 50, 100, 200],
  size: [16, 64, 256, 1024, 4096, 16_384, 65_536],
};
const units = {
  writers: (value) => `${value}`,
  keys: (value) => `${value}`,
  window: (value) => `${value} ms`,
  size: (value) => (value < 1024 ? `${value} B` : `${value / 1024} KB`),
};

/** How long a race takes, and how often its charts get a point. */
const seconds = Number(new URLSearchParams(location.search).get('seconds')) || 30;
const interval = seconds < 10 ? 200 : 500;

const element = (id) => document.getElementById(id);
const whole = new Intl.NumberFormat('en', { maximumFractionDigits: 0 });
const precise = new Intl.NumberFormat('en', { maximumSignificantDigits: 3 });
const percent = new Intl.NumberFormat('en', { style: 'percent' });
const milliseconds = (value) => (value === null ? '–' : `${precise.format(value)} ms`);

const racers = Object.fromEntries(ways.map((way) => [way, new Racer(way)]));
const charts = new Charts(names, seconds);
const cards = Object.fromEntries(ways.map((way) => [way, makeCard(way)]));
const tabs = new Tabs(
  {
    changed: 0,
    race: 'none',
    status: 'ready',
    elapsed: 0,
    settings: { writers: 100, keys: 5, window: 10, size: 256, locked: true },
  },
  apply,
);

/** What this tab has seen in the race so far. */
let seen = nothing('none');
/** The part of the shared state that the racers act on. */
let acting = '';
let acted = Promise.resolve();
let sampledAt = performance.now();
/** The status that the racers have arrived at. */
let reached = 'ready';

function nothing(race) {
  const each = (value) => Object.fromEntries(ways.map((way) => [way, value]));
  return { race, saved: each(0), lost: each(0), failed: each(0) };
}

// The controls change the state, here and in the other tabs.

element('start').addEventListener('click', () => {
  const { status } = tabs.state;
  if (status === 'paused') change({ status: 'running' });
  else change({ status: 'running', ...newRace() });
});
element('pause').addEventListener('click', () => change({ status: 'paused' }));
element('reset').addEventListener('click', () => change({ status: 'ready', ...newRace() }));
element('locked').addEventListener('change', ({ target }) => changeSetting('locked', target.checked));
element('another').href = location.href;

for (const [name, values] of Object.entries(choices)) {
  const input = sliderOf(name).querySelector('input');
  input.max = values.length - 1;
  input.addEventListener('input', () => showSetting(name, values[input.value]));
  input.addEventListener('change', () => changeSetting(name, values[input.value]));
}

function change(changes) {
  tabs.share({ ...changes, changed: Math.max(Date.now(), tabs.state.changed + 1) });
  apply(tabs.state);
}

function changeSetting(name, value) {
  change({ settings: { ...tabs.state.settings, [name]: value } });
}

function newRace() {
  return { race: crypto.randomUUID(), elapsed: 0 };
}

function databaseOf(way) {
  return `demo ${tabs.state.race} ${way}`;
}

/** Shows the state, and has the racers act on it. */
function apply({ race, status, settings }) {
  for (const name of Object.keys(choices)) showSetting(name, settings[name]);
  element('locked').checked = settings.locked;
  showStatus(status);

  const [formerRace] = acting.split(' ');
  const next = [race, status, JSON.stringify(settings)].join(' ');
  if (next === acting) return;
  acting = next;
  acted = acted.then(() => act(next, race !== formerRace)).catch(showError);
}

async function act(wanted, isNewRace) {
  const samples = await stopAll();
  if (isNewRace) {
    seen = nothing(tabs.state.race);
    charts.clear();
    await dropFormerDatabases();
  } else {
    count(samples);
  }
  // Only the latest wish counts.
  if (wanted !== acting) return;
  const { status, settings } = tabs.state;
  if (status === 'running') {
    await Promise.all(ways.map((way) => racers[way].start({ database: databaseOf(way), ...settings })));
  }
  reached = status;
  sampledAt = performance.now();
  showCards(isNewRace ? Object.fromEntries(ways.map((way) => [way, empty])) : undefined);
  if (!isNewRace) await lookForLost();
  showVerdict();
}

const empty = { rate: 0, median: null, slowest: null };

function stopAll() {
  return samplesOf((racer) => racer.stop());
}

async function samplesOf(ask) {
  const samples = await Promise.all(ways.map((way) => ask(racers[way])));
  return Object.fromEntries(ways.map((way, i) => [way, samples[i]]));
}

function count(samples) {
  for (const way of ways) {
    seen.saved[way] += samples[way].saved;
    seen.failed[way] += samples[way].failed;
    showFailure(way, samples[way].failure);
  }
  tabs.tell(seen);
}

async function dropFormerDatabases() {
  const databases = await indexedDB.databases();
  for (const { name } of databases) {
    // Another tab may still have it open, and lets go of it.
    if (name.startsWith('demo ') && !name.includes(tabs.state.race)) void deleteDB(name);
  }
}

// Every now and then: how far everybody is.

async function observe() {
  acted = acted.then(tick).catch(showError);
  await acted;
  setTimeout(observe, interval);
}

async function tick() {
  element('tab-count').textContent = tabs.count;
  if (reached !== 'running') return tabs.tell(seen);

  // Not much can be told of a moment.
  if (performance.now() - sampledAt < interval / 2) return;

  const wanted = acting;
  const samples = await samplesOf((racer) => racer.sample());
  count(samples);
  const duration = (performance.now() - sampledAt) / 1000;
  sampledAt = performance.now();
  if (wanted !== acting) return;

  const elapsed = tabs.state.elapsed + duration;
  tabs.state.elapsed = elapsed;
  const point = { time: elapsed };
  for (const way of ways) point[way] = { ...samples[way], rate: samples[way].saved / duration };
  charts.add(point);
  showCards(point);
  showVerdict();
  showProgress();
  if (elapsed >= seconds) change({ status: 'done' });
}

async function audit() {
  if (reached !== 'ready') await lookForLost().catch(showError);
  setTimeout(audit, 2 * interval);
}

/**
 * Compares what was seen saved with what is stored. Counted in this order, a change under way is never taken for a lost one; and when
 * nothing is under way, here and in the other tabs, the number is exact.
 */
async function lookForLost() {
  const { race } = tabs.state;
  for (const way of ways) {
    const saved = savedInAll(way);
    const stored = saved > 0 ? await countStored(databaseOf(way)) : 0;
    if (race !== tabs.state.race) return;
    seen.lost[way] = Math.max(0, saved - stored);
  }
  showCards();
  showVerdict();
}

// What the visitor sees.

function makeCard(way) {
  const article = document.querySelector(`article[data-way='${way}']`);
  article.append(element('card').content.cloneNode(true));
  const values = [...article.querySelectorAll('[data-value]')].map((value) => [value.dataset.value, value]);
  return { ...Object.fromEntries(values), lane: article.querySelector('.lane div') };
}

function showCards(point) {
  const fastest = point && Math.max(1, ...ways.map((way) => point[way].rate));
  for (const way of ways) {
    const card = cards[way];
    if (point) {
      card.rate.textContent = whole.format(point[way].rate);
      card.lane.style.setProperty('--share', point[way].rate / fastest);
      card.median.textContent = milliseconds(point[way].median);
      card.slowest.textContent = milliseconds(point[way].slowest);
    }
    const [saved, lost] = [savedInAll(way), seen.lost[way]];
    card.saved.textContent = whole.format(saved);
    card.lost.textContent = lost > 0 ? `${whole.format(lost)} (${percent.format(lost / saved)})` : '0';
    card.lost.classList.toggle('bad', lost > 0);
    card.failure.hidden = seen.failed[way] === 0;
  }
}

function showFailure(way, failure) {
  if (failure) cards[way].failure.textContent = `${whole.format(seen.failed[way])} failed: ${failure}`;
}

function showStatus(status) {
  const isRunning = status === 'running';
  element('start').disabled = isRunning;
  element('start').textContent = status === 'paused' ? 'Continue' : status === 'done' ? 'Restart' : 'Start';
  element('pause').disabled = !isRunning;
  element('reset').disabled = status === 'ready';
  document.body.dataset.status = status;
  showProgress();
}

function showProgress() {
  const elapsed = Math.min(tabs.state.elapsed, seconds);
  element('progress').value = elapsed / seconds;
  element('clock').textContent = `${whole.format(elapsed)} of ${seconds} s`;
}

/** Tells how the race stands, and at its end what came of it, so that it is read out once. */
function showVerdict() {
  const factor = savedInAll('groupcommit') / Math.max(1, savedInAll('transaction'));
  element('factor').textContent = savedInAll('transaction') > 0 ? `${precise.format(factor)}×` : '';
  const losses = ways
    .filter((way) => seen.lost[way] > 0)
    .map((way) => `${names[way]} lost ${whole.format(seen.lost[way])} of ${whole.format(savedInAll(way))}.`);
  const texts = {
    ready: `Press Start, and watch for ${seconds} seconds.`,
    running: 'As many updates as with a transaction each, so far.',
    paused: 'As many updates as with a transaction each, so far. Paused: what was under way has been saved.',
    done:
      `groupcommit saved ${precise.format(factor)} times as many updates as a transaction each. ` +
      (losses.join(' ') || 'Nothing was lost.'),
  };
  if (element('verdict').textContent !== texts[reached]) element('verdict').textContent = texts[reached];
}

function savedInAll(way) {
  return seen.saved[way] + tabs.savedElsewhere(way);
}

function showSetting(name, value) {
  const slider = sliderOf(name);
  const input = slider.querySelector('input');
  const text = units[name](value);
  input.value = choices[name].indexOf(value);
  input.setAttribute('aria-valuetext', text);
  slider.querySelector('output').textContent = text;
}

function sliderOf(name) {
  return document.querySelector(`[data-setting='${name}']`);
}

function showError(error) {
  element('verdict').textContent = `Something went wrong: ${error.message}`;
}

const hasLocks = 'locks' in navigator;
element('locked').disabled = !hasLocks;
element('lock-hint').textContent = hasLocks
  ? 'A second tab joins the race. Without the lock each tab overwrites what the other has saved.'
  : 'This page is not secure (neither https nor localhost), so there are no locks.';
if (!hasLocks) tabs.state.settings.locked = false;
apply(tabs.state);
observe();
audit();
