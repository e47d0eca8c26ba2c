/*
 * Everything here is an addition: each page does its work without it. The words come from the page
 * (template#words, data attributes), the charts and the map are fetched when a page has them.
 */
import { startAsk } from './ask.ts';
import { startDesk } from './desk.ts';
import { startKeep } from './keep.ts';
import { startList } from './list.ts';
import { startLive } from './live.ts';
import { action, all, element, one, toast, word } from './page.ts';
import { startShelf } from './shelf.ts';
import { startSuggest } from './suggest.ts';
import { startSum } from './sum.ts';

declare const CHARTS_JS: string;
declare const MARKS_JS: string;

/* A button that changes much asks first, repeating its own words on the button that goes on. */
function startConfirm(): void {
    document.addEventListener('click', (event) => {
        const button = (event.target as Element).closest<HTMLButtonElement>('button[data-confirm]');
        if (!button || button.dataset['sure'] || !('showModal' in HTMLDialogElement.prototype))
            return;
        if (button.form && !button.formNoValidate && !button.form.reportValidity()) {
            event.preventDefault();
            return;
        }
        event.preventDefault();
        const dialog = element('dialog');
        const question = element('p', '', button.dataset['confirm']);
        question.id = 'confirm-question';
        dialog.setAttribute('aria-labelledby', question.id);
        const acts = element('div', 'acts');
        acts.append(
            action(button.textContent?.trim() ?? '', button.className.replace('quiet', ''), () => {
                dialog.close();
                button.dataset['sure'] = '1';
                button.click();
                delete button.dataset['sure'];
            }),
            action(word('cancel'), '', () => dialog.close()),
        );
        dialog.append(question, acts);
        dialog.addEventListener('close', () => {
            dialog.remove();
            button.focus();
        });
        document.body.append(dialog);
        dialog.showModal();
    });
}

function startButtons(): void {
    for (const button of all<HTMLButtonElement>('[data-print]')) {
        button.hidden = false;
        button.addEventListener('click', () => print());
    }
    for (const button of all<HTMLButtonElement>('[data-copy]')) {
        if (!navigator.clipboard)
            continue;
        button.hidden = false;
        button.addEventListener('click', () => {
            navigator.clipboard.writeText(button.dataset['copy'] ?? '').then(() => toast(word('copied')), () => undefined);
        });
    }
    for (const button of all<HTMLButtonElement>('[data-dialog]')) {
        button.hidden = false;
        button.addEventListener('click', () => one<HTMLDialogElement>(`dialog#${button.dataset['dialog']}`)?.showModal());
    }
    /* A menu closes when the reader goes elsewhere. */
    document.addEventListener('click', (event) => {
        for (const menu of all<HTMLDetailsElement>('details.menu[open]'))
            if (!menu.contains(event.target as Node))
                menu.open = false;
    });
    document.addEventListener('keydown', (event) => {
        const menu = one<HTMLDetailsElement>('details.menu[open]');
        if (event.key === 'Escape' && menu) {
            menu.open = false;
            one('summary', menu)?.focus();
        }
    });
    /* A choice that is applied at once where there is a script: select[data-go] sends its form. */
    for (const choice of all<HTMLSelectElement>('[data-go]'))
        choice.addEventListener('change', () => choice.form?.requestSubmit());
}

/* A second press while the first is on its way sends nothing: the server would answer the same anyway. */
function startSending(): void {
    document.addEventListener('submit', (event) => {
        const form = event.target as HTMLFormElement;
        if (event.defaultPrevented || form.method !== 'post')
            return;
        if (form.dataset['sending']) {
            event.preventDefault();
            return;
        }
        form.dataset['sending'] = '1';
        setTimeout(() => delete form.dataset['sending'], 4000); /* the answer was a file: this page stays */
    });
    addEventListener('pageshow', () => all('form[data-sending]').forEach((form) => delete form.dataset['sending']));
}

function startOffline(): void {
    const banner = one('.offline');
    if (!banner)
        return;
    const tell = (): void => {
        banner.hidden = navigator.onLine;
    };
    addEventListener('online', tell);
    addEventListener('offline', tell);
    tell();
}

document.documentElement.classList.add('js');
startDesk(); /* before what was kept is back, which it looks up */
startKeep();
startAsk();
startList();
startLive();
startConfirm();
startButtons();
startSending();
startSuggest();
startSum();
startOffline();
startShelf();
one('.problems')?.focus();
if (one('[data-chart]'))
    void import(new URL(CHARTS_JS, import.meta.url).href).then((charts: typeof import('./charts.ts')) => charts.draw());
if (one('[data-marks]'))
    void import(new URL(MARKS_JS, import.meta.url).href);
