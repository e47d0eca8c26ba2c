/*
 * Pictures of every sample page, for looking at: node test/shots.mjs DIR [PAGE…]
 * Widths 360, 900 and 1280, light and dark, elder view on a phone.
 */
import { mkdirSync } from 'node:fs';
import { chromium } from 'playwright-core';
import { start } from './serve.mjs';
import { pages } from './pages.mjs';

const [dir = '../build/shots', ...wanted] = process.argv.slice(2);
mkdirSync(dir, { recursive: true });
const server = await start(0);
const browser = await chromium.launch({ executablePath: '/usr/bin/chromium' });
for (const name of wanted.length ? wanted : pages)
    for (const [label, width, colorScheme, elder] of [['phone', 360, 'light', ''], ['phone-dark', 360, 'dark', ''], ['elder', 360, 'light', '1'], ['tablet', 900, 'light', ''], ['desk', 1280, 'light', ''], ['desk-dark', 1280, 'dark', '']]) {
        const page = await browser.newPage({ viewport: { width, height: 800 }, colorScheme });
        await page.goto(`http://127.0.0.1:${server.address().port}/${name}?elder=${elder}`);
        if (name === 'dashboard')
            await page.waitForSelector('.plot svg');
        await page.screenshot({ path: `${dir}/${name}-${label}.png`, fullPage: true });
        await page.close();
    }
await browser.close();
server.closeAllConnections();
server.close();
