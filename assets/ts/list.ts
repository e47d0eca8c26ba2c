/*
 * The work list: keys (j k move, Enter opens, x ticks, / searches, ? shows them, g then a letter goes), the box
 * that ticks all, and the bar for what is ticked. The keys move the real focus, so a screen reader follows. They
 * can be switched off in the keys dialog (WCAG 2.1.4).
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
    for (const button of all('[data-keys-open]')) {
        button.hidden = false;
        button.addEventListener('click', () => dialog?.showModal());
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
        const own = all('[data-key]').find((each) => each.dataset['key'] === pressed && (each.offsetParent !== null || each.closest('.sub')));
        if (own)
            own.click();
        else if (pressed === 'j' || pressed === 'k')
            move(pressed === 'j' ? 1 : -1);
        else if (pressed === 'x')
            tick();
        else if (pressed === '/' && one('[data-search]'))
            one<HTMLInputElement>('[data-search]')!.select(), one('[data-search]')!.focus();
        else if (pressed === '?' && dialog)
            dialog.showModal();
        else
            return;
        event.preventDefault();
    });
}

function startBulk(form: HTMLFormElement): void {
    const boxes = (): HTMLInputElement[] => all<HTMLInputElement>('tbody .pick input', form);
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
    all<HTMLFormElement>('form.bulk').forEach(startBulk);
}
