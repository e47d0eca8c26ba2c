/*
 * What was tapped and is not yet known to have arrived: kept in IndexedDB, each with a key of its own, sent in the
 * order of tapping, and only taken off when the server has answered for it. The same mark sent twice is one mark.
 * Used by the pages at the door and by their service worker.
 */
import { base } from './base.ts';
import { openDB, type DBSchema, type IDBPDatabase } from 'idb';

export interface Kept {
    key: string;
    activity: number;
    at: number;              /* by this device's clock, in seconds */
    ahead: number | null;    /* seconds that clock is ahead of the server's; null: never measured */
    out?: boolean | null;    /* null: the other way round than it is */
    code?: string;           /* of the door: 123456-29405321 */
    card?: string;
    who?: string;
    n?: number;              /* residents counted: then it is no mark */
    error?: string;          /* why the server refused it */
}

export interface Answer {
    key: string;
    status: number;
    result: string;
    message: string | null;
}

interface Shelf extends DBSchema {
    kept: { key: number; value: Kept; indexes: { key: string } };
    facts: { key: string; value: number };
}

const BATCH = 50;
const REFUSED = 14 * 86400; /* so long the server would take a mark: what it refused before that is of no use */
let opened: Promise<IDBPDatabase<Shelf>> | null = null;

const shelf = (): Promise<IDBPDatabase<Shelf>> =>
    (opened ??= openDB<Shelf>(`linli-marks${base}`, 1, {
        upgrade(db) {
            db.createObjectStore('kept', { autoIncrement: true }).createIndex('key', 'key', { unique: true });
            db.createObjectStore('facts');
        },
    }));

export async function keep(mark: Kept): Promise<void> {
    await (await shelf()).add('kept', mark);
}

export async function kept(): Promise<Kept[]> {
    return (await shelf()).getAll('kept');
}

async function tidy(): Promise<void> {
    for (const mark of await kept())
        if (mark.error && mark.at + REFUSED < Date.now() / 1000)
            await forget(mark.key);
}

async function change(key: string, to: Kept | null): Promise<void> {
    const tx = (await shelf()).transaction('kept', 'readwrite');
    const cursor = await tx.store.index('key').openCursor(key);
    if (cursor)
        await (to ? cursor.update(to) : cursor.delete());
    await tx.done;
}

export const forget = (key: string): Promise<void> => change(key, null);

/* Facts that outlive the page: how far the clock is ahead. */
export async function fact(name: string, value?: number): Promise<number | null> {
    const db = await shelf();
    if (value !== undefined) {
        await db.put('facts', value, name);
        return value;
    }
    return (await db.get('facts', name)) ?? null;
}

const body = (all: Kept[]): string => JSON.stringify({
    marks: all.filter((k) => k.n === undefined).map(({ error: _, ...mark }) => mark),
    counts: all.filter((k) => k.n !== undefined).map(({ key, activity, at, ahead, n }) => ({ key, activity, at, ahead, n })),
});

export type Sent = { state: 'sent' | 'offline' | 'signed-out' | 'busy'; answers: Answer[] };
let sending = false;

/* Sends what is kept; answers what the server said. "offline" means: try again later. */
export async function send(language: string): Promise<Sent> {
    if (sending)
        return { state: 'busy', answers: [] };
    sending = true;
    const answers: Answer[] = [];
    let signedOut = false;
    try {
        const skip = new Set<string>();
        await tidy();
        for (;;) {
            const batch = (await kept()).filter((k) => !k.error && !skip.has(k.key)).slice(0, BATCH);
            if (!batch.length)
                return { state: signedOut ? 'signed-out' : 'sent', answers };
            const stop = new AbortController();
            const timer = setTimeout(() => stop.abort(), 20000);
            const answer = await fetch(`${base}/api/attendance?lang=${language}`, {
                method: 'POST', body: body(batch), headers: { 'Content-Type': 'application/json' }, credentials: 'same-origin', signal: stop.signal,
            }).finally(() => clearTimeout(timer));
            if (!answer.ok)
                return { state: 'offline', answers };
            for (const each of ((await answer.json()) as { results: Answer[] }).results) {
                const mark = batch.find((k) => k.key === each.key);
                if (!mark)
                    continue;
                if (each.status < 300)
                    await forget(each.key);
                else if (each.status === 401)
                    signedOut = true;
                else if (each.status !== 429)
                    await change(each.key, { ...mark, error: each.message ?? String(each.status) });
                answers.push(each);
            }
            batch.forEach((k) => skip.add(k.key));
        }
    } catch {
        return { state: 'offline', answers };
    } finally {
        sending = false;
    }
}
