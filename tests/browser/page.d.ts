// What page.js puts into the pages that the tests open.

declare global {
  var groupcommit: typeof import('groupcommit') &
    typeof import('groupcommit/browser') &
    typeof import('groupcommit/indexeddb');

  var increment: typeof import('./increment.js').increment;

  var load: typeof import('./record.js').load;
  var save: typeof import('./record.js').save;

  var exhaust: typeof import('../hostile/stack/exhaust.js').exhaust;
  var watch: typeof import('../hostile/stack/turns.js').watch;
  var atRest: typeof import('../hostile/stack/turns.js').atRest;

  /** Vitest would take a mere `import()` for its own. */
  // biome-ignore lint/suspicious/noExplicitAny: each module is another
  var importModule: (path: string) => Promise<any>;

  /** What a test keeps in its page from one call of `evaluate` to the next. */
  // biome-ignore lint/suspicious/noExplicitAny: each test keeps something else
  var kept: Record<string, any>;
}

export {};
