/* Every icon that a pack's categories or a page's C source names is in the sprite; what residents load is small. */
import assert from 'node:assert/strict';
import { existsSync, readFileSync, readdirSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { test } from 'node:test';

const root = join(dirname(fileURLToPath(import.meta.url)), '../..');
const names = new Set(['linli', ...readFileSync(join(root, 'assets/icons.txt'), 'utf8').split('\n').filter((line) => line && line[0] !== '#')]);
const files = (folder) => existsSync(join(root, folder))
    ? readdirSync(join(root, folder), { recursive: true }).map((file) => join(root, folder, file)) : [];

test('icons of the packs', () => {
    for (const file of files('pack').filter((each) => each.endsWith('categories.csv'))) {
        const [head, ...rows] = readFileSync(file, 'utf8').replace(/"([^"]*)"/g, (_, inside) => inside.replace(/,/g, ';')).trim().split('\n');
        const column = head.split(',').indexOf('icon');
        assert.deepEqual(rows.map((row) => row.split(',')[column]).filter((icon) => icon && !names.has(icon)), [], file);
    }
});

test('icons of the pages', () => {
    for (const file of files('src').filter((each) => each.endsWith('.c')))
        for (const [, icon] of readFileSync(file, 'utf8').matchAll(/\bicon\(ctx, "([^"]+)"\)|#i-([a-z0-9-]+)/g))
            if (icon)
                assert.ok(names.has(icon), `${icon} in ${file}`);
});

const size = (name) => statSync(join(process.env.LINLI_ASSETS ?? join(root, 'build/assets'), `${name}.gz`)).size;

test('what a resident loads is small', () => {
    assert.ok(size('linli.css') < 12 << 10, `style sheet ${size('linli.css')}`);
    assert.ok(size('linli.js') < 8 << 10, `script ${size('linli.js')}`);
    assert.ok(size('linli.css') + size('linli.js') + size('icons.svg') < 40 << 10, 'leaves 20 KB for the page itself');
});
