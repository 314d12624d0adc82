import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { sentencesOf, titlesBelow, titlesIn, uncovered } from './sentences.js';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** Sentences that promise nothing, each by its beginning, with the reason. */
const introductions: Record<string, string> = {
  '("Group commit" is the database term': 'explains the name',
  'The behaviour comes from': 'says where the behaviour comes from',
  'Where this page is silent': 'tells who changes the package what to do',
  'Every sentence has a test': 'is what this file does',
  'The options, all of which': 'introduces a list; `startProcessor needs no options` tests the rest',
  'Where others than this processor change': 'says what a lock is for; the list after it says how',
  'So: validate first': 'is advice that follows from the sentence before',
};

const isIntroduction = (sentence: string) =>
  Object.keys(introductions).some((beginning) => sentence.startsWith(beginning));

describe('The contract', () => {
  const sentences = sentencesOf(readFileSync(`${root}/docs/contract.md`, 'utf8'));

  test('has a test for each sentence', () => {
    expect(
      uncovered(sentences, titlesBelow(`${root}/tests`)).filter((sentence) => !isIntroduction(sentence)),
    ).toEqual([]);
  });

  test('has each introduction that is listed here', () => {
    for (const beginning of Object.keys(introductions))
      expect(
        sentences.filter((sentence) => sentence.startsWith(beginning)),
        beginning,
      ).toHaveLength(1);
  });
});

describe('Sentences', () => {
  test.each([
    ['One. Two! Three? Four', ['One.', 'Two!', 'Three?', 'Four']],
    ['a line\nbreaks. Next.', ['a line breaks.', 'Next.']],
    ['`code. Here` counts. `code` begins one.', ['`code. Here` counts.', '`code` begins one.']],
    ['Of e.g. Alice and i.e. Bob. 1 and 2.', ['Of e.g. Alice and i.e. Bob.', '1 and 2.']],
    ['(It ends. In it.) Next.', ['(It ends.', 'In it.)', 'Next.']],
    ['**Strong.** Next: one; two.', ['**Strong.**', 'Next: one; two.']],
    ['# Heading. No\nText:\n- one\n  two. Three\n- four\n\n```ts\ncode. Code\n```\n1. five', ['Text:', 'one two.', 'Three', 'four', 'five']], // biome-ignore format: one line
  ])('of %j', (markdown, sentences) => {
    expect(sentencesOf(markdown)).toEqual(sentences);
  });

  test('titles are those of tests that are run', () => {
    const source = `
      describe('a', () => { test.each([['no']])('b %s', () => {}); test(\`c \${1}\`, () => {}) });
      test.skip('d', () => {}); describe.skip('e', () => { test('f', () => {}) }); call('g'); test.for(x)("h", f);
    `;
    expect(titlesIn(source)).toEqual(['a', 'b %s', 'c %s', 'h']);
  });

  test.each([
    ['the whole, with its case', 'It ends', true],
    ['its beginning', 'When the batch has ended: so', true],
    ['a part', 'runs `settle` together (by %s)', true],
    ['what is put in is no part', 'all its runs settle %s and ended', true],
    ['two words', 'runs settle', false],
    ['part of a word', 'uns settle together', false],
    ['words that two sentences have', 'its runs settle', false],
    ['words that none has', 'its runs settle somehow', false],
  ])('are carried by %s', (_, title, carried) => {
    const sentences = [
      'When the batch has ended, all its runs settle together.',
      'It ends.',
      'Each of its runs settle once.',
    ];
    expect(uncovered(sentences, [title]).length).toBe(carried ? 2 : 3);
  });

  test('without a title are all left behind', () => {
    expect(uncovered(['One two three.', 'Four.'], [])).toEqual(['One two three.', 'Four.']);
  });
});
