/** @jest-environment node */
const { check } = require('./check.cjs');

test('check', async () => {
  const line = await check();
  expect(line).toContain('alice');
  console.log(line);
});
