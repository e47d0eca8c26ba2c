/*
 * Parts of a page that follow what happens: [data-live] names an event stream; when it speaks, the part is
 * fetched again (this page's address, header X-Fragment: its id) and put in place. What the reader has
 * ticked and where the focus is stay. A page that answers a form names the part's own address: [data-from]. The state is said in words in [data-live-state].
 */
import { all, fragment, one, word } from './page.ts';

/* Waits double from one second to one minute. */
export const pause = (failures: number): number => Math.min(60, 2 ** failures) * 1000;

const listChanged = new Event('list-changed', { bubbles: true });

async function refresh(part: HTMLElement): Promise<boolean> {
    const fresh = await fragment(part.dataset['from'] || location.href, part.id);
    if (!fresh)
        return false;
    const ticked = new Set(all<HTMLInputElement>('input:checked', part).map((box) => `${box.name}=${box.value}`));
    const focus = document.activeElement;
    const focused = focus instanceof HTMLElement && part.contains(focus)
        ? focus.id ? `#${CSS.escape(focus.id)}` : focus instanceof HTMLAnchorElement ? `a[href="${CSS.escape(focus.getAttribute('href') ?? '')}"]` : ''
        : '';
    const before = new Set(all<HTMLAnchorElement>('.main a', part).map((link) => link.href));
    part.replaceChildren(...fresh.childNodes);
    /* What changes with the part but stands elsewhere: <template data-into="ID">. */
    for (const more of all<HTMLTemplateElement>('template[data-into]', part)) {
        document.getElementById(more.dataset['into']!)?.replaceChildren(...more.content.childNodes);
        more.remove();
    }
    for (const box of all<HTMLInputElement>('input[type=checkbox]', part))
        box.checked = ticked.has(`${box.name}=${box.value}`);
    for (const link of all<HTMLAnchorElement>('.main a', part))
        if (!before.has(link.href))
            link.closest('tr')?.classList.add('moved');
    if (focused)
        one(focused, part)?.focus({ preventScroll: true });
    part.dispatchEvent(listChanged);
    return true;
}

function follow(part: HTMLElement): void {
    let failures = 0;
    let busy = false;
    let again = false;
    const say = (on: boolean): void => {
        for (const place of all('[data-live-state]')) {
            place.textContent = word(on ? 'live' : 'lost');
            place.classList.toggle('on', on);
        }
    };
    /* Many messages at once fetch the part once more, not many times. */
    const fetchPart = async (): Promise<void> => {
        if (busy) {
            again = true;
            return;
        }
        busy = true;
        try {
            do {
                again = false;
                await refresh(part);
            } while (again);
        } catch {
            say(false);
        } finally {
            busy = false;
        }
    };
    const connect = (): void => {
        const stream = new EventSource(part.dataset['live']!);
        stream.onopen = () => {
            say(true);
            if (failures > 0)
                void fetchPart(); /* what was said while nobody listened */
            failures = 0;
        };
        stream.onmessage = () => void fetchPart();
        stream.addEventListener('change', () => void fetchPart());
        stream.onerror = () => {
            stream.close();
            say(false);
            setTimeout(connect, pause(failures++));
        };
        addEventListener('pagehide', () => stream.close(), { once: true });
    };
    connect();
}

/* A part that moves by itself, such as a run's progress: while it holds [data-again="seconds"], it is fetched again. */
function repeat(part: HTMLElement): void {
    const mark = one('[data-again]', part);
    if (!mark)
        return;
    setTimeout(() => {
        refresh(part).catch(() => false).then(() => repeat(part));
    }, Math.max(1, Number(mark.dataset['again'])) * 1000);
}

export function startLive(): void {
    for (const mark of all('[data-again]')) {
        const part = mark.closest<HTMLElement>('[id]');
        if (part)
            repeat(part);
    }
    if (!('EventSource' in window))
        return;
    for (const part of all('[data-live]'))
        if (part.id)
            follow(part);
    /* A page that comes back from the browser's own memory is old. */
    addEventListener('pageshow', (event) => {
        if (event.persisted && one('[data-live]'))
            location.reload();
    });
}
