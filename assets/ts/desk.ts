/*
 * The desk's pages: a template or an earlier reply put into the text where the cursor is, what was shown for a
 * short time hidden again, and the helps of the intake form fetched while it is filled in.
 */
import { all, one } from './page.ts';

function startInsert(): void {
    for (const link of all<HTMLAnchorElement>('a[data-insert]'))
        link.addEventListener('click', (event) => {
            const field = document.getElementById(link.dataset['insert']!) as HTMLTextAreaElement | null;
            if (!field || event.ctrlKey || event.metaKey)
                return; /* the address does the same on a page of its own */
            event.preventDefault();
            field.setRangeText(link.dataset['text'] ?? '', field.selectionStart, field.selectionEnd, 'end');
            field.dispatchEvent(new Event('input', { bubbles: true }));
            field.focus();
        });
}

function startHide(): void {
    for (const holder of all('[data-hide-after]'))
        setTimeout(() => {
            all('[data-hide]').forEach((place) => place.replaceChildren('***'));
            holder.remove();
        }, Number(holder.dataset['hideAfter']) * 1000);
}

/* The form is sent as it stands, by POST: what is typed must not stand in an address. */
function startHelps(form: HTMLFormElement): void {
    const box = one('#helps');
    let timer = 0;
    let last = '';
    let running: AbortController | null = null;
    const look = async (): Promise<void> => {
        const typed = new FormData(form);
        const asked = ['requester_phone', 'requester_name', 'subject', 'text', 'area', 'category', 'caller'].map((name) => String(typed.get(name) ?? ''));
        if (!box || asked.join('\n') === last)
            return;
        last = asked.join('\n');
        running?.abort();
        running = new AbortController();
        try {
            const body = new URLSearchParams();
            for (const [name, value] of typed)
                if (typeof value === 'string')
                    body.append(name, value);
            const answer = await fetch(form.dataset['helps']!, { method: 'POST', body, headers: { 'X-Fragment': 'helps' }, credentials: 'same-origin', signal: running.signal });
            if (answer.ok && !answer.redirected)
                box.innerHTML = await answer.text();
        } catch {
            /* No network, or a newer question: the button does the same. */
        }
    };
    const soon = (): void => {
        clearTimeout(timer);
        timer = window.setTimeout(() => void look(), 400);
    };
    form.addEventListener('input', soon);
    form.addEventListener('restored', soon);
}

export function startDesk(): void {
    startInsert();
    startHide();
    all<HTMLFormElement>('form[data-helps]').forEach(startHelps);
}
