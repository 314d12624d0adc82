import { afterAll, afterEach, beforeAll, describe } from 'vitest';
import { beginningTests } from './beginnings.js';
import { type BrowserName, Visitor } from './browser.js';
import { connectionTests } from './connection.js';
import { contractTests } from './contract.js';
import { demoTests } from './demo.js';
import { hiddenTests } from './hidden.js';
import { hostileTests } from './hostile.js';
import { lockTests } from './locks.js';
import { pageLifeTests } from './page-life.js';
import { quotaTests } from './quota.js';
import { readmeTests } from './readme.js';
import { recipeTests } from './recipes.js';
import { silenceTests } from './silence.js';
import { upgradeTests } from './upgrades.js';

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
    readmeTests,
    beginningTests,
    silenceTests,
    quotaTests,
    upgradeTests,
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
