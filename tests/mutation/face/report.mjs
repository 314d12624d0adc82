// What the two runs of Stryker have come to: a mutant is found if either has found it.

import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const output = fileURLToPath(new URL('../../../target/mutation', import.meta.url));

/** The mutants of a run, each with its file; none if there has been no such run. */
export function mutantsOf(name) {
  const path = join(output, `${name}.json`);
  if (!existsSync(path)) return [];
  const { files } = JSON.parse(readFileSync(path, 'utf8'));
  return Object.entries(files).flatMap(([file, { mutants, source }]) =>
    mutants.map((mutant) => ({ ...mutant, file, source })),
  );
}

export const isFound = ({ status }) => status === 'Killed' || status === 'Timeout';
export const isMissed = ({ status }) => status === 'Survived' || status === 'NoCoverage';

/** Where a mutant is, as Stryker wants to be told which to try. */
export function rangeOf({ file, location: { start, end } }) {
  return `${file}:${start.line}:${start.column - 1}-${end.line}:${end.column - 1}`;
}

/** Prints the mutants that no test finds, and how many each file has; returns the score in percent. */
export function report() {
  const found = new Set(mutantsOf('contract').filter(isFound).map(nameOf));
  const all = mutantsOf('model').filter((mutant) => isFound(mutant) || isMissed(mutant));
  const missed = all.filter((mutant) => isMissed(mutant) && !found.has(nameOf(mutant)));
  for (const mutant of missed) console.log(`not found: ${nameOf(mutant)}`);
  for (const file of new Set(all.map((mutant) => mutant.file))) {
    console.log(scoreOf(file, all.filter(isIn(file)).length, missed.filter(isIn(file)).length));
  }
  console.log(scoreOf('face', all.length, missed.length));
  return 100 - (100 * missed.length) / all.length;
}

const isIn = (file) => (mutant) => mutant.file === file;

function nameOf({ file, location: { start, end }, replacement, source }) {
  const lines = source.split('\n').slice(start.line - 1, end.line);
  lines.push(lines.pop().slice(0, end.column - 1));
  const original = lines
    .join('\n')
    .slice(start.column - 1)
    .replace(/\s+/g, ' ');
  return `${file}:${start.line}:${start.column} ${original} -> ${replacement.replace(/\s+/g, ' ')}`;
}

function scoreOf(name, count, missed) {
  const score = 100 - (100 * missed) / count;
  return `${name}: ${count - missed} of ${count} mutants found, ${score.toFixed(1)} %`;
}
