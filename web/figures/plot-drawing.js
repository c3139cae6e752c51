/** Drawing a plot's axes and lines. */

import { placeOn, shortNumber, ticksOf } from '../core/plot-axes.js';

/** @import { Axis, Series } from '../types/figures.d.ts' */

const SVG = 'http://www.w3.org/2000/svg';
/** A label takes about so many CSS pixels across, and down. */
const ACROSS = 56;
const DOWN = 20;
/** Fewer say nothing of the scale. */
const LEAST_DOWN = 2;
/** A circle around a point. */
const DOT = 'm-1.5 0a1.5 1.5 0 1 0 3 0a1.5 1.5 0 1 0 -3 0';

/**
 * @template {keyof SVGElementTagNameMap} K
 * @param {K} tag
 * @param {Record<string, string | number>} attributes
 * @param {string} [text]
 * @returns {SVGElementTagNameMap[K]}
 */
export function svg(tag, attributes, text) {
  const element = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, String(value));
  if (text !== undefined) element.textContent = text;
  return element;
}

/**
 * Where the lines are drawn, in CSS pixels.
 *
 * @param {number} width of the whole drawing
 * @param {number} height
 */
export const frameOf = (width, height) => ({ left: 46, top: 8, width: Math.max(1, width - 56), height: Math.max(1, height - 40) });

/**
 * @param {SVGSVGElement} drawing
 * @param {{ width: number, height: number, axes: { x: Axis, y: Axis }, lines: readonly { line: Series, color: string }[],
 *   xLabel: string, yLabel: string }} content
 */
export function drawPlot(drawing, { width, height, axes, lines, xLabel, yLabel }) {
  const frame = frameOf(width, height);
  const [right, bottom] = [frame.left + frame.width, frame.top + frame.height];
  drawing.setAttribute('viewBox', `0 0 ${width} ${height}`);
  const across = (/** @type {number} */ value) => frame.left + (placeOn(axes.x, value) ?? 0) * frame.width;
  const down = (/** @type {number} */ value) => bottom - (placeOn(axes.y, value) ?? 0) * frame.height;
  const xTicks = ticksOf(axes.x, Math.floor(frame.width / ACROSS));
  const yTicks = ticksOf(axes.y, Math.max(LEAST_DOWN, Math.floor(frame.height / DOWN)));
  const grid = [
    ...xTicks.map((tick) => `M${across(tick)} ${frame.top}V${bottom}`),
    ...yTicks.map((tick) => `M${frame.left} ${down(tick)}H${right}`),
  ];
  const clip = svg('svg', { x: frame.left, y: frame.top, width: frame.width, height: frame.height, class: 'plot-lines' });
  for (const { line, color } of lines) {
    const path = svg('path', { class: 'plot-line', d: pathOf(line, axes, frame) });
    path.style.stroke = color;
    clip.append(path);
  }
  drawing.replaceChildren(
    svg('path', { class: 'plot-grid', d: grid.join('') }),
    svg('path', { class: 'plot-axes', d: `M${frame.left} ${frame.top}V${bottom}H${right}` }),
    ...xTicks.map((tick) => svg('text', { x: across(tick), y: bottom + 13, 'text-anchor': 'middle' }, shortNumber(tick))),
    ...yTicks.map((tick) => svg('text', { x: frame.left - 6, y: down(tick) + 3.5, 'text-anchor': 'end' }, shortNumber(tick))),
    svg('text', { class: 'plot-name', x: frame.left + frame.width / 2, y: height - 5, 'text-anchor': 'middle' }, xLabel),
    svg('text', { class: 'plot-name', transform: `translate(10 ${frame.top + frame.height / 2}) rotate(-90)`, 'text-anchor': 'middle' }, yLabel),
    clip,
  );
}

/**
 * A gap in the values is a gap in the line; a point between two gaps is a dot.
 *
 * @param {Series} line
 * @param {{ x: Axis, y: Axis }} axes
 * @param {{ width: number, height: number }} frame
 */
function pathOf(line, axes, frame) {
  const places = line.x.map((x, index) => {
    const y = line.y[index] ?? null;
    const across = x === null ? null : placeOn(axes.x, x);
    const up = y === null ? null : placeOn(axes.y, y);
    return across === null || up === null ? null : `${(across * frame.width).toFixed(1)} ${((1 - up) * frame.height).toFixed(1)}`;
  });
  return places
    .map((place, index) => {
      if (place === null) return '';
      if (places[index - 1]) return `L${place}`;
      return places[index + 1] ? `M${place}` : `M${place}${DOT}`;
    })
    .join('');
}
