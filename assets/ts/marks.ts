/*
 * The pages at the door: /in/… (check in with one's own phone), /activities/…/door (for who leads) and …/count. What
 * is tapped is kept on the device first and sent afterwards, so that the network need not be there.
 */
import { base } from './base.ts';
import { startFind } from './find.ts';
import { all, element, one } from './page.ts';
import { fact, forget, keep, kept, send, type Answer, type Entry } from './queue.ts';

declare const DOOR_JS: string;
declare const SCAN_JS: string;
declare const SW_JS: string;

interface Detector {
    detect(source: HTMLVideoElement): Promise<{ rawValue: string }[]>;
}

const root = one('[data-marks]')!;
const kind = root.dataset['marks']!;
const activity = Number(root.dataset['activity']);
const tell = one('[data-tell]', root)!;
const language = document.documentElement.lang === 'en' ? 'en' : 'zh_CN';

const says = (name: string, ...values: (string | number)[]): string => {
    const text = one<HTMLTemplateElement>('template[data-says]', root)?.content.querySelector(`[data-say="${name}"]`)?.textContent ?? '';
    return values.reduce<string>((line, value) => line.replace('{}', String(value)), text);
};
/* China's time, whatever zone the device is set to: the page's other times are. */
const clock = (seconds: number): string => new Date((seconds + 8 * 3600) * 1000).toISOString().slice(11, 16);
const seconds = (): number => Math.floor(Date.now() / 1000);

function notice(text: string, good = false): void {
    tell.hidden = !text;
    tell.classList.toggle('ok', good);
    tell.classList.toggle('warn', !good);
    one('div', tell)!.textContent = text;
}

/* ---- the clock ---- */

let ahead: number | null = null;
let steady = Date.now() - performance.now(); /* moves when somebody sets the clock while the page is open */

const aheadNow = (): number | null =>
    ahead === null ? null : ahead + Math.round((Date.now() - performance.now() - steady) / 1000);

/* The server says the time to the second in each answer's head. */
async function measure(): Promise<void> {
    const from = Date.now();
    const answer = await fetch(`${base}/healthz`, { cache: 'no-store' });
    const to = Date.now();
    const server = Date.parse(answer.headers.get('Date') ?? '');
    if (!answer.ok || Number.isNaN(server) || to - from > 5000)
        return;
    const off = Math.round(((from + to) / 2 - server - 500) / 1000);
    ahead = Math.abs(off) <= 1 ? 0 : off;
    steady = Date.now() - performance.now();
    await fact('ahead', ahead);
    if (Math.abs(ahead) >= 120)
        notice(says('clock', Math.round(Math.abs(ahead) / 60)));
}

/* ---- keeping and sending ---- */

let failures = 0;
let again = 0;

function later(): void {
    clearTimeout(again);
    again = window.setTimeout(() => void flush(), Math.min(60, 2 ** failures++) * 1000);
}

/* What this page's entries say. */
interface Mark {
    activity: number;
    out?: boolean | null;    /* null: the other way round than it is */
    code?: string;           /* of the door: 123456-29405321 */
    card?: string;
    who?: string;
}
interface Count {
    activity: number;
    n: number;               /* residents counted */
}
const what = kind === 'count' ? 'count' : 'mark';

let instead: ((entry: Entry) => void) | null = null; /* finds the person whom a refused entry means */

/* The list knows the names of the numbers that are sent. */
const nameOf = (who: string): string => one(`[data-who="${CSS.escape(who)}"] b`, root)?.textContent ?? who;

function drawKept(list: Entry[]): void {
    const place = one('[data-kept]', root)!;
    const here = list.filter((k) => k.what === what && k.body['activity'] === activity);
    place.replaceChildren();
    for (const k of here) {
        const mark = k.body as unknown as Mark;
        const name = mark.who ? `${nameOf(mark.who)}${language === 'en' ? ': ' : '：'}` : '';
        if (k.error) {
            const line = element('li', 'late', `${name}${says('again', k.error)} `);
            if (mark.who && instead && !/[#:/]/.test(mark.who)) {
                const pick = element('button', '', says('pick'));
                pick.type = 'button';
                pick.addEventListener('click', () => instead!(k));
                line.append(pick, ' ');
            }
            const drop = element('button', 'quiet', says('discard'));
            drop.type = 'button';
            drop.addEventListener('click', () => void forget(k.key).then(redraw));
            line.append(drop);
            place.append(line);
        } else if (kind !== 'count') {
            place.append(element('li', '', `${name}${says(mark.out ? 'out' : 'in', clock(k.at - (k.ahead ?? 0)))}`));
        }
    }
    const waiting = here.filter((k) => !k.error);
    if (kind === 'count')
        drawTotal(waiting);
    if (waiting.length && !navigator.onLine)
        notice(`${says('offline')} ${says('kept', waiting.length)}`);
    else if (waiting.length && failures > 0)
        notice(says('kept', waiting.length));
}

async function redraw(): Promise<void> {
    drawKept(await kept());
}

const leaving = new Map<string, boolean>(); /* of what was tapped here: whether one leaves with it */

/* What was refused before is of no use once it went well, and the other button comes next. */
async function stand(answers: Answer[]): Promise<void> {
    const last = answers.filter((a) => a.status < 300 && a.message).pop();
    const place = one('[data-stand]', root);
    if (last && kind === 'in') {
        notice('');
        for (const k of await kept())
            if (k.error && k.what === what && k.body['activity'] === activity)
                await forget(k.key);
    }
    const out = last && leaving.get(last.key);
    if (out !== undefined) {
        one('button[value="in"]', root)?.classList.toggle('primary', out);
        one('button[value="out"]', root)?.classList.toggle('primary', !out);
    }
    if (last && place)
        place.textContent = last.message;
    else if (last && kind === 'door')
        notice(last.message ?? '', true);
}

async function flush(): Promise<void> {
    clearTimeout(again);
    const sent = await send(language);
    await stand(sent.answers);
    for (const a of sent.answers)
        if (a.status < 300)
            counted(a.key);
    if (sent.state === 'offline') {
        later();
    } else if (sent.state === 'signed-out') {
        notice(says('login'));
    } else if (sent.state === 'sent') {
        if (failures > 0)
            notice(says('sent'), true);
        failures = 0;
    }
    await redraw();
}

const newKey = (): string => `m-${[...crypto.getRandomValues(new Uint8Array(12))].map((b) => b.toString(16).padStart(2, '0')).join('')}`;

/* when: the entry whose time it has; otherwise now. */
async function add(body: Omit<Mark, 'activity'> | Omit<Count, 'activity'>, when?: Entry): Promise<string> {
    const key = newKey();
    await keep({ key, what, at: when?.at ?? seconds(), ahead: when ? when.ahead : aheadNow(), body: { activity, ...body } });
    await redraw();
    /* Where the browser can, it is sent even when this page is closed before there is network. */
    navigator.serviceWorker?.ready.then((r) => (r as unknown as { sync?: { register(tag: string): Promise<void> } }).sync?.register('marks')).catch(() => undefined);
    void flush();
    return key;
}

/* ---- the volunteer's own phone ---- */

function startIn(): void {
    const form = one<HTMLFormElement>('form', root)!;
    const code = one<HTMLInputElement>('#f-c', root)!;
    const card = one<HTMLInputElement>('#f-card', root);
    const asked = new URLSearchParams(location.search).get('c');
    if (asked)
        code.value = asked; /* a page from the store may have another's */
    form.addEventListener('submit', (event) => {
        event.preventDefault();
        event.stopImmediatePropagation();
        const shown = code.value.replace(/\s/g, '');
        if (!/^\d{6}(-\d+)?$/.test(shown)) {
            notice(says('code'));
            code.focus();
            return;
        }
        if (card && !card.value.trim()) {
            notice(says('card'));
            card.focus();
            return;
        }
        notice('');
        const out = (event as SubmitEvent).submitter?.getAttribute('value') === 'out';
        void add({ out, code: shown, ...(card ? { card: card.value.trim() } : {}) }).then((key) => leaving.set(key, out));
    });
    startCamera((text) => doorCode(code, text));
}

type Look = (video: HTMLVideoElement) => Promise<string | null>;

async function ownReader(): Promise<Look> {
    const scan = (await import(new URL(SCAN_JS, import.meta.url).href)) as typeof import('./scan.ts');
    const canvas = element('canvas');
    return async (video) => {
        const small = Math.min(1, 640 / video.videoWidth);
        canvas.width = video.videoWidth * small;
        canvas.height = video.videoHeight * small;
        const pen = canvas.getContext('2d', { willReadFrequently: true })!;
        pen.drawImage(video, 0, 0, canvas.width, canvas.height);
        return scan.read(pen.getImageData(0, 0, canvas.width, canvas.height));
    };
}

/* The browser's own reader is there in name only on many phones: when it fails, ours is fetched. */
async function reader(): Promise<Look> {
    const native = (globalThis as { BarcodeDetector?: new (o: { formats: string[] }) => Detector }).BarcodeDetector;
    let detector: Detector | null = null;
    try {
        detector = native ? new native({ formats: ['qr_code'] }) : null;
    } catch {
        detector = null;
    }
    let own = detector ? null : await ownReader();
    return async (video) => {
        if (!own)
            try {
                return (await detector!.detect(video))[0]?.rawValue ?? null;
            } catch {
                own = await ownReader();
            }
        return own(video);
    };
}

/* found says whether that was all; the button stops it as well. */
function startCamera(found: (text: string) => boolean): void {
    const button = one<HTMLButtonElement>('[data-scan]', root);
    const video = one<HTMLVideoElement>('[data-video]', root);
    if (!button || !video || !navigator.mediaDevices?.getUserMedia)
        return;
    let stop: (() => void) | null = null;
    button.hidden = false;
    button.setAttribute('aria-pressed', 'false');
    button.addEventListener('click', () => {
        if (stop)
            return stop();
        button.disabled = true;
        void scan(video, found, () => {
            stop = null;
            button.setAttribute('aria-pressed', 'false');
        })
            .then((end) => {
                stop = end;
                button.setAttribute('aria-pressed', 'true');
            })
            .catch(() => notice(says('camera')))
            .finally(() => (button.disabled = false));
    });
}

/* Answers what ends it. */
async function scan(video: HTMLVideoElement, found: (text: string) => boolean, ended: () => void): Promise<() => void> {
    const stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: 'environment' } });
    let read: Look;
    const stop = (): void => {
        stream.getTracks().forEach((track) => track.stop());
        video.hidden = true;
        ended();
    };
    try {
        read = await reader();
        video.srcObject = stream;
        video.hidden = false;
        notice(says('point'));
        await video.play();
    } catch (error) {
        stop();
        throw error;
    }
    addEventListener('pagehide', stop, { once: true });
    const look = async (): Promise<void> => {
        if (video.hidden)
            return;
        const text = video.videoWidth ? await read(video) : null;
        if (text && found(text))
            stop();
        else
            setTimeout(() => void look().catch(failed), 150);
    };
    const failed = (): void => {
        stop();
        notice(says('camera'));
    };
    void look().catch(failed);
    return stop;
}

/* The door's QR fills in its code. */
function doorCode(code: HTMLInputElement, text: string): boolean {
    const found = text.match(/\/in\/(\d+)\?c=(\d{6}-\d+)/);
    if (!found || Number(found[1]) !== activity) {
        notice(says('foreign'));
        return false;
    }
    code.value = found[2]!;
    notice('');
    one<HTMLButtonElement>('button[value="in"]', root)?.focus();
    return true;
}

/* One card after the other; one that stays before the camera is read once. */
function cardReader(): (text: string) => boolean {
    let last = '';
    let seen = 0;
    return (text) => {
        const card = text.match(/\/card#(\w{10})$/)?.[1];
        const again = text === last && Date.now() - seen < 5000;
        last = text;
        seen = Date.now();
        if (!card)
            notice(says('foreign'));
        else if (!again) {
            navigator.vibrate?.(80);
            void add({ who: card, out: null });
        }
        return false;
    };
}

/* ---- the door ---- */

/* A card or a whole number means one person: nobody has to be looked for. */
const whole = (typed: string): boolean => /[#:/]|^v\d{7,}$|^(?=.*\d)[a-z0-9]{10}$/i.test(typed);

function startDoor(): void {
    const wedge = one<HTMLInputElement>('[data-wedge]', root)!;
    const fine = matchMedia('(pointer: fine)').matches; /* elsewhere the keyboard would cover the list */
    let refused: Entry | null = null;
    one('[data-plain]', root)?.remove();
    const find = startFind(root, wedge, (typed) => says('none', typed));
    const clear = (): void => {
        wedge.value = '';
        find.clear();
        if (fine)
            wedge.focus();
    };
    const take = async (who: string, out: boolean | null): Promise<void> => {
        const before = refused;
        refused = null;
        if (before) {
            await forget(before.key);
            await add({ who, out: (before.body as unknown as Mark).out ?? null }, before);
        } else {
            await add({ who, out });
        }
    };
    wedge.form!.addEventListener('submit', (event) => {
        event.preventDefault();
        event.stopImmediatePropagation();
        const typed = wedge.value.trim();
        if (!typed)
            return;
        if (whole(typed)) {
            clear();
            void take(typed, null);
            return;
        }
        void find.found().then((lines) => {
            const still = wedge.value.trim() === typed; /* nobody has typed on meanwhile */
            if (still && lines.length > 1) {
                notice(says('several', lines.length));
                return;
            }
            if (still)
                clear();
            void take(still ? lines[0]?.dataset['who'] ?? typed : typed, null);
        });
    });
    wedge.addEventListener('input', () => {
        if (!wedge.value)
            refused = null;
    });
    instead = (entry) => {
        refused = entry;
        wedge.value = (entry.body as unknown as Mark).who ?? '';
        wedge.focus();
        find.look();
    };
    wedge.focus({ preventScroll: true });
    startCamera(cardReader());
    root.addEventListener('click', (event) => {
        const button = (event.target as Element).closest<HTMLButtonElement>('[data-mark]');
        const line = button?.closest<HTMLElement>('[data-who]');
        if (!button || !line)
            return;
        event.preventDefault();
        const out = button.dataset['mark'] === 'out';
        const who = line.dataset['who']!;
        for (const each of all(`[data-who="${CSS.escape(who)}"]`, root)) {
            const mark = one<HTMLButtonElement>('[data-mark]', each)!;
            each.classList.toggle('in', !out);
            mark.dataset['mark'] = out ? 'in' : 'out';
            mark.textContent = says(out ? 'do-in' : 'do-out');
            mark.removeAttribute('aria-label');
        }
        clear();
        void take(who, out);
    });
    startTabs();
    startCodes();
}

/* What the page's styles show by its address is said as well. */
function startTabs(): void {
    const tell = (): void => {
        const here = location.hash === '#door-code' ? location.hash : '#door-list';
        for (const tab of all<HTMLAnchorElement>('.tabs a', root))
            if (tab.hash === here)
                tab.setAttribute('aria-current', 'true');
            else
                tab.removeAttribute('aria-current');
    };
    addEventListener('hashchange', tell);
    tell();
}

/* The QR goes on changing without network: the page carries the codes of the next hours. */
function startCodes(): void {
    const codes = root.dataset['codes'] ?? '';
    const image = one<HTMLImageElement>('.door-code .qr');
    const first = Math.floor(Number(root.dataset['now']) / 60);
    let shown = -1;
    if (!codes || !image)
        return;
    void import(new URL(DOOR_JS, import.meta.url).href).then((door: typeof import('./door.ts')) => {
        const draw = (): void => {
            const minute = Math.floor((seconds() - (aheadNow() ?? 0)) / 60);
            const code = codes.slice((minute - first) * 6, (minute - first) * 6 + 6);
            if (minute === shown)
                return;
            if (minute < first || code.length < 6) {
                notice(says('stale'));
                return;
            }
            shown = minute;
            image.src = door.picture(`${root.dataset['url']}${code}-${minute}`);
            one('.door-code b')!.textContent = `${code.slice(0, 3)} ${code.slice(3)}`;
            one('[data-shown]')!.textContent = says('shown', clock(minute * 60));
        };
        draw();
        setInterval(draw, 2000);
    });
}

/* ---- the counter ---- */

const arrived = new Map<string, number>(); /* what the server has, but the number on the page has not yet */
const counting = new Map<string, number>();

function counted(key: string): void {
    const n = counting.get(key);
    if (n !== undefined) {
        counting.delete(key);
        arrived.set(key, n);
    }
}

function drawTotal(waiting: Entry[]): void {
    const place = one('[data-total]', root);
    if (!place)
        return;
    place.dataset['base'] ??= place.textContent ?? '0';
    const sum = [...waiting.map((k) => (k.body as unknown as Count).n), ...arrived.values()].reduce((a, b) => a + b, 0);
    place.textContent = String(Math.max(0, Number(place.dataset['base']) + sum));
}

function startCount(): void {
    root.addEventListener('click', (event) => {
        const button = (event.target as Element).closest<HTMLElement>('[data-count]');
        if (!button)
            return;
        event.preventDefault();
        const n = Number(button.dataset['count']);
        const total = Number(one('[data-total]', root)?.textContent ?? 0);
        if (total + n < 0)
            return;
        void add({ n }).then((key) => counting.set(key, n));
    });
    addEventListener('list-changed', () => { /* the server's number has come: it has what arrived */
        arrived.clear();
        void redraw();
    });
}

/* ---- without network ---- */

function startWorker(): void {
    if (!navigator.serviceWorker)
        return;
    const scope = base + (kind === 'in' ? '/in/' : '/activities/');
    navigator.serviceWorker.register(new URL(SW_JS, import.meta.url).pathname, { scope }).then(async () => {
        const ready = await navigator.serviceWorker.ready;
        const files = performance.getEntriesByType('resource').map((e) => e.name).filter((name) => name.includes('/assets/') && name.includes('?v='));
        const more = kind === 'door' ? [DOOR_JS] : kind === 'in' && !('BarcodeDetector' in globalThis) ? [SCAN_JS] : [];
        const page = location.origin + location.pathname;
        ready.active?.postMessage([page, ...new Set([...files, ...more.map((name) => new URL(name, import.meta.url).href)])]);
    }).catch(() => undefined);
}

async function start(): Promise<void> {
    if (kind === 'in')
        startIn();
    else if (kind === 'door')
        startDoor();
    else
        startCount();
    ahead = await fact('ahead');
    addEventListener('online', () => void measure().catch(() => undefined).then(() => flush()));
    addEventListener('offline', () => void redraw());
    for (const banner of all('p.offline'))
        banner.remove(); /* these pages say it themselves */
    startWorker();
    await redraw();
    await measure().catch(() => undefined);
    await flush();
}

void start();
