import type { Page } from 'puppeteer-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { serve } from '../../examples/demo/serve.mjs';
import type { Visitor } from './browser.js';

type Way = 'naive' | 'transaction' | 'groupcommit';

/** Drives the controls of the demo, as its visitors do. */
export function demoTests(visitor: () => Visitor): void {
  describe('The demo', () => {
    let server: Awaited<ReturnType<typeof serve>>;
    let address: string;
    beforeAll(async () => {
      server = await serve({ port: 0 });
      address = server.resolvedUrls?.local[0] as string;
    });
    afterAll(() => server.close());

    const problems: string[] = [];
    async function open(seconds: number): Promise<Page> {
      problems.length = 0;
      const page = await visitor().newTab();
      page.on('pageerror', (error) => problems.push(String(error)));
      page.on('request', (request) => {
        if (!request.url().startsWith(address) && !request.url().startsWith('data:'))
          problems.push(request.url());
      });
      await page.goto(`${address}?seconds=${seconds}`);
      await page.waitForSelector('body[data-status]');
      return page;
    }

    const text = (page: Page, selector: string) =>
      page.$eval(selector, (element) => element.textContent ?? '');
    const value = async (page: Page, way: Way, name: string) => {
      const shown = await text(page, `[data-way='${way}'] [data-value='${name}']`);
      return Number(shown.replace(/\(.*|[^\d.]/g, ''));
    };
    const status = (page: Page, wanted: string) =>
      page.waitForSelector(`body[data-status='${wanted}']`, { timeout: 60_000 });
    const press = (page: Page, button: string) => page.click(`#${button}:enabled`);

    test('A race shows how far it is, and ends with a verdict that counts what was lost', async () => {
      const page = await open(4);
      await press(page, 'start');
      await status(page, 'running');
      await page.waitForFunction(() => {
        const { value } = document.querySelector('progress') as HTMLProgressElement;
        return value > 0.2 && value < 1;
      });
      await status(page, 'done');
      await expect
        .poll(() => text(page, '#verdict'), { timeout: 10_000 })
        .toMatch(/^groupcommit saved [\d.,]+ times as many updates/);
      expect(await text(page, '#clock')).toBe('4 of 4 s');
      for (const way of ['naive', 'transaction', 'groupcommit'] as const) {
        expect(await value(page, way, 'saved')).toBeGreaterThan(0);
        expect(await value(page, way, 'median')).toBeGreaterThan(0);
      }
      expect(await value(page, 'naive', 'lost')).toBeGreaterThan(0);
      expect(await value(page, 'transaction', 'lost')).toBe(0);
      expect(await value(page, 'groupcommit', 'lost')).toBe(0);
      expect(await page.$$eval('figure canvas', (canvases) => canvases.length)).toBe(3);
      expect(problems).toEqual([]);
    });

    test('It can be paused, continued and reset', async () => {
      const page = await open(60);
      await press(page, 'start');
      await expect.poll(() => value(page, 'groupcommit', 'saved'), { timeout: 10_000 }).toBeGreaterThan(0);
      await press(page, 'pause');
      await expect.poll(() => text(page, '#verdict'), { timeout: 10_000 }).toContain('Paused');
      const paused = [await value(page, 'groupcommit', 'saved'), await text(page, '#clock')];
      await new Promise((resolve) => setTimeout(resolve, 1500));
      expect([await value(page, 'groupcommit', 'saved'), await text(page, '#clock')]).toEqual(paused);

      await press(page, 'start');
      await expect
        .poll(() => value(page, 'groupcommit', 'saved'), { timeout: 10_000 })
        .toBeGreaterThan(paused[0] as number);
      await press(page, 'reset');
      await expect.poll(() => text(page, '#verdict'), { timeout: 10_000 }).toContain('Press Start');
      expect(await value(page, 'groupcommit', 'saved')).toBe(0);
      expect(await page.$eval('progress', (progress) => (progress as HTMLProgressElement).value)).toBe(0);
      expect(problems).toEqual([]);
    });

    test('Its controls work by keyboard', async () => {
      const page = await open(60);
      const focused = () =>
        page.evaluate(() => {
          const element = document.activeElement as HTMLElement;
          return element.id || element.closest<HTMLElement>('[data-setting]')?.dataset.setting;
        });
      const order: (string | undefined)[] = [];
      for (let i = 0; i < 7; i++) {
        await page.keyboard.press('Tab');
        order.push(await focused());
      }
      // Pause and Reset are disabled before the start.
      expect(order).toEqual(['start', 'writers', 'keys', 'window', 'size', 'locked', 'another']);

      await page.focus(`[data-setting='writers'] input`);
      await page.keyboard.press('ArrowRight');
      expect(await text(page, `[data-setting='writers'] output`)).toBe('200');
      await page.focus(`[data-setting='window'] input`);
      await page.keyboard.press('Home');
      expect(await text(page, `[data-setting='window'] output`)).toBe('0 ms');
      await page.focus('#locked');
      await page.keyboard.press(' ');
      expect(await page.$eval('#locked', (input) => (input as HTMLInputElement).checked)).toBe(false);
      await page.focus('#start');
      await page.keyboard.press('Enter');
      await status(page, 'running');
      await expect.poll(() => value(page, 'groupcommit', 'saved'), { timeout: 10_000 }).toBeGreaterThan(0);
      expect(problems).toEqual([]);
    });

    test('A second tab takes part: with the lock nothing is lost, without it something is', async () => {
      const first = await open(60);
      await press(first, 'start');
      const second = await open(60);
      await status(second, 'running');
      await expect.poll(() => text(second, '#tab-count')).toBe('2');
      await expect
        .poll(() => value(second, 'groupcommit', 'saved'), { timeout: 10_000 })
        .toBeGreaterThan(1000);
      await press(second, 'pause');
      await status(first, 'paused');
      await new Promise((resolve) => setTimeout(resolve, 3000));
      expect(await value(second, 'groupcommit', 'lost')).toBe(0);
      expect(await value(second, 'transaction', 'lost')).toBe(0);

      await second.click('#locked');
      await press(second, 'start');
      await expect.poll(() => value(second, 'groupcommit', 'lost'), { timeout: 20_000 }).toBeGreaterThan(0);
      expect(await first.$eval('#locked', (input) => (input as HTMLInputElement).checked)).toBe(false);
      expect(problems).toEqual([]);
    });
  });
}
