/* The sum of the times of a day of service while they are corrected: [data-spans], shown in [data-sum]. */
import { all, one } from './page.ts';

const minutes = (span: Element, name: string): number => {
    const [hour, minute] = (one<HTMLInputElement>(`[name^="${name}_"]`, span)?.value ?? '').split(':').map(Number);
    return Number(hour) * 60 + Number(minute);
};

export function startSum(): void {
    const place = one('[data-sum]');
    const form = place?.closest('form');
    form?.addEventListener('input', () => {
        const parts: [number, number][] = [];
        for (const span of all('[data-span]', form)) {
            const from = minutes(span, 'came');
            const [to, rest, back] = ['went', 'rest', 'back'].map((name) => {
                const t = minutes(span, name);
                return t <= from ? t + 1440 : t;
            }) as [number, number, number];
            if (!(to > from) || one<HTMLInputElement>('[data-off]', span)?.checked)
                continue;
            if (back > rest)
                parts.push([from, rest], [back, to]);
            else
                parts.push([from, to]);
        }
        let sum = 0;
        let reached = 0;
        for (const [from, to] of parts.sort((a, b) => a[0] - b[0])) {
            sum += Math.max(0, to - Math.max(from, reached));
            reached = Math.max(reached, to);
        }
        place!.textContent = place!.dataset['sum']!.replace('{}', String(Math.floor(sum / 60))).replace('{}', String(sum % 60));
    });
}
