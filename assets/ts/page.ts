/*
 * The little that every part shares: finding elements, and the words a page gives to the script in
 * <template id="words">. A word that the page does not give is not said.
 */
export function all<T extends HTMLElement = HTMLElement>(selector: string, root: ParentNode = document): T[] {
    return [...root.querySelectorAll<T>(selector)];
}

export function one<T extends HTMLElement = HTMLElement>(selector: string, root: ParentNode = document): T | null {
    return root.querySelector<T>(selector);
}

export function word(name: string): string {
    const words = document.getElementById('words') as HTMLTemplateElement | null;
    return words?.content.querySelector(`[data-word="${name}"]`)?.textContent?.trim() ?? '';
}

export function element<K extends keyof HTMLElementTagNameMap>(
    tag: K, className = '', text = '',
): HTMLElementTagNameMap[K] {
    const made = document.createElement(tag);
    if (className)
        made.className = className;
    if (text)
        made.textContent = text;
    return made;
}

/* A button that does nothing but call back. */
export function action(text: string, className: string, run: () => void): HTMLButtonElement {
    const button = element('button', className, text);
    button.type = 'button';
    button.addEventListener('click', run);
    return button;
}

/* A part of a page, as the server draws it: the element with that id, or all that came. post: what is sent, so that it
   stands in no address. */
export async function fragment(url: string, id: string, signal?: AbortSignal, post?: URLSearchParams): Promise<DocumentFragment | null> {
    const answer = await fetch(url, {
        method: post ? 'POST' : 'GET', body: post ?? null, headers: { 'X-Fragment': id }, credentials: 'same-origin',
        cache: 'no-store', signal: signal ?? null,
    });
    if (!answer.ok || answer.redirected)
        return null;
    const holder = element('template');
    holder.innerHTML = await answer.text();
    const part = holder.content.querySelector(`#${CSS.escape(id)}`);
    if (!part)
        return holder.content;
    const inner = document.createDocumentFragment();
    inner.append(...part.childNodes);
    return inner;
}

let toastTimer = 0;

/* Says something for a few seconds. What must be read stands in the page instead. */
export function toast(text: string): void {
    if (!text)
        return;
    one('.toast.pop')?.remove();
    const box = element('div', 'toast pop notice', '');
    box.setAttribute('role', 'status');
    document.body.append(box);
    box.append(element('div', '', text));
    clearTimeout(toastTimer);
    toastTimer = window.setTimeout(() => box.remove(), 6000);
}
