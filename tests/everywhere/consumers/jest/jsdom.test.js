/** @jest-environment jsdom */
const { check } = require('./check.cjs');

test('check', async () => {
  const line = await check();
  expect(line).toContain('alice');
  console.log(line);
});
