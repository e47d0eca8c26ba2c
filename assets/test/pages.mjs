/* The sample pages, by name. */
import { readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const pages = readdirSync(join(dirname(fileURLToPath(import.meta.url)), '../sample'))
    .map((file) => file.replace('.html', ''))
    .filter((name) => name !== 'frame' && !name.startsWith('nav-'));
