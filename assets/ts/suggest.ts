/*
 * A reference to a long register: while one types, the nearest entries are offered. Without it the code is typed.
 */
import { all, one } from './page.ts';

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

/* Of the teams only those of the chosen community, and of the whole subdistrict. */
function narrow(teams: HTMLSelectElement): void {
    const area = one<HTMLSelectElement>('[name=area]', teams.form!);
    const draw = (): void => {
        const of = area?.selectedOptions?.[0]?.dataset['of'];
        for (const group of all<HTMLOptGroupElement>('optgroup', teams))
            group.hidden = group.disabled = !!of && !!group.dataset['of'] && group.dataset['of'] !== of;
    };
    area?.addEventListener('change', draw);
    draw();
}

export function startSuggest(): void {
    all<HTMLSelectElement>('[data-teams]').forEach(narrow);
    all<HTMLInputElement>('input[data-suggest]').forEach(start);
}
