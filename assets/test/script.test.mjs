/* What a reader notices of linli.js, in Chromium, on the sample pages. */
import assert from 'node:assert/strict';
import { after, before, beforeEach, afterEach, test } from 'node:test';
import { chromium } from 'playwright-core';
import { start } from './serve.mjs';

let server, browser, page, at, complaints;

before(async () => {
    server = await start(0);
    browser = await chromium.launch({
        executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
        args: ['--use-gl=angle', '--use-angle=swiftshader', '--enable-unsafe-swiftshader'],
    });
    at = (path) => `http://127.0.0.1:${server.address().port}/${path}`;
});
after(async () => {
    await browser.close();
    server.closeAllConnections();
    server.close();
});
beforeEach(async () => {
    server.fragment = undefined;
    complaints = [];
    page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
    page.on('console', (message) => message.type() === 'error' && complaints.push(message.text()));
    page.on('pageerror', (error) => complaints.push(String(error)));
});
afterEach(async () => {
    await page.close();
});

test('what was typed comes back, can be thrown away, and goes when it has arrived', async () => {
    await page.goto(at('states'));
    await page.fill('#a', '李秋梅');
    await page.selectOption('#b', '排水设施维护所');
    await page.check('[name=d]');
    await page.goto(at('states'));
    assert.equal(await page.inputValue('#a'), '李秋梅');
    assert.equal(await page.inputValue('#b'), '排水设施维护所');
    assert.ok(await page.isChecked('[name=d]'));
    assert.ok(await page.getByText('您上次填的内容还在。').isVisible());

    await page.getByRole('button', { name: '清空重填' }).click();
    assert.equal(await page.inputValue('#a'), '');
    assert.ok(!await page.isChecked('[name=d]'));
    await page.goto(at('states'));
    assert.equal(await page.inputValue('#a'), '');

    await page.fill('#a', '李秋梅');
    await page.goto(at('receipt?sent=sample'));
    await page.goto(at('states'));
    assert.equal(await page.inputValue('#a'), '');
    assert.deepEqual(complaints, []);
});

test('a password is never kept', async () => {
    await page.goto(at('states'));
    await page.evaluate(() => {
        const field = document.createElement('input');
        field.type = 'password';
        field.name = 'secret';
        document.querySelector('[data-keep]').append(field);
    });
    await page.fill('[name=secret]', 'correct horse');
    await page.fill('#a', '李');
    assert.ok(!(await page.evaluate(() => JSON.stringify({ ...sessionStorage, ...localStorage }))).includes('horse'));
});

test('after an error what the server drew stays, and only what it lost is filled in', async () => {
    await page.goto(at('ask'));
    await page.fill('#f-name', '黄阿婆');
    await page.fill('#f-phone', '13800002001');
    await page.goto(at('ask'));
    assert.equal(await page.inputValue('#f-name'), '黄阿婆');
    assert.equal(await page.inputValue('#f-phone'), '1380000200');
    assert.ok(await page.evaluate(() => document.activeElement.classList.contains('problems')));
});

test('similar requests appear while typing, as text', async () => {
    await page.goto(at('ask'));
    await page.fill('#f-text', '楼道灯<b>不亮');
    await page.waitForSelector('#similar li');
    assert.match(await page.textContent('#similar'), /楼道灯<b>不亮/);
    assert.deepEqual(complaints, []);
});

test('photographs are shown, made smaller, at most three, and can be taken out', async () => {
    await page.goto(at('ask'));
    const big = await page.evaluate(() => {
        const canvas = document.createElement('canvas');
        canvas.width = 2400;
        canvas.height = 1200;
        const brush = canvas.getContext('2d');
        for (let x = 0; x < 2400; x += 8) {
            brush.fillStyle = `hsl(${x % 360} 60% 50%)`;
            brush.fillRect(x, 0, 8, 1200);
        }
        return canvas.toDataURL('image/png').split(',')[1];
    });
    const photo = (name) => ({ name, mimeType: 'image/png', buffer: Buffer.from(big, 'base64') });
    const sizes = () => page.evaluate(async () => Promise.all([...document.querySelector('#f-photos').files].map(async (file) => {
        const picture = await createImageBitmap(file);
        return `${file.name} ${file.type} ${picture.width}x${picture.height}`;
    })));
    await page.setInputFiles('#f-photos', [photo('a.png')]);
    await page.waitForFunction(() => document.querySelector('#f-photos').files[0]?.type === 'image/jpeg');
    assert.deepEqual(await sizes(), ['a.jpg image/jpeg 1600x800']);

    const broken = { name: 'b.png', mimeType: 'image/png', buffer: Buffer.from('not a picture') };
    await page.setInputFiles('#f-photos', [broken, photo('c.png'), photo('d.png')]);
    await page.waitForFunction(() => [...document.querySelector('#f-photos').files].map((file) => file.name).join() === 'a.jpg,b.png,c.jpg');
    assert.ok(await page.getByText('最多三张照片', { exact: true }).isVisible());

    await page.getByRole('button', { name: '移除 b.png' }).click();
    assert.deepEqual(await sizes(), ['a.jpg image/jpeg 1600x800', 'c.jpg image/jpeg 1600x800']);
    assert.deepEqual(complaints, []);
});

test('a point is chosen on the map, by keyboard too, and taken back', async () => {
    await page.goto(at('ask'));
    await page.getByRole('button', { name: '在地图上标出位置' }).click();
    await page.waitForSelector('.map .pin', { timeout: 60000 });
    await page.locator('.map canvas').focus();
    await page.keyboard.press('ArrowRight');
    await page.waitForFunction(() => document.querySelector('[name=lat]').value !== '');
    const lon = Number(await page.inputValue('[name=lon]'));
    assert.ok(lon > 112.47 && lon < 112.6, `longitude ${lon}`);
    assert.ok(await page.getByText('已标好位置').isVisible());
    await page.getByRole('button', { name: '不标位置' }).click();
    assert.equal(await page.inputValue('[name=lat]'), '');
    /* No style.json here: the browser reports that one 404 itself. */
    assert.deepEqual(complaints.filter((each) => !each.includes('404')), []);
});

test('keys move, tick, search, show themselves, go, and can be switched off', async () => {
    await page.goto(at('list'));
    await page.keyboard.press('j');
    await page.keyboard.press('j');
    assert.equal(await page.evaluate(() => document.activeElement.getAttribute('href')), '/requests/416');
    await page.keyboard.press('k');
    await page.keyboard.press('x');
    assert.ok(await page.isChecked('[name=id][value="417"]'));
    await page.keyboard.press('/');
    await page.keyboard.type('jk?');
    assert.equal(await page.inputValue('#q'), 'jk?');
    await page.locator('h1').click();
    await page.keyboard.press('?');
    assert.ok(await page.getByRole('heading', { name: '快捷键' }).isVisible());
    await page.check('[data-keys-off]');
    await page.keyboard.press('Escape');
    await page.keyboard.press('?');
    assert.ok(!await page.getByRole('heading', { name: '快捷键' }).isVisible());
    await page.evaluate(() => localStorage.clear());
    await page.keyboard.press('g');
    await page.keyboard.press('d');
    await page.waitForURL(/dashboard/);
});

test('ticking shows the bar with the number, all at once too', async () => {
    await page.goto(at('list'));
    assert.ok(!await page.isVisible('.bulkbar'));
    await page.check('[name=id][value="416"]');
    assert.equal(await page.textContent('[data-picked]'), '1');
    await page.check('[data-all]');
    assert.equal(await page.textContent('[data-picked]'), '12');
    await page.uncheck('[data-all]');
    assert.ok(!await page.isVisible('.bulkbar'));
});

test('the list follows what happens; ticks and focus stay', async () => {
    await page.goto(at('list'));
    await page.waitForSelector('.live.on');
    assert.equal(await page.textContent('.live'), '实时更新中');
    await page.check('[name=id][value="415"]');
    await page.locator('a[href="/requests/415"]').focus();
    server.fragment = '<div id="list"><table class="list"><tbody>'
        + [999, 415].map((id) => `<tr><td class="pick"><label><input type="checkbox" name="id" value="${id}" aria-label="选"></label></td><td class="main"><a href="/requests/${id}">新的 ${id}</a></td></tr>`).join('')
        + '</tbody></table></div>';
    server.streams.forEach((stream) => stream.write('data: 1\n\n'));
    await page.waitForSelector('a[href="/requests/999"]');
    assert.ok(await page.isChecked('[name=id][value="415"]'));
    assert.equal(await page.evaluate(() => document.activeElement.getAttribute('href')), '/requests/415');
    assert.equal(await page.textContent('[data-picked]'), '1');
    assert.equal(await page.locator('#list #list').count(), 0);

    server.streams.forEach((stream) => stream.destroy());
    await page.waitForFunction(() => document.querySelector('.live').textContent === '连接断开，正在重连');
    await page.waitForSelector('.live.on');
});

test('a button that changes much asks first', async () => {
    await page.goto(at('record'));
    await page.evaluate(() => {
        window.sent = [];
        document.addEventListener('submit', (event) => {
            window.sent.push(event.submitter.value);
            event.preventDefault();
        });
    });
    await page.getByRole('button', { name: '并入另一件' }).click();
    await page.getByRole('dialog').getByRole('button', { name: '返回' }).click();
    assert.equal(await page.getByRole('dialog').count(), 0);
    assert.ok(await page.getByRole('button', { name: '并入另一件' }).evaluate((button) => button === document.activeElement));
    await page.getByRole('button', { name: '并入另一件' }).click();
    assert.deepEqual(await page.evaluate(() => window.sent), []);
    await page.getByRole('dialog').getByRole('button', { name: '并入另一件' }).click();
    assert.deepEqual(await page.evaluate(() => window.sent), ['merge']);
    assert.equal(await page.getByRole('dialog').count(), 0);
});

test('a chart draws the table below it, and a bar opens the link of its cell', async () => {
    await page.goto(at('dashboard'));
    await page.waitForSelector('.plot svg');
    const first = page.locator('.plot').first();
    assert.equal(await first.getAttribute('aria-label'), '哪个社区在办的诉求最多？');
    assert.match(await first.textContent(), /星湖社区.*64/s);
    const box = await first.boundingBox();
    const asked = page.waitForRequest(/requests\?area=0/);
    await page.mouse.click(box.x + 140, box.y + 30);
    await asked;
    assert.deepEqual(complaints.filter((each) => !each.includes('404')), []);
});

test('without a script the pages still do their work', async () => {
    const plain = await browser.newPage({ javaScriptEnabled: false });
    await plain.goto(at('list'));
    assert.ok(await plain.isVisible('.bulkbar'));
    await plain.goto(at('ask'));
    assert.ok(!await plain.isVisible('[data-map-open]'));
    assert.ok(await plain.isVisible('#f-photos'));
    await plain.goto(at('receipt'));
    assert.ok(!await plain.isVisible('[data-print]'));
    await plain.close();
});
