import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';

/** The sentences of a text in Markdown, without its headings and blocks of code, as they are written. */
export function sentencesOf(markdown: string): string[] {
  return paragraphsOf(markdown).flatMap((paragraph) => {
    const spans: string[] = [];
    const plain = paragraph.replace(
      /`[^`]*`|\b(e\.g|i\.e|etc|cf|vs)\./g,
      (span) => `\0${spans.push(span) - 1}\0`,
    );
    return plain
      .split(/(?<=[.!?]["')*]*)\s+(?=["'(*]*[\p{Lu}\d\0])/u)
      .map((sentence) => sentence.replace(/\0(\d+)\0/g, (_, index) => spans[index] as string));
  });
}

/** A paragraph or an item of a list, in one line. */
function paragraphsOf(markdown: string): string[] {
  return markdown
    .replace(/^```[\s\S]*?^```$/gm, '\n')
    .replace(/^#.*$/gm, '\n')
    .split(/\n\s*\n|\n(?=\s*(?:-|\d+\.) )/)
    .map((paragraph) =>
      paragraph
        .trim()
        .replace(/^(-|\d+\.) /, '')
        .replace(/\s+/g, ' '),
    )
    .filter((paragraph) => paragraph !== '');
}

/**
 * The titles of all tests, and of what groups them, in the files `*.test.ts` below a folder. Tests that are skipped have none.
 * Those in types/ are for the compiler: what it has to take or refuse there has a comment for a title.
 */
export function titlesBelow(folder: string): string[] {
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter(
    (file) => !file.includes('node_modules'),
  );
  const read = (file: string) => readFileSync(join(folder, file), 'utf8');
  return [
    ...files.filter((file) => file.endsWith('.test.ts')).flatMap((file) => titlesIn(read(file))),
    ...files
      .filter((file) => /^types\b.*\.ts$/.test(file))
      .flatMap((file) => read(file).match(/(?<=^\/\/ )(?!@).*/gm) ?? []),
  ];
}

/** The first argument of each call of describe, test or it, also of test.each(…): up to the first thing that is put into it. */
export function titlesIn(source: string): string[] {
  const titles: string[] = [];
  const visit = (node: ts.Node) => {
    if (ts.isCallExpression(node)) {
      const words = node.expression.getText(file).match(/^(describe|test|it)\b(.*)/s);
      if (words && /^\.(skip|todo|fails)\b/.test(words[2] as string)) return;
      const title = words && node.arguments[0];
      if (title && ts.isStringLiteralLike(title)) titles.push(title.text);
      else if (title && ts.isTemplateExpression(title)) titles.push(`${title.head.text}%s`);
    }
    ts.forEachChild(node, visit);
  };
  const file = ts.createSourceFile('tests.ts', source, ts.ScriptTarget.Latest);
  visit(file);
  return titles;
}

/**
 * The sentences that no title carries. A title carries a sentence if it is the whole, or at least three words of it that are in no
 * other. What tells cases apart may follow, in parentheses or after a colon.
 */
export function uncovered(sentences: string[], titles: string[]): string[] {
  const words = new Map(sentences.map((sentence) => [sentence, plain(sentence)]));
  const covered = new Set<string>();
  for (const part of new Set(titles.flatMap(partsOf))) {
    const carried = sentences.filter(
      (sentence) => words.get(sentence) === part || words.get(sentence)?.match(wordsOf(part)),
    );
    const whole = carried.filter((sentence) => words.get(sentence) === part);
    if (whole.length > 0) covered.add(whole[0] as string);
    else if (carried.length === 1 && part.split(' ').length >= 3) covered.add(carried[0] as string);
  }
  return sentences.filter((sentence) => !covered.has(sentence));
}

/** A title up to what is put into it, and each beginning of it before a colon or a parenthesis. */
function partsOf(title: string): string[] {
  const fixed = title.replace(/[\s:,(]*(%\w|\$\w|\$\{).*$/s, '');
  const beginnings = [...fixed.matchAll(/: | \(/g)].map(({ index }) => fixed.slice(0, index));
  return [fixed, ...beginnings].map(plain).filter((part) => part !== '');
}

function wordsOf(part: string): RegExp {
  return new RegExp(`(?<![\\w'])${part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')}(?![\\w'])`);
}

/** Without marks of Markdown, capitals, and the punctuation at both ends. */
function plain(text: string): string {
  return text
    .replace(/\[([^\]]*)\]\([^)]*\)/g, '$1')
    .replace(/[`*]/g, '')
    .replace(/[’‘]/g, "'")
    .replace(/\s+/g, ' ')
    .toLowerCase()
    .replace(/^[\s"'(.,:;]+|[\s"').,:;!?]+$/g, '');
}
