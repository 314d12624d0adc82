import { expect, test } from 'vitest';
import { check } from './check';

test('check', async () => {
  const line = await check();
  expect(line).toContain('alice');
  console.log(line);
});
