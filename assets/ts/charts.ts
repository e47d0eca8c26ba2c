/*
 * Draws a chart above each table[data-chart], from the table's own numbers: the table stays the truth, and is
 * what a screen reader meets. A bar, a point or a slice opens the link in its cell. Colours are the page's tokens.
 */
import * as echarts from 'echarts/core';
import { BarChart, LineChart, PieChart } from 'echarts/charts';
import { AriaComponent, GridComponent, LegendComponent, TooltipComponent } from 'echarts/components';
import { SVGRenderer } from 'echarts/renderers';
import { all, element } from './page.ts';

echarts.use([BarChart, LineChart, PieChart, AriaComponent, GridComponent, LegendComponent, TooltipComponent, SVGRenderer]);

interface Cell {
    value: number | null;
    text: string;
    href: string;
}
interface Numbers {
    names: string[];
    series: { name: string; tone: string; cells: Cell[] }[];
}

const text = (cell: Element | undefined): string => cell?.textContent?.trim().replace(/\s+/g, ' ') ?? '';

/* 1,204 · 92% · 3.5 天: what stands before the number or after it does not matter; a dash is no value. */
function valueOf(cell: HTMLElement): number | null {
    const written = cell.dataset['value'] ?? text(cell).replace(/[,\s]/g, '').match(/-?\d+(\.\d+)?/)?.[0];
    return written === undefined || written === '' ? null : Number(written);
}

/* First column: names. The others: one series each, unless its head has data-chart-skip. */
function numbers(table: HTMLTableElement): Numbers {
    const heads = [...(table.tHead?.rows[table.tHead.rows.length - 1]?.cells ?? [])];
    const rows = [...(table.tBodies[0]?.rows ?? [])];
    return {
        names: rows.map((row) => text(row.cells[0])),
        series: heads.slice(1).flatMap((head, i) => 'chartSkip' in head.dataset ? [] : [{
            name: text(head),
            tone: head.dataset['tone'] ?? '',
            cells: rows.map((row) => {
                const cell = row.cells[i + 1];
                return {
                    value: cell ? valueOf(cell) : null,
                    text: text(cell),
                    href: cell?.querySelector('a')?.href ?? '',
                };
            }),
        }]),
    };
}

const token = (name: string): string => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();

/* Quiet patterns, so that parts differ in more than colour; the first part is plain. */
function patterns(colour: string | undefined): object[] {
    const color = `color-mix(in srgb, ${colour} 45%, transparent)`;
    return [
        { symbol: 'none' },
        { color, dashArrayX: [1, 0], dashArrayY: [2, 6], rotation: -Math.PI / 4 },
        { color, symbol: 'circle', symbolSize: 0.6, dashArrayX: [[6, 6], [0, 6, 6, 0]], dashArrayY: [6, 0] },
        { color, dashArrayX: [1, 0], dashArrayY: [2, 4], rotation: 0 },
    ];
}

/** How many rows the names of the series take: Latin letters are about half as wide as Chinese ones. */
function legendRows(data: Numbers, size: number, width: number): number {
    let rows = 1;
    let at = 0;
    for (const { name } of data.series) {
        const wide = 30 + 16 + [...name].reduce((sum, letter) => sum + (letter > '\u2e7f' ? 1 : 0.56), 0) * size * 0.8125;
        if (at > 0 && at + wide > width) {
            rows++;
            at = 0;
        }
        at += wide;
    }
    return rows;
}

function options(kind: string, unit: string, title: string, data: Numbers, size: number, width: number): echarts.EChartsCoreOption {
    const across = kind === 'bar' || kind === 'stack';
    const [ink, soft, line, sheet] = ['ink', 'soft', 'line', 'sheet'].map(token);
    const type = { color: soft, fontSize: size * 0.8125, fontFamily: token('face') };
    const names = {
        type: 'category',
        data: data.names,
        inverse: across,
        boundaryGap: kind !== 'line',
        axisTick: { show: false },
        axisLine: { lineStyle: { color: soft } },
        axisLabel: { ...type, color: ink, ...(across ? { width: Math.max(size * 7.5, Math.min(size * 13, width / 3)), overflow: 'truncate' } : { hideOverlap: true, ...(kind === 'line' ? { showMinLabel: true, showMaxLabel: true, alignMinLabel: 'left', alignMaxLabel: 'right' } : {}) }) },
    };
    const values = {
        type: 'value',
        minInterval: data.series.some((each) => each.cells.some((cell) => cell.value && cell.value % 1 !== 0)) ? 0 : 1,
        splitNumber: 4,
        ...(unit === '%' ? { max: 100, interval: 25 } : {}),
        splitLine: { lineStyle: { color: line } },
        axisLabel: { ...type, ...(unit ? { formatter: `{value}${unit}` } : {}) },
    };
    const said = (series: number, row: number): string => data.series[series]?.cells[row]?.text ?? '';
    const common = {
        color: ['lake', 'accent', 'warn', 'soft', 'ok', 'late'].map(token),
        animation: false,
        textStyle: { fontFamily: token('face') },
        aria: { enabled: true, label: { description: title }, decal: { show: kind === 'stack' || kind === 'pie', decals: patterns(sheet) } },
        legend: { show: data.series.length > 1 && kind !== 'pie', top: 0, left: 0, itemGap: 16, textStyle: { ...type, color: ink } },
        tooltip: {
            trigger: 'item',
            renderMode: 'richText',
            confine: true,
            backgroundColor: sheet,
            borderColor: soft,
            borderWidth: 1,
            textStyle: { ...type, color: ink },
            formatter: (at: { seriesIndex: number; dataIndex: number }) =>
                kind === 'pie'
                    ? `${data.names[at.dataIndex]}  ${said(0, at.dataIndex)}`
                    : `${data.names[at.dataIndex]}\n${data.series[at.seriesIndex]?.name}  ${said(at.seriesIndex, at.dataIndex)}`,
        },
    };
    if (kind === 'pie')
        return {
            ...common,
            series: [{
                type: 'pie',
                radius: ['45%', '72%'],
                center: ['50%', '56%'],
                itemStyle: { borderColor: sheet, borderWidth: 2 },
                label: { ...type, color: ink },
                data: data.names.map((name, i) => ({ name, value: data.series[0]?.cells[i]?.value ?? 0 })),
            }],
        };
    return {
        ...common,
        grid: { left: 4, right: across ? size * 3 : 12, top: data.series.length > 1 ? size * 0.75 + legendRows(data, size, width) * size * 1.5 : 16, bottom: 4, containLabel: true },
        xAxis: across ? values : names,
        yAxis: across ? names : values,
        series: data.series.map((each, s) => ({
            name: each.name,
            ...(each.tone ? { itemStyle: { color: token(each.tone) } } : {}),
            type: kind === 'line' ? 'line' : 'bar',
            ...(kind === 'stack' ? { stack: 'all' } : {}),
            barMaxWidth: 22,
            symbol: 'circle',
            symbolSize: 7,
            lineStyle: { width: 2.5 },
            emphasis: { focus: data.series.length > 1 ? 'series' : 'none' },
            label: {
                ...type,
                color: ink,
                show: across && kind !== 'stack' && data.series.length === 1,
                position: 'right',
                formatter: (at: { dataIndex: number }) => said(s, at.dataIndex),
            },
            data: each.cells.map((cell) => cell.value),
        })),
    };
}

function place(table: HTMLTableElement): void {
    const figure = table.closest('figure');
    if (!figure)
        return;
    const data = numbers(table);
    if (data.names.length === 0 || data.series.length === 0)
        return; /* nothing to draw: the page says why in its own words */
    const kind = table.dataset['chart'] ?? 'bar';
    const plot = element('div', (kind === 'bar' || kind === 'stack') && data.names.length > 8 ? 'plot tall' : 'plot');
    (table.closest('details') ?? table.closest('.scroll') ?? table).before(plot);
    const title = text(figure.querySelector('figcaption') ?? undefined);
    const chart = echarts.init(plot, null, { renderer: 'svg' });
    const paint = (): void => {
        const size = parseFloat(getComputedStyle(document.documentElement).fontSize);
        chart.setOption(options(kind, table.dataset['unit'] ?? '', title, data, size, plot.clientWidth), { notMerge: true });
    };
    paint();
    plot.setAttribute('role', 'img');
    plot.setAttribute('aria-label', title);
    chart.on('click', (at) => {
        const href = data.series[kind === 'pie' ? 0 : at.seriesIndex ?? 0]?.cells[at.dataIndex]?.href;
        if (href)
            location.assign(href);
    });
    new ResizeObserver(() => { /* the legend may need another row */
        chart.resize();
        paint();
    }).observe(plot);
    matchMedia('(prefers-color-scheme: dark)').addEventListener('change', paint);
    addEventListener('beforeprint', () => chart.resize());
}

export function draw(): void {
    all<HTMLTableElement>('table[data-chart]').forEach(place);
}
