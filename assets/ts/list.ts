/*
 * The work list: keys (j k move, Enter opens, d dispatches, x ticks, / searches, ? shows them, g then a letter goes), the box
 * that ticks all, and the bar for what is ticked. The keys move the real focus, so a screen reader follows. A page has more
 * of its own (data-key), as a request has d, r and n. They can be switched off in the keys dialog (WCAG 2.1.4).
 */
import { all, one } from './page.ts';

const rows = (): HTMLElement[] => all('.list tbody tr');
const link = (row: HTMLElement): HTMLElement | null => one('.main a', row) ?? one('a', row);

function move(step: number): void {
    const list = rows().filter((row) => link(row));
    const here = list.findIndex((row) => row.contains(document.activeElement));
    const next = list[here < 0 ? (step > 0 ? 0 : list.length - 1) : Math.min(list.length - 1, Math.max(0, here + step))];
    if (!next)
        return;
    link(next)!.focus();
    next.scrollIntoView({ block: 'nearest' });
}

function tick(): void {
    const box = one<HTMLInputElement>('.pick input', rows().find((row) => row.contains(document.activeElement)) ?? document.createElement('p'));
    box?.click();
}

const NEXT = 'linli-next-row';
const href = (row: HTMLElement | undefined): string => (row && link(row)?.getAttribute('href')) ?? '';

/* d: what dispatches the row of the cursor, its button or the link to the form. */
function sender(): HTMLElement | null {
    return one('.send', rows().find((row) => row.contains(document.activeElement)) ?? document.createElement('p'));
}

/* The cursor goes on to the row below, although the answer is the whole page again. */
function startNext(): void {
    const wanted = sessionStorage.getItem(NEXT);
    sessionStorage.removeItem(NEXT);
    const list = rows();
    const row = wanted === null ? undefined : list.find((each) => href(each) === wanted) ?? list[0];
    if (row && location.pathname === '/work') {
        link(row)?.focus();
        row.scrollIntoView({ block: 'nearest' });
    }
    document.addEventListener('click', (event) => {
        const act = (event.target as Element).closest<HTMLElement>('button.send');
        if (!act)
            return;
        const now = rows(), at = now.findIndex((each) => each.contains(act));
        sessionStorage.setItem(NEXT, href(now[at + 1] ?? now[at - 1]));
    });
}

/* The form of the next step, to go on by keys: its first field. */
function toForm(): void {
    const field = one<HTMLElement>('#step :is(select, textarea, input:not([type=hidden]))');
    field?.focus();
    field?.closest('section')?.scrollIntoView({ block: 'nearest' });
}

/* Which key is meant by what was pressed before it: "g" waits for one more. */
export function meaning(before: string, key: string): string {
    return before === 'g' ? `g ${key}` : key;
}

function startKeys(): void {
    const dialog = one<HTMLDialogElement>('dialog#keys');
    const off = one<HTMLInputElement>('[data-keys-off]');
    const wanted = (): boolean => localStorage.getItem('keys') !== 'off';
    if (off) {
        off.checked = !wanted();
        off.addEventListener('change', () => localStorage.setItem('keys', off.checked ? 'off' : 'on'));
    }
    /* The focus is on what closes it, not on the box that turns the keys off. */
    const open = (): void => {
        dialog?.showModal();
        if (dialog)
            one('form button', dialog)?.focus();
    };
    for (const button of all('[data-keys-open]')) {
        button.hidden = false;
        button.addEventListener('click', open);
    }
    let before = '';
    document.addEventListener('keydown', (event) => {
        const target = event.target as HTMLElement;
        if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || !wanted()
            || one('dialog[open]') || target.isContentEditable
            || target.matches('textarea, select, input:not([type=checkbox]):not([type=radio])'))
            return;
        const pressed = meaning(before, event.key);
        before = event.key === 'g' && before !== 'g' ? 'g' : '';
        const own = all('[data-key]').find((each) => each.dataset['key'] === pressed && (each.offsetParent !== null || each.closest('.sub, .next')));
        if (own?.getAttribute('aria-current') === 'true')
            toForm();
        else if (own)
            own.click();
        else if (pressed === 'j' || pressed === 'k')
            move(pressed === 'j' ? 1 : -1);
        else if (pressed === 'x')
            tick();
        else if (pressed === 'd' && sender())
            sender()!.click();
        else if (pressed === '/' && one('[data-search]'))
            one<HTMLInputElement>('[data-search]')!.select(), one('[data-search]')!.focus();
        else if (pressed === '?' && dialog)
            open();
        else
            return;
        event.preventDefault();
    });
    /* Ctrl+Enter sends the form that is being filled in, as its own button does. */
    document.addEventListener('keydown', (event) => {
        const field = event.target as HTMLElement;
        const form = event.key === 'Enter' && (event.ctrlKey || event.metaKey) && !event.isComposing
            ? field.closest<HTMLFormElement>('form[method="post"]') : null;
        const button = form && one<HTMLButtonElement>('.acts button.primary, .acts button.danger, .acts button:not([type=button])', form);
        if (button) {
            event.preventDefault();
            button.click();
        }
    });
}

function startBulk(form: HTMLFormElement): void {
    const boxes = (): HTMLInputElement[] => all<HTMLInputElement>('tbody .pick input, .notices .to input', form);
    const count = (): void => {
        const picked = boxes().filter((box) => box.checked).length;
        form.classList.toggle('picked', picked > 0);
        for (const place of all('[data-picked]', form))
            place.textContent = String(picked);
        const whole = one<HTMLInputElement>('[data-all]', form);
        if (whole) {
            whole.checked = picked > 0 && picked === boxes().length;
            whole.indeterminate = picked > 0 && picked < boxes().length;
        }
    };
    one<HTMLElement>('[data-all]', form)?.closest('[hidden]')?.removeAttribute('hidden');
    form.addEventListener('change', (event) => {
        const target = event.target as HTMLInputElement;
        if (target.matches('[data-all]'))
            boxes().forEach((box) => (box.checked = target.checked));
        count();
    });
    form.addEventListener('list-changed', count);
    count();
}

export function startList(): void {
    startKeys();
    startNext();
    if (location.hash === '#step') /* the browser goes there as well, and takes the focus from every field */
        addEventListener('load', () => setTimeout(toForm));
    all<HTMLFormElement>('form.bulk').forEach(startBulk);
}
