/*
 * Every sample page, in Chromium, under the program's content security policy: no serious finding by axe-core, no
 * scrolling sideways on a phone, no violation of the policy, no target that a thumb would miss.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { after, before, test } from 'node:test';
import { chromium } from 'playwright-core';
import { pages } from './pages.mjs';
import { start } from './serve.mjs';

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const views = [
    { label: 'phone', width: 360, colorScheme: 'light', elder: '', target: 44 },
    { label: 'elder', width: 360, colorScheme: 'light', elder: '1', target: 60 },
    { label: 'tablet', width: 900, colorScheme: 'light', elder: '', target: 44 },
    { label: 'desk', width: 1280, colorScheme: 'light', elder: '', target: 44 },
    { label: 'dark', width: 1280, colorScheme: 'dark', elder: '', target: 44 },
];
let server, browser;

before(async () => {
    server = await start(0);
    browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium' });
});
after(async () => {
    await browser.close();
    server.closeAllConnections();
    server.close();
});

for (const name of pages)
    for (const view of views)
        test(`${name}, ${view.label}`, async () => {
            const context = await browser.newContext({
                viewport: { width: view.width, height: 800 }, colorScheme: view.colorScheme,
            });
            const page = await context.newPage();
            const complaints = [];
            page.on('console', (message) => message.type() === 'error' && complaints.push(message.text()));
            page.on('pageerror', (error) => complaints.push(String(error)));
            await page.goto(`http://127.0.0.1:${server.address().port}/${name}?elder=${view.elder}`);
            if (name === 'dashboard')
                await page.waitForFunction(() => document.querySelectorAll('.plot svg').length === document.querySelectorAll('[data-chart]').length);
            assert.deepEqual(complaints, []);

            const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
            assert.ok(wide <= 0, `the page is ${wide} px too wide`);

            const cut = await page.evaluate(() => [...document.querySelectorAll('.due, .state-col')]
                .filter((each) => each.offsetParent && each.clientWidth > 1 && each.scrollWidth > each.clientWidth).map((each) => each.textContent));
            assert.deepEqual(cut, [], 'a deadline or a state is cut');

            const small = await page.evaluate((target) => [...document.querySelectorAll('button, .button, select, textarea, .field input, .nav a, .filters a, .tabs a, .pager a, .ways a, .cards span, summary, .check')]
                .filter((each) => each.offsetParent && each.getBoundingClientRect().height < target - 0.5)
                .map((each) => `${each.outerHTML.slice(0, 80)} ${each.getBoundingClientRect().height}`), view.target);
            assert.deepEqual(small, []);

            /* axe is added from outside the page: the policy would not let a page do it. */
            const tools = await context.newCDPSession(page);
            await tools.send('Runtime.evaluate', { expression: axe });
            const { violations } = await page.evaluate(() => window.axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] }));
            assert.deepEqual(violations.filter((each) => ['serious', 'critical'].includes(each.impact))
                .map((each) => `${each.id}: ${each.nodes.map((node) => `${node.html.slice(0, 120)} ${node.any[0]?.message ?? ''}`).join(' | ')}`), []);
            await context.close();
        });
