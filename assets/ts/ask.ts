/*
 * The request form's helps: requests like the one being typed, what others would see of it, photographs made
 * smaller before they travel (which also leaves their GPS position behind), and a point on a map; and the code
 * that a receipt's link carries. The pages work without any of them.
 */
import { action, all, element, fragment, one, toast, word } from './page.ts';

declare const MAP_JS: string;
declare const MAP_CSS: string;

/* ---- requests like this one ---- */

function startSimilar(box: HTMLElement): void {
    const form = box.closest('form');
    if (!form)
        return;
    let timer = 0;
    let last = '';
    let running: AbortController | null = null;
    const look = async (): Promise<void> => {
        const asked = new URLSearchParams();
        for (const [name, value] of new FormData(form))
            if (typeof value === 'string' && value !== '' && ['text', 'area', 'estate', 'subject'].includes(name))
                asked.append(name, value);
        const sent = asked.toString();
        if (sent === last || (asked.get('text') ?? '').trim().length < 4)
            return;
        last = sent;
        running?.abort();
        running = new AbortController();
        try {
            const found = await fragment(box.dataset['similar'] ?? '', 'similar', running.signal, asked);
            if (!found)
                return;
            guess(form, one('[data-guess]', found)?.dataset['guess'] ?? '');
            box.replaceChildren(...(found.textContent?.trim() ? found.childNodes : []));
        } catch {
            /* No network: the hint is left out. */
        }
    };
    form.addEventListener('input', () => {
        clearTimeout(timer);
        timer = window.setTimeout(() => void look(), 600);
    });
    form.addEventListener('restored', () => void look());
}

/* What the words are about, until somebody has chosen. */
function guess(form: HTMLFormElement, category: string): void {
    const chosen = one<HTMLInputElement>('[name=category]:checked', form);
    if (category === '' || (chosen && form.dataset['guess'] !== chosen.value))
        return;
    const radio = all<HTMLInputElement>('[name=category]', form).find((each) => each.value === category);
    if (!radio || radio.checked)
        return;
    form.dataset['guess'] = category;
    radio.checked = true;
    radio.dispatchEvent(new Event('guessed', { bubbles: true }));
}

/* ---- parts folded to one line ---- */

/* What stands in the fields of a part, as its line says it: names of choices, else what was typed. */
function told(line: HTMLElement): string {
    const parts: string[] = [];
    for (const field of all<HTMLInputElement | HTMLSelectElement>('input, select', line)) {
        if (field instanceof HTMLSelectElement) {
            if (field.value)
                parts.push(field.selectedOptions[0]?.text ?? '');
        } else if (field.type === 'radio') {
            if (!field.checked || !field.value)
                continue;
            const holder = field.hasAttribute('data-other') ? one('summary', field.closest('.topics > details')!) : field.parentElement;
            parts.push(field.dataset['short'] ?? (one('b', holder!) ?? one('span', holder!))?.textContent ?? '');
        } else if (field.type === 'file') {
            if (field.files?.length)
                parts.push(String(field.files.length));
        } else if (field.type !== 'hidden' && field.type !== 'checkbox' && !field.closest('.open-only')) {
            parts.push(field.value.trim());
        }
    }
    return parts.filter(Boolean).join(' · ');
}

/* As much of a value as the server shows on its line. */
const LINE_MOST = 24;

function startLine(line: HTMLDetailsElement): void {
    const shown = one('summary b', line);
    const form = line.closest('form');
    if (!shown || !form)
        return;
    const show = (): void => {
        const text = told(line);
        const signs = [...text];
        shown.textContent = signs.length > LINE_MOST ? `${signs.slice(0, LINE_MOST).join('')}…` : text || (line.dataset['line'] ?? '');
        line.classList.toggle('filled', text !== '');
    };
    line.addEventListener('input', show);
    line.addEventListener('change', (event) => {
        show();
        if (line.hasAttribute('data-close') && (event.target as HTMLInputElement).type === 'radio') {
            line.open = false;
            one('summary', line)?.focus();
        }
    });
    line.addEventListener('guessed', show);
    form.addEventListener('restored', show);
    show();
}

/* ---- what others would see ---- */

/* The title as the server makes it: what stands in its field, else the first sentence of the text. */
function title(subject: string, text: string): string {
    const words = (subject.trim() || (text.trim().split(/[。！？；!?]/)[0] ?? '').trim()).replace(/\s+/g, ' ');
    const most = subject.trim() ? 120 : 40;
    return [...words].length > most ? [...words].slice(0, most - 1).join('') + '…' : words;
}

function startPreview(box: HTMLElement): void {
    const form = box.closest('form');
    if (!form)
        return;
    const none = box.dataset['none'] ?? '';
    const set = (name: string, text: string): void => {
        const place = one(`[data-show=${name}]`, box);
        if (place)
            place.textContent = text;
    };
    const show = (): void => {
        const typed = new FormData(form);
        const value = (name: string): string => String(typed.get(name) ?? '');
        set('title', value('visibility') === 'summary' ? title(value('subject'), value('text')) : '');
        const chosen = one<HTMLInputElement>('[name=category]:checked', form);
        const holder = chosen?.hasAttribute('data-other') ? one('summary', chosen.closest('details')!) : chosen?.parentElement;
        set('category', chosen?.value && holder ? one('b', holder)?.textContent ?? '' : none);
        const listed = one<HTMLSelectElement>('select[name=area]', form)?.selectedOptions[0];
        const tapped = one('[name=area]:checked', form)?.parentElement?.textContent?.trim();
        const community = listed ? listed.closest('optgroup')?.label : tapped;
        set('area', community ? `${community} · ` : '');
    };
    form.addEventListener('input', show);
    form.addEventListener('guessed', show);
    form.addEventListener('restored', show);
    show();
}

/* A kind that is chosen is not left in a closed drawer. */
function startTopics(box: HTMLElement): void {
    box.closest('form')?.addEventListener('restored', () => {
        const drawer = one('input:checked', box)?.closest('details');
        if (drawer)
            drawer.open = true;
    });
}

/* A community was tapped: the next question is the telephone. Not for the arrow keys, which choose as they pass.
 * An estate goes with its community: each takes the other along. */
function startTaps(box: HTMLElement): void {
    const form = box.closest('form');
    const estate = form && one<HTMLSelectElement>('select[name=estate]', form);
    box.addEventListener('click', (event) => {
        const phone = form && one<HTMLInputElement>('[type=tel]', form);
        if (event.detail > 0 && phone?.value === '')
            phone.focus();
    });
    box.addEventListener('change', (event) => {
        const of = estate?.selectedOptions[0]?.dataset['of'];
        if (estate && of && of !== (event.target as HTMLInputElement).value) {
            estate.value = '';
            estate.dispatchEvent(new Event('input', { bubbles: true }));
        }
    });
    estate?.addEventListener('change', () => {
        const of = estate.selectedOptions[0]?.dataset['of'];
        const radio = all<HTMLInputElement>('[name=area]', box).find((each) => each.value === of);
        if (radio && !radio.checked) {
            radio.checked = true;
            radio.dispatchEvent(new Event('input', { bubbles: true }));
        }
    });
}

/* ---- the code of a receipt ---- */

/* A link from a receipt has the code behind the #, which is sent to no server: it is typed in here and taken away. */
function startCode(form: HTMLFormElement): void {
    const code = decodeURIComponent(location.hash.slice(1));
    const field = one<HTMLInputElement>('[name=code]', form);
    if (!field || !/^[A-Za-z0-9]{5}-?[A-Za-z0-9]{5}$/.test(code))
        return;
    history.replaceState(null, '', location.pathname);
    field.value = code;
    form.requestSubmit();
}

/* ---- photographs ---- */

const LONGEST = 1600;

async function smaller(file: File): Promise<File> {
    try {
        const picture = await createImageBitmap(file, { imageOrientation: 'from-image' });
        const scale = Math.min(1, LONGEST / Math.max(picture.width, picture.height));
        const canvas = element('canvas');
        canvas.width = Math.max(1, Math.round(picture.width * scale));
        canvas.height = Math.max(1, Math.round(picture.height * scale));
        const brush = canvas.getContext('2d');
        if (!brush)
            return file;
        brush.fillStyle = '#fff';
        brush.fillRect(0, 0, canvas.width, canvas.height);
        brush.drawImage(picture, 0, 0, canvas.width, canvas.height);
        picture.close();
        const made = await new Promise<Blob | null>((done) => canvas.toBlob(done, 'image/jpeg', 0.85));
        if (!made || (scale === 1 && made.size > file.size))
            return file;
        return new File([made], file.name.replace(/\.[^.]*$/, '') + '.jpg', { type: 'image/jpeg' });
    } catch {
        return file; /* not a picture this browser can read: the server decides */
    }
}

function startPhotos(field: HTMLElement): void {
    const input = one<HTMLInputElement>('input[type=file]', field);
    if (!input)
        return;
    const most = Number(field.dataset['photos']) || 3;
    const list = element('ul');
    let chosen: File[] = [];
    const show = (): void => {
        const basket = new DataTransfer();
        chosen.forEach((file) => basket.items.add(file));
        input.files = basket.files;
        list.replaceChildren(...chosen.map((file) => {
            const item = element('li');
            const picture = element('img');
            picture.alt = file.name;
            picture.src = URL.createObjectURL(file);
            picture.onload = picture.onerror = () => URL.revokeObjectURL(picture.src);
            const remove = action(word('remove'), 'quiet', () => {
                chosen = chosen.filter((other) => other !== file);
                show();
                input.focus();
            });
            remove.setAttribute('aria-label', `${word('remove')} ${file.name}`);
            item.append(picture, remove);
            return item;
        }));
    };
    field.append(list);
    input.addEventListener('change', async () => {
        const picked = [...(input.files ?? [])];
        if (picked.length === 0)
            return show(); /* the chooser was closed without a choice: what was chosen before stays */
        const room = most - chosen.length;
        if (picked.length > room)
            toast(word('photos-full'));
        const added = picked.slice(0, Math.max(0, room));
        chosen = [...chosen, ...added];
        show();
        const made = await Promise.all(added.map(smaller));
        chosen = chosen.map((file) => made[added.indexOf(file)] ?? file);
        show();
    });
}

/* ---- a point on the map ---- */

let mapModule: Promise<typeof import('./map.ts')> | null = null;

/* The map's code, style sheet and worker come only when a reader asks for a map. */
export function loadMap(): Promise<typeof import('./map.ts')> {
    return (mapModule ??= new Promise((ready, failed) => {
        const sheet = element('link');
        sheet.rel = 'stylesheet';
        sheet.href = new URL(MAP_CSS, import.meta.url).href;
        sheet.onload = () => import(new URL(MAP_JS, import.meta.url).href).then(ready, failed);
        sheet.onerror = failed;
        document.head.append(sheet);
    }));
}

function startPoint(box: HTMLElement): void {
    const open = one<HTMLButtonElement>('[data-map-open]', box);
    const lat = one<HTMLInputElement>('[name$=lat]', box);
    const lon = one<HTMLInputElement>('[name$=lon]', box);
    const said = one('[data-map-said]', box);
    if (!open || !lat || !lon)
        return;
    const tell = (): void => {
        if (!said)
            return;
        said.hidden = lat.value === '';
        const place = one('output', said);
        if (place)
            place.textContent = lat.value && `${lat.value}, ${lon.value}`;
    };
    const set = (point: { lat: number; lon: number } | null): void => {
        lat.value = point ? point.lat.toFixed(6) : '';
        lon.value = point ? point.lon.toFixed(6) : '';
        tell();
        lat.dispatchEvent(new Event('input', { bubbles: true }));
    };
    const form = box.closest('form') ?? document.body;
    /* The estate that is chosen, else the community. */
    const near = (): { lat: number; lon: number } | null => {
        const at = all<HTMLSelectElement>('select[name=estate], select[name=area]', form)
            .map((list) => list.selectedOptions[0]).concat(one('[name=area]:checked', form) as HTMLOptionElement)
            .map((chosen) => chosen?.dataset['at']).find(Boolean);
        const [y, x] = (at ?? '').split(',').map(Number);
        return y !== undefined && x !== undefined ? { lat: y, lon: x } : null;
    };
    open.hidden = false;
    open.addEventListener('click', async () => {
        open.disabled = true;
        const place = element('div', 'map');
        open.after(place);
        try {
            const map = await loadMap();
            const move = await map.choose(place, lat.value ? { lat: Number(lat.value), lon: Number(lon.value) } : null, set,
                open.textContent?.trim() ?? '', near());
            open.hidden = true;
            form.addEventListener('change', (event) => {
                const to = ['area', 'estate'].includes((event.target as HTMLInputElement).name) ? near() : null;
                if (to && lat.value === '')
                    move(to);
            });
        } catch {
            place.remove();
            open.disabled = false;
            toast(word('map-failed'));
        }
    });
    one('[data-map-clear]', box)?.addEventListener('click', () => set(null));
    box.closest('form')?.addEventListener('restored', tell);
    tell();
}

function startShown(place: HTMLElement): void {
    const show = async (): Promise<void> => {
        place.hidden = false;
        try {
            const map = await loadMap();
            await map.show(place, { lat: Number(place.dataset['lat']), lon: Number(place.dataset['lon']) });
        } catch {
            place.hidden = true;
        }
    };
    const door = place.closest('details');
    if (door && !door.open)
        door.addEventListener('toggle', () => void show(), { once: true });
    else
        void show();
}

export function startAsk(): void {
    all('[data-similar]').forEach(startSimilar);
    all<HTMLDetailsElement>('[data-line]').forEach(startLine);
    all('#preview').forEach(startPreview);
    all('.topics').forEach(startTopics);
    all('.taps').forEach(startTaps);
    all<HTMLFormElement>('form[data-code]').forEach(startCode);
    all('[data-photos]').forEach(startPhotos);
    all('[data-map-point]').forEach(startPoint);
    all('[data-map-show]').forEach(startShown);
}
