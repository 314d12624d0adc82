import { describe, expect, test } from 'vitest';
import { places } from './values/places.js';
import { tryOut } from './values/trial.js';

describe('Hostile values: their own run tells, and everything else goes on', () => {
  test.each(places.map((place) => [place.name, place] as const))('%s', async (_, place) => {
    const wrong: string[] = [];
    for (const thing of place.things) wrong.push(...(await tryOut(place, thing)));
    expect(wrong).toEqual([]);
  });
});
