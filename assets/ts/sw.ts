/*
 * The service worker of the pages at the door (/in/…, /activities/…/door and /count): they open without network, as
 * they were when they were last seen. Pages come from the network first; files with a hash in their address are kept.
 * Pages are let go when the server's time for them is over (shelf.ts), and at once when it no longer shows them to this
 * visitor.
 */
import { base } from './base.ts';
import { send } from './queue.ts';
import { good, PAGES, tidy } from './shelf.ts';

interface WorkerEvent extends Event {
    waitUntil(promise: Promise<unknown>): void;
}
interface FetchingEvent extends WorkerEvent {
    request: Request;
    respondWith(answer: Promise<Response>): void;
}
interface Worker {
    skipWaiting(): Promise<void>;
    clients: { claim(): Promise<void> };
    addEventListener(type: string, listener: (event: never) => void): void;
}
declare const self: Worker & typeof globalThis;

const FILES = `linli-files${base}`;
const ours = (path: string): boolean => path.startsWith(base) && /^\/(in\/\d+|activities\/\d+\/(door|count))$/.test(path.slice(base.length));
const named = (url: URL): string => url.origin + url.pathname;

async function page(request: Request): Promise<Response> {
    const store = await caches.open(PAGES);
    const name = named(new URL(request.url));
    const late = new AbortController();
    const timer = setTimeout(() => late.abort(), 5000);
    try {
        const answer = await fetch(request, { signal: late.signal });
        if (answer.ok && !answer.redirected && answer.type === 'basic' && good(answer))
            await store.put(name, answer.clone());
        else if (answer.type === 'opaqueredirect' || answer.status === 401 || answer.status === 403 || answer.status === 404)
            await store.delete(name);
        return answer;
    } catch (error) {
        const known = await store.match(name);
        if (!known || !good(known))
            throw error;
        return known;
    } finally {
        clearTimeout(timer);
    }
}

async function file(request: Request): Promise<Response> {
    const known = await (await caches.open(FILES)).match(request.url);
    return known ?? fetch(request);
}

/* The newest of each file, and no page past its time. */
async function take(urls: string[]): Promise<void> {
    const files = await caches.open(FILES);
    const pages = await caches.open(PAGES);
    for (const url of urls) {
        if (ours(new URL(url).pathname)) {
            const answer = await fetch(url, { credentials: 'same-origin' }).catch(() => null);
            if (answer?.ok && !answer.redirected && good(answer))
                await pages.put(named(new URL(url)), answer);
        } else if (!(await files.match(url))) {
            const answer = await fetch(url).catch(() => null);
            if (!answer?.ok)
                continue;
            for (const old of await files.keys())
                if (named(new URL(old.url)) === named(new URL(url)))
                    await files.delete(old);
            await files.put(url, answer);
        }
    }
    await tidy();
}

self.addEventListener('install', (event: WorkerEvent) => event.waitUntil(self.skipWaiting()));
self.addEventListener('activate', (event: WorkerEvent) => event.waitUntil(Promise.all([self.clients.claim(), tidy()])));
self.addEventListener('message', (event: WorkerEvent & MessageEvent) => event.waitUntil(take(event.data as string[])));
self.addEventListener('sync', (event: WorkerEvent) => event.waitUntil(send('zh_CN')));
self.addEventListener('fetch', (event: FetchingEvent) => {
    const url = new URL(event.request.url);
    if (event.request.method !== 'GET' || url.origin !== location.origin)
        return;
    if (event.request.mode === 'navigate' && ours(url.pathname))
        event.respondWith(page(event.request));
    else if (url.pathname.startsWith(`${base}/assets/`))
        event.respondWith(file(event.request));
});
