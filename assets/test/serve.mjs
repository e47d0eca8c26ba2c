/*
 * Serves the built assets and the sample pages as the program would: with its content security policy.
 *     node test/serve.mjs [PORT]     then http://127.0.0.1:8610/home
 * ?elder=1 adds the elder view. The map has outlines of two made-up areas, the list a live stream.
 */
import { createServer } from 'node:http';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
const assets = process.env.LINLI_ASSETS ?? join(here, '../../build/assets');
const sample = (name) => readFileSync(join(here, `../sample/${name}.html`), 'utf8');
const types = { css: 'text/css', js: 'text/javascript', svg: 'image/svg+xml', webmanifest: 'application/manifest+json' };
export const CSP = "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; object-src 'none'; "
    + "base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

const square = (name, lon, lat) => ({
    type: 'Feature',
    properties: { name },
    geometry: { type: 'Polygon', coordinates: [[[lon, lat], [lon + 0.01, lat], [lon + 0.012, lat + 0.009], [lon, lat + 0.01], [lon, lat]]] },
});
const areas = { type: 'FeatureCollection', features: [square('星湖社区', 112.47, 23.05), square('东门社区', 112.482, 23.05)] };

export function draw(name, elder, sent) {
    const text = sample(name);
    const [, title, lang, kind] = /<!-- (.*) \| (.*) \| (.*) -->/.exec(text);
    return sample('frame')
        .replace('NAV', () => sample(`nav-${kind}`))
        .replace('MAIN', () => text)
        .replace('TITLE', title)
        .replace('LANG', lang)
        .replace('"CLASS"', `"${kind}${elder ? ' elder' : ''}"${sent ? ` data-sent="${sent}"` : ''}`)
        .replace(/ICON\(([a-z0-9-]+)\)/g, '<svg class="icon" aria-hidden="true"><use href="/assets/icons.svg#i-$1"/></svg>');
}

/* streams: the open live streams, so that a test can speak on them. */
export function start(port) {
    const streams = new Set();
    const server = createServer((request, answer) => {
        const url = new URL(request.url, 'http://127.0.0.1');
        const send = (code, type, body) => {
            answer.writeHead(code, { 'Content-Type': `${type}; charset=utf-8`, 'Content-Security-Policy': CSP });
            answer.end(body);
        };
        const name = url.pathname.slice(1) || 'home';
        if (name.startsWith('assets/')) {
            const file = join(assets, name.slice(7));
            return existsSync(file) ? send(200, types[name.split('.').pop()], readFileSync(file)) : send(404, 'text/plain', '');
        }
        if (name === 'map/areas.json')
            return send(200, 'application/geo+json', JSON.stringify(areas));
        if (name === 'ask/similar') {
            let typed = '';
            request.on('data', (part) => (typed += part));
            return request.on('end', () => send(200, 'text/html', `<h2>已经有人说过类似的事</h2><ul><li><b>${new URLSearchParams(typed).get('text')?.replace(/</g, '&lt;')}</b> <button name="join" value="5">我也遇到了</button></li></ul>`));
        }
        if (name === 'live') {
            answer.writeHead(200, { 'Content-Type': 'text/event-stream', 'Content-Security-Policy': CSP });
            answer.write(': here\n\n');
            streams.add(answer);
            return answer.on('close', () => streams.delete(answer));
        }
        if (!/^[a-z-]+$/.test(name) || !existsSync(join(here, `../sample/${name}.html`)))
            return send(404, 'text/plain', '');
        if (request.headers['x-fragment'])
            return send(200, 'text/html', server.fragment ?? draw(name));
        return send(200, 'text/html', draw(name, url.searchParams.get('elder'), url.searchParams.get('sent')));
    });
    server.streams = streams;
    return new Promise((ready) => server.listen(port, '127.0.0.1', () => ready(server)));
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
    const server = await start(Number(process.argv[2] ?? 8610));
    console.log(`http://127.0.0.1:${server.address().port}/home`);
}
