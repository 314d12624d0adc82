// `npm run fuzz:browser` plays random histories of tabs on the built package, and looks whether what was promised is there.

import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { oneOf } from '../../../bench/browser/choices.mjs';
import { optionsOf } from '../../../scripts/options.mjs';
import { ensureBrowsers } from '../../../scripts/setup.mjs';
import { aboveZero } from '../../faults/number.mjs';
import { bundlePage } from './bundle.mjs';
import { hunt } from './hunt.mjs';
import { mutants } from './mutants.mjs';

const usage = `npm run fuzz:browser -- [options]
  --minutes N       for so long; 1 if nothing else is said
  --histories N     so many of each browser
  --browser NAME    chromium or firefox; otherwise both
  --seed S          from this seed on; otherwise a random one
  --mutants         shows of packages that break a promise on purpose that each is found out within 300 histories
  --mutant NAME     the same of one of them, and in full how`;

const text = { type: 'string' };
const values = optionsOf(
  { minutes: text, histories: text, browser: text, seed: text, mutant: text, mutants: { type: 'boolean' } },
  usage,
  ({ browser, mutant, ...numbers }) => {
    oneOf('browser', browser, ['chromium', 'firefox']);
    oneOf(
      'mutant',
      mutant,
      mutants.map(({ name }) => name),
    );
    for (const name of ['minutes', 'histories']) if (numbers[name]) aboveZero(name, numbers[name]);
  },
);
const browsers = values.browser ? [values.browser] : ['chromium', 'firefox'];
const paths = await ensureBrowsers();
const seed = values.seed ? Number(values.seed) : Math.floor(Math.random() * 2 ** 31);
console.log(`seed ${seed}`);

if (values.mutants || values.mutant) await huntMutants();
else await huntAll();

async function huntAll() {
  const minutes = Number(values.minutes ?? (values.histories ? Infinity : 1));
  const script = await bundlePage();
  const order = {
    seed,
    script,
    end: Date.now() + minutes * 60_000,
    histories: Number(values.histories ?? Infinity),
  };
  const hunts = browsers.map(async (browser) => {
    const report = await hunt(browser, paths[browser], order, (line) => console.log(line));
    console.log(`${browser}: ${report.line}`);
    if (report.finds > 0) process.exitCode = 1;
  });
  await Promise.all(hunts);
}

async function huntMutants() {
  const chosen = values.mutant ? mutants.filter(({ name }) => name === values.mutant) : mutants;
  // A folder of this repository: what is bundled there finds its packages.
  const folder = await mkdtemp(
    join(fileURLToPath(new URL('../../../node_modules', import.meta.url)), '.fuzz-'),
  );
  let missed = 0;
  try {
    for (const { name, patch, browser = 'chromium' } of chosen) {
      const script = await bundlePage({ folder, patch });
      const tell = values.mutant ? (line) => console.log(line) : () => {};
      const order = { seed, script, end: Infinity, histories: 300, isEndedByFind: true };
      const { finds, histories, first } = await hunt(browser, paths[browser], order, tell);
      if (finds === 0) missed++;
      console.log(`${name}, in ${browser}: ${finds > 0 ? `after ${histories}: ${first}` : 'NOT FOUND'}`);
    }
  } finally {
    await rm(folder, { recursive: true });
  }
  console.log(`${chosen.length - missed} of ${chosen.length} mutants found`);
  if (missed > 0) process.exitCode = 1;
}
