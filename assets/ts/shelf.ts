/*
 * The pages that the service worker keeps for the door, and until when: the server says it in "Linli-Keep" (seconds
 * since 1970). Past it they are gone at the next page of any kind, and all of them when somebody signs out.
 */
import { base } from './base.ts';

export const PAGES = `linli-pages${base}`;

export const good = (page: Response | undefined): boolean =>
    Number(page?.headers.get('Linli-Keep') ?? 0) * 1000 > Date.now();

export async function tidy(): Promise<void> {
    if (!(await caches.has(PAGES)))
        return;
    const pages = await caches.open(PAGES);
    for (const request of await pages.keys())
        if (!good(await pages.match(request)))
            await pages.delete(request);
}

export function startShelf(): void {
    if (!('caches' in globalThis))
        return;
    void tidy().catch(() => undefined);
    document.addEventListener('submit', (event) => {
        if ([`${base}/logout`, `${base}/card/away`].includes(new URL((event.target as HTMLFormElement).action).pathname))
            void caches.delete(PAGES).catch(() => undefined);
    });
}
