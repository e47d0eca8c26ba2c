/*
 * A map to look at, or on which to choose a point. Its base is the installation's own style (/map/style.json, with
 * tiles from a .pmtiles file) if it has one, otherwise the outlines of the areas (/map/areas.json, GeoJSON with
 * the property "name"). The point chosen is the middle of the map: it can be moved by finger, mouse or arrow keys.
 */
import { base } from './base.ts';
import * as maplibre from 'maplibre-gl';
import { Protocol } from 'pmtiles';

declare const MAP_WORKER: string;

export interface Place {
    lat: number;
    lon: number;
}

maplibre.setWorkerUrl(new URL(MAP_WORKER, import.meta.url).href);
maplibre.addProtocol('pmtiles', new Protocol().tile);

type Style = maplibre.StyleSpecification;
type Box = [number, number, number, number];

const token = (name: string): string => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();

async function json(url: string): Promise<unknown> {
    const answer = await fetch(url, { credentials: 'same-origin' });
    return answer.ok ? answer.json() : null;
}

/* Addresses in the style may be relative to this server: pmtiles:///map/base.pmtiles, /map/fonts/… */
function absolute(style: Style): Style {
    const full = (url: string): string =>
        url.startsWith('pmtiles:///') ? `pmtiles://${location.origin}${base}${url.slice(10)}`
            : url.startsWith('/') ? location.origin + base + url : url;
    for (const source of Object.values(style.sources) as { url?: string; tiles?: string[]; data?: unknown }[]) {
        if (source.url)
            source.url = full(source.url);
        if (source.tiles)
            source.tiles = source.tiles.map(full);
        if (typeof source.data === 'string')
            source.data = full(source.data);
    }
    if (style.glyphs)
        style.glyphs = full(style.glyphs);
    if (typeof style.sprite === 'string')
        style.sprite = full(style.sprite);
    return style;
}

/* The box around every coordinate of a GeoJSON value; null when there is none. */
export function around(value: unknown, box: Box | null = null): Box | null {
    if (Array.isArray(value) && typeof value[0] === 'number' && typeof value[1] === 'number') {
        const [x, y] = value as [number, number];
        return box ? [Math.min(box[0], x), Math.min(box[1], y), Math.max(box[2], x), Math.max(box[3], y)] : [x, y, x, y];
    }
    if (Array.isArray(value))
        return value.reduce<Box | null>((sofar, each) => around(each, sofar), box);
    if (value && typeof value === 'object') {
        const { features, geometry, geometries, coordinates } = value as Record<string, unknown>;
        return [features, geometry, geometries, coordinates].reduce<Box | null>((sofar, each) => each ? around(each, sofar) : sofar, box);
    }
    return box;
}

function outlines(areas: GeoJSON.FeatureCollection): Style {
    return {
        version: 8,
        sources: { areas: { type: 'geojson', data: areas } },
        layers: [
            { id: 'ground', type: 'background', paint: { 'background-color': token('shade') } },
            { id: 'area', type: 'fill', source: 'areas', paint: { 'fill-color': token('sheet') }, filter: ['==', ['geometry-type'], 'Polygon'] },
            { id: 'edge', type: 'line', source: 'areas', paint: { 'line-color': token('lake'), 'line-width': 1.5 } },
            {
                id: 'name', type: 'symbol', source: 'areas',
                layout: { 'text-field': ['get', 'name'], 'text-size': 14, 'text-font': ['sans-serif'] },
                paint: { 'text-color': token('ink'), 'text-halo-color': token('sheet'), 'text-halo-width': 2 },
            },
        ],
    };
}

/* near: without a point, where to look first; on outlines alone from farther away, so that there is something to see. */
async function open(place: HTMLElement, at: Place | null, near: Place | null = null): Promise<maplibre.Map> {
    const [own, areas] = await Promise.all([json(`${base}/map/style.json`).catch(() => null), json(`${base}/map/areas.json`).catch(() => null)]);
    const box = around(areas);
    if (!own && !box && !at)
        throw new Error('no map');
    const map = new maplibre.Map({
        container: place,
        style: own ? absolute(own as Style) : outlines((areas ?? { type: 'FeatureCollection', features: [] }) as GeoJSON.FeatureCollection),
        attributionControl: { compact: true },
        dragRotate: false,
        pitchWithRotate: false,
        maxZoom: 19,
        fadeDuration: 0,
        ...(at || near ? { center: [(at ?? near)!.lon, (at ?? near)!.lat] as [number, number], zoom: at || own ? 16 : 14 }
            : box ? { bounds: box as [number, number, number, number], fitBoundsOptions: { padding: 24 } } : {}),
    });
    map.touchZoomRotate.disableRotation();
    map.keyboard.disableRotation();
    map.addControl(new maplibre.NavigationControl({ showCompass: false }), 'top-right');
    new ResizeObserver(() => map.resize()).observe(place);
    await new Promise<void>((ready) => map.once('load', () => ready()));
    return map;
}

function pin(): SVGSVGElement {
    const svg = document.createElementNS('http://www.w3.org/2000/svg', 'svg');
    svg.setAttribute('viewBox', '0 0 24 24');
    svg.setAttribute('class', 'pin');
    svg.setAttribute('aria-hidden', 'true');
    const path = document.createElementNS('http://www.w3.org/2000/svg', 'path');
    path.setAttribute('d', 'M12 23.5C12 23.5 4 15.5 4 9.5a8 8 0 0 1 16 0C20 15.5 12 23.5 12 23.5zM12 12.5a3 3 0 1 0 0-6 3 3 0 0 0 0 6z');
    path.setAttribute('stroke', 'currentColor');
    path.setAttribute('stroke-width', '2');
    svg.append(path);
    return svg;
}

/* Every movement that the reader made sets the point to the map's middle. Answers what moves the map without setting it. */
export async function choose(place: HTMLElement, at: Place | null, set: (point: Place) => void, label: string, near: Place | null = null): Promise<(to: Place) => void> {
    const map = await open(place, at, near);
    place.append(pin());
    map.getCanvas().setAttribute('aria-label', label);
    const tell = (): void => {
        const middle = map.getCenter();
        set({ lat: middle.lat, lon: middle.lng });
    };
    let moved = false;
    map.on('moveend', (event) => {
        if (event.originalEvent || moved)
            tell();
    });
    map.on('click', (event) => {
        moved = true;
        map.easeTo({ center: event.lngLat, duration: matchMedia('(prefers-reduced-motion: reduce)').matches ? 0 : 180 });
    });
    map.getCanvas().addEventListener('keydown', () => (moved = true));
    map.getCanvas().focus();
    return (to) => {
        moved = false;
        map.jumpTo({ center: [to.lon, to.lat] });
    };
}

/* The place stays in the middle; only nearer and farther is left. */
export async function show(place: HTMLElement, at: Place): Promise<void> {
    const map = await open(place, at);
    place.append(pin());
    map.dragPan.disable();
    map.scrollZoom.disable();
    map.keyboard.disable();
}
