/*
 * What is typed into a form[data-keep] stays in this tab until the server says that it has arrived
 * (<html data-sent="ID">), so that an error, an expired session or a closed lid loses nothing. The tab's own
 * storage is used and not the browser's: at the community's desk the next person must not meet the last one's name.
 * With data-keep-asks (a form for one caller after another) the draft is offered and fills nothing by itself; what is typed
 * for the next caller takes its place.
 * Never kept: passwords, files, hidden fields (tokens), except those of a map point.
 */
import { base } from './base.ts';
import { action, all, element, one, word } from './page.ts';

export type Draft = Record<string, string[]>;

const key = (id: string): string => `keep${base}:${id}`;

type Field = HTMLInputElement | HTMLSelectElement | HTMLTextAreaElement;

function kept(field: Element): field is Field {
    if (field instanceof HTMLSelectElement || field instanceof HTMLTextAreaElement)
        return field.name !== '';
    if (!(field instanceof HTMLInputElement) || field.name === '')
        return false;
    if (field.type === 'hidden')
        return field.closest('[data-map-point]') !== null;
    return !['password', 'file', 'submit', 'button', 'image', 'reset'].includes(field.type)
        && field.autocomplete !== 'one-time-code';
}

const choice = (field: Field): field is HTMLInputElement =>
    field instanceof HTMLInputElement && (field.type === 'radio' || field.type === 'checkbox');

export function read(form: HTMLFormElement): Draft {
    const draft: Draft = {};
    for (const field of form.elements) {
        if (!kept(field))
            continue;
        const values = (draft[field.name] ??= []);
        if (choice(field)) {
            if (field.checked)
                values.push(field.value);
        } else if (field instanceof HTMLSelectElement) {
            values.push(...[...field.selectedOptions].map((option) => option.value));
        } else {
            values.push(field.value);
        }
    }
    return draft;
}

/* What the server has drawn again (after an error, or with data-drawn) is newer than the draft: then only empty fields are filled. */
export function write(form: HTMLFormElement, draft: Draft, onlyEmpty: boolean): boolean {
    const now = read(form);
    const place: Record<string, number> = {};
    let changed = false;
    for (const field of form.elements) {
        if (!kept(field) || !draft[field.name])
            continue;
        const values = draft[field.name]!;
        if (onlyEmpty && (now[field.name] ?? []).some((value) => value !== ''))
            continue;
        if (choice(field)) {
            const checked = values.includes(field.value);
            changed ||= checked !== field.checked;
            field.checked = checked;
        } else if (field instanceof HTMLSelectElement) {
            for (const option of field.options) {
                const selected = values.includes(option.value);
                changed ||= selected !== option.selected;
                option.selected = selected;
            }
        } else {
            const value = values[(place[field.name] = (place[field.name] ?? -1) + 1)];
            if (value === undefined)
                continue;
            changed ||= value !== field.value;
            field.value = value;
        }
    }
    return changed;
}

const same = (a: Draft, b: Draft): boolean => JSON.stringify(a) === JSON.stringify(b);

function load(id: string): Draft | null {
    try {
        return JSON.parse(sessionStorage.getItem(key(id)) ?? 'null') as Draft | null;
    } catch {
        return null;
    }
}

function offer(form: HTMLFormElement, id: string, draft: Draft): void {
    const notice = element('div', 'notice info');
    notice.setAttribute('role', 'status');
    const inner = element('div', '', word('unsaved'));
    inner.append(action(word('resume'), '', () => {
        notice.remove();
        write(form, draft, false);
        form.dispatchEvent(new Event('restored'));
    }), action(word('discard-draft'), 'quiet', () => {
        sessionStorage.removeItem(key(id));
        notice.remove();
    }));
    notice.append(inner);
    form.prepend(notice);
    form.addEventListener('input', () => notice.remove(), { once: true });
}

function watch(form: HTMLFormElement, id: string): void {
    const drawn = read(form);
    const draft = load(id);
    const newer = one('.problems') !== null || form.dataset['drawn'] !== undefined;
    const asks = form.dataset['keepAsks'] !== undefined && !newer;
    if (draft && asks && !same(draft, drawn)) {
        offer(form, id, draft);
    } else if (draft && write(form, draft, newer)) {
        form.dispatchEvent(new Event('restored'));
        const text = word('kept');
        if (text) {
            const notice = element('div', 'notice info');
            notice.setAttribute('role', 'status');
            const inner = element('div', '', text);
            inner.append(action(word('discard'), 'quiet', () => {
                sessionStorage.removeItem(key(id));
                write(form, drawn, false);
                form.dispatchEvent(new Event('restored'));
                notice.remove();
            }));
            notice.append(inner);
            form.prepend(notice);
        }
    }
    const save = (): void => {
        try {
            const typed = read(form);
            if (same(typed, drawn) && !newer)
                sessionStorage.removeItem(key(id));
            else
                sessionStorage.setItem(key(id), JSON.stringify(typed));
        } catch {
            /* Storage is full or forbidden: the form works as it would without a script. */
        }
    };
    form.addEventListener('input', save);
    form.addEventListener('change', save);
    form.addEventListener('submit', save);
}

export function startKeep(): void {
    const sent = document.documentElement.dataset['sent'];
    if (sent)
        sessionStorage.removeItem(key(sent));
    for (const form of all<HTMLFormElement>('form[data-keep]'))
        watch(form, form.dataset['keep']!);
    for (const out of all<HTMLFormElement>('form[action$="/logout"]')) /* the next person at this tab meets nothing */
        out.addEventListener('submit', () => Object.keys(sessionStorage).filter((name) => name.startsWith(key(''))).forEach((name) => sessionStorage.removeItem(name)));
}
