/*
 * A reference to a long register: while one types, the nearest entries are offered. Without it the code is typed.
 */
import { all } from './page.ts';

function start(input: HTMLInputElement): void {
    const list = input.list;
    let waiting = 0;
    let before: AbortController | undefined;
    input.addEventListener('input', () => {
        clearTimeout(waiting);
        waiting = window.setTimeout(() => {
            before?.abort();
            before = new AbortController();
            fetch(`${input.dataset['suggest']}?q=${encodeURIComponent(input.value)}`, { credentials: 'same-origin', signal: before.signal })
                .then((answer) => (answer.ok && !answer.redirected ? answer.text() : ''))
                .then((options) => {
                    if (list)
                        list.innerHTML = options;
                }, () => undefined);
        }, 200);
    });
}

export function startSuggest(): void {
    all<HTMLInputElement>('input[data-suggest]').forEach(start);
}
