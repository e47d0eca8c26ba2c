/*
 * Finds people in the list at the entrance as one types: by part of the name, the beginning of its pinyin or initials,
 * the number, the end of the telephone number. The list is on the device, so this works without network; whom it does
 * not hold is asked of the server (the part #found of the page), which draws them as lines of the same form.
 */
import { all, element, fragment, one } from './page.ts';

const WAIT = 200; /* ms after the last key */
const MOST = 1500; /* ms that Enter waits for the server */

const plain = (text: string): string => text.normalize('NFKC').toLowerCase().replace(/\s+/g, '');

/* find: "name|fullpinyin initials|V0000123|5678" */
export function matches(find: string, typed: string): boolean {
    const [name = '', pinyin = '', number = '', end = ''] = find.split('|');
    const q = plain(typed);
    const digits = q.replace(/^v/, '');
    if (/^\d+$/.test(digits))
        return number.endsWith(digits) || number.replace(/^V0*/, '').startsWith(digits) || (q === digits && end.startsWith(q));
    return plain(name).includes(q) || pinyin.split(' ').some((part) => part.startsWith(q));
}

export interface Find {
    look(): void;
    clear(): void;
    found(): Promise<HTMLElement[]>; /* the lines shown for what is typed, the server's as well if it answers soon */
}

export function startFind(root: HTMLElement, input: HTMLInputElement, none: (typed: string) => string): Find {
    const place = one('[data-found]', root)!;
    const list = one('#here', root)!;
    let timer = 0;
    let asked: AbortController | undefined;
    let answered: Promise<void> = Promise.resolve();
    list.after(place); /* those of the list come first */
    const scanned = (): boolean => /[#:/]/.test(input.value);
    const lines = (where: HTMLElement): HTMLElement[] => all('[data-who]', where).filter((line) => !line.hidden);

    function draw(): void {
        const typed = scanned() ? '' : plain(input.value);
        root.classList.toggle('finding', typed !== '');
        for (const line of all('[data-who]', list))
            line.hidden = typed !== '' && !matches(line.dataset['find'] ?? '', typed);
        for (const group of all('.people', list))
            group.hidden = lines(group).length === 0;
        if (!typed)
            place.replaceChildren();
    }

    async function ask(): Promise<void> {
        const typed = input.value.trim();
        asked?.abort();
        asked = new AbortController();
        const fresh = await fragment(`${location.pathname}?q=${encodeURIComponent(typed)}`, 'found', asked.signal).catch(() => null);
        if (input.value.trim() !== typed)
            return;
        place.replaceChildren(...(fresh ? [...fresh.childNodes] : []));
        for (const line of all('[data-who]', place))
            line.hidden = one(`[data-who="${CSS.escape(line.dataset['who']!)}"]`, list) !== null;
        for (const group of all('.people', place))
            group.hidden = lines(group).length === 0;
        if (fresh && lines(list).length + lines(place).length === 0)
            place.append(element('p', 'soft', none(typed)));
    }

    function look(): void {
        draw();
        clearTimeout(timer);
        if (scanned() || !plain(input.value))
            return;
        answered = new Promise((done) => {
            timer = window.setTimeout(() => void ask().finally(done), WAIT);
        });
    }

    input.addEventListener('input', look);
    addEventListener('list-changed', draw); /* the list was drawn anew */
    if (input.value)
        look();
    return {
        look,
        clear(): void {
            clearTimeout(timer);
            asked?.abort();
            draw();
        },
        async found(): Promise<HTMLElement[]> {
            if (scanned())
                return [];
            draw();
            await Promise.race([answered, new Promise((done) => setTimeout(done, navigator.onLine ? MOST : 0))]);
            return [...lines(list), ...lines(place)];
        },
    };
}
