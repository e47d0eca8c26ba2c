/*
 * What was entered and is not yet known to have arrived (core/offline.h): kept in IndexedDB, each with a key of its own,
 * sent in the order in which it was entered, and only taken off when the server has answered for it. The same entry sent
 * twice counts once. `what` says what it is; this file knows none by name. Used by the pages at the door and by their
 * service worker.
 */
import { base } from './base.ts';
import { openDB, type DBSchema, type IDBPDatabase } from 'idb';

export interface Entry {
    key: string;
    what: string;            /* "mark" */
    at: number;              /* by this device's clock, in seconds */
    ahead: number | null;    /* seconds that clock is ahead of the server's; null: never measured */
    body: Record<string, unknown>;
    error?: string;          /* why the server refused it */
}

/* As pages of earlier versions kept it: entry and body in one object, of two types. */
type Older = { key: string; at: number; ahead: number | null; error?: string; n?: number } & Record<string, unknown>;

function current(stored: Entry | Older): Entry {
    if ('body' in stored)
        return stored as Entry;
    const { key, at, ahead, error, ...body } = stored;
    return { key, what: stored.n === undefined ? 'mark' : 'count', at, ahead, body, ...(error === undefined ? {} : { error }) };
}

export interface Answer {
    key: string;
    status: number;
    result: 'accepted' | 'duplicate' | 'refused';
    message: string | null;
}

interface Shelf extends DBSchema {
    kept: { key: number; value: Entry | Older; indexes: { key: string } };
    facts: { key: string; value: number };
}

const BATCH = 50;
const REFUSED = 14 * 86400; /* what the server refused longer ago is of no use */
let opened: Promise<IDBPDatabase<Shelf>> | null = null;

const shelf = (): Promise<IDBPDatabase<Shelf>> =>
    (opened ??= openDB<Shelf>(`linli-marks${base}`, 1, {
        upgrade(db) {
            db.createObjectStore('kept', { autoIncrement: true }).createIndex('key', 'key', { unique: true });
            db.createObjectStore('facts');
        },
    }));

export async function keep(entry: Entry): Promise<void> {
    await (await shelf()).add('kept', entry);
}

export async function kept(): Promise<Entry[]> {
    return (await (await shelf()).getAll('kept')).map(current);
}

async function tidy(): Promise<void> {
    for (const entry of await kept())
        if (entry.error && entry.at + REFUSED < Date.now() / 1000)
            await forget(entry.key);
}

async function change(key: string, to: Entry | null): Promise<void> {
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

const sheet = (all: Entry[]): string => JSON.stringify({ entries: all.map(({ error: _, ...entry }) => entry) });

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
            const answer = await fetch(`${base}/api/offline?lang=${language}`, {
                method: 'POST', body: sheet(batch), headers: { 'Content-Type': 'application/json' }, credentials: 'same-origin', signal: stop.signal,
            }).finally(() => clearTimeout(timer));
            if (!answer.ok)
                return { state: 'offline', answers };
            for (const each of ((await answer.json()) as { results: Answer[] }).results) {
                const entry = batch.find((k) => k.key === each.key);
                if (!entry)
                    continue;
                if (each.status < 300)
                    await forget(each.key);
                else if (each.status === 401)
                    signedOut = true;
                else if (each.status !== 429)
                    await change(each.key, { ...entry, error: each.message ?? String(each.status) });
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
