/*
 * Builds everything that is served from /assets/ into one directory:
 *
 *     npm run build [-- DIR]        DIR, or $LINLI_ASSETS, or ../build/assets
 *
 * linli.css linli.js       every page; staff.css: those of staff, too
 * charts.js                pages with a [data-chart] table, loaded by linli.js
 * marks.js scan.js door.js   pages at the door; sw.js is their service worker
 * map.js map.css map-worker.js   when a reader opens a map, loaded by linli.js
 * icons.svg                the sprite: <use href="/assets/icons.svg?v=HASH#i-NAME">
 * icons.txt                the names in it, one a line
 * favicon.svg manifest.webmanifest
 *
 * Beside each stands NAME.gz and NAME.br, ready to be sent as they are. The parts that linli.js loads later
 * are addressed with the hash of their own content, so linli.js changes whenever one of them does.
 */
import { build } from 'esbuild';
import { createHash } from 'node:crypto';
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';

const here = dirname(fileURLToPath(import.meta.url));
const out = resolve(process.argv[2] ?? process.env.LINLI_ASSETS ?? join(here, '../build/assets'));
const names = [];

async function bundle(name, source, options = {}) {
    await build({
        absWorkingDir: here,
        entryPoints: [source],
        outfile: join(out, name),
        bundle: true,
        minify: true,
        format: 'esm',
        target: ['es2020', 'chrome80', 'safari14', 'firefox90'],
        supported: { destructuring: true },
        legalComments: 'none',
        logLevel: 'warning',
        ...options,
    });
    names.push(name);
}

function put(name, text) {
    writeFileSync(join(out, name), text);
    names.push(name);
}

const address = (name) =>
    `./${name}?v=${createHash('sha256').update(readFileSync(join(out, name))).digest('hex').slice(0, 12)}`;

/* One <symbol> per icon, without the invisible square that Tabler draws first. */
function sprite() {
    const wanted = readFileSync(join(here, 'icons.txt'), 'utf8').split('\n').filter((l) => l && l[0] !== '#');
    const symbols = wanted.map((name) => {
        const svg = readFileSync(join(here, `node_modules/@tabler/icons/icons/outline/${name}.svg`), 'utf8');
        const inner = svg
            .replace(/<!--[\s\S]*?-->/g, '')
            .replace(/^[\s\S]*?<svg[\s\S]*?>/, '')
            .replace(/<\/svg>\s*$/, '')
            .replace(/<path stroke="none"[^>]*\/>/, '')
            .replace(/\s+\/>/g, '/>')
            .replace(/>\s+</g, '><')
            .trim();
        return `<symbol id="i-${name}" viewBox="0 0 24 24">${inner}</symbol>`;
    });
    const own = readFileSync(join(here, 'static/mark.svg'), 'utf8').trim();
    put('icons.txt', [...wanted, 'linli'].join('\n') + '\n');
    put('icons.svg', `<svg xmlns="http://www.w3.org/2000/svg">${symbols.join('')}${own}</svg>\n`);
}

mkdirSync(out, { recursive: true });

await Promise.all([
    bundle('linli.css', 'css/linli.css'),
    bundle('staff.css', 'css/staff.css'),
    bundle('charts.js', 'ts/charts.ts'),
    bundle('map-worker.js', 'node_modules/maplibre-gl/dist/maplibre-gl-worker.mjs'),
    bundle('map.css', 'css/map.css'),
]);
await bundle('map.js', 'ts/map.ts', { define: { MAP_WORKER: JSON.stringify(address('map-worker.js')) } });
await Promise.all([
    bundle('scan.js', 'ts/scan.ts'),
    bundle('door.js', 'ts/door.ts'),
    bundle('sw.js', 'ts/sw.ts', { format: 'iife' }),
]);
await bundle('marks.js', 'ts/marks.ts', {
    define: { SCAN_JS: JSON.stringify(address('scan.js')), DOOR_JS: JSON.stringify(address('door.js')), SW_JS: JSON.stringify('./sw.js') },
});
await bundle('linli.js', 'ts/linli.ts', {
    define: {
        MARKS_JS: JSON.stringify(address('marks.js')),
        CHARTS_JS: JSON.stringify(address('charts.js')),
        MAP_JS: JSON.stringify(address('map.js')),
        MAP_CSS: JSON.stringify(address('map.css')),
    },
});
sprite();
for (const name of ['favicon.svg', 'manifest.webmanifest']) {
    copyFileSync(join(here, 'static', name), join(out, name));
    names.push(name);
}

for (const name of names.sort()) {
    const data = readFileSync(join(out, name));
    const gz = gzipSync(data, { level: 9 });
    const br = brotliCompressSync(data, { params: { [constants.BROTLI_PARAM_QUALITY]: 9 } });
    writeFileSync(join(out, `${name}.gz`), gz);
    writeFileSync(join(out, `${name}.br`), br);
    console.log(`${name.padEnd(22)} ${String(data.length).padStart(8)} ${String(gz.length).padStart(7)} gz ${String(br.length).padStart(7)} br`);
}
