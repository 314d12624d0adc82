import { afterAll, afterEach, beforeAll, describe } from 'vitest';
import { type BrowserName, Visitor } from './browser.js';
import { connectionTests } from './connection.js';
import { contractTests } from './contract.js';
import { demoTests } from './demo.js';
import { hiddenTests } from './hidden.js';
import { hostileTests } from './hostile.js';
import { lockTests } from './locks.js';
import { pageLifeTests } from './page-life.js';
import { recipeTests } from './recipes.js';

describe.each<BrowserName>(['Chromium', 'Firefox'])('%s', (name) => {
  let visitor: Visitor;
  beforeAll(async () => {
    visitor = await Visitor.arrive(name);
  });
  afterEach(() => visitor.closeTabs());
  afterAll(() => visitor?.leave());

  for (const define of [
    contractTests,
    connectionTests,
    lockTests,
    pageLifeTests,
    hiddenTests,
    recipeTests,
    hostileTests,
    demoTests,
  ]) {
    define(() => visitor, name);
  }
});
