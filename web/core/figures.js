/** What nodes show beside pictures and texts, read with care: packs may have sent anything. */

import { isRecord, listOf } from './json.js';

/** @import { Cell, Figure, Plot, RawFigures, Scale, Series, Table } from '../types/figures.d.ts' */
/** @import { Json } from '../types/spec.d.ts' */

/**
 * @param {Partial<RawFigures>} output what a node shows
 * @returns {RawFigures | null} null where there are none
 */
export function figuresOf({ a_images = [], b_images = [], plots = [], tables = [] }) {
  return a_images.length + b_images.length + plots.length + tables.length === 0
    ? null
    : { a_images, b_images, plots, tables };
}

/**
 * @param {RawFigures} raw
 * @param {(text: string) => string} [translate] what nodes say in their own words
 * @returns {Figure[]}
 */
export function readFigures({ a_images: first, b_images: second, plots, tables }, translate = (text) => text) {
  const compared = first.length + second.length > 0 ? [/** @type {const} */ ({ kind: 'compare', first, second })] : [];
  return [
    ...compared,
    ...plots.flatMap((each) => (isRecord(each) ? [{ kind: /** @type {const} */ ('plot'), plot: readPlot(each, translate) }] : [])),
    ...tables.flatMap((each) => (isRecord(each) ? [{ kind: /** @type {const} */ ('table'), table: readTable(each, translate) }] : [])),
  ];
}

/**
 * Texts as they are shown: those that are the node's own words are translated, and what users have written is not.
 *
 * @param {readonly Json[]} said the node's own words
 * @param {(text: string) => string} translate
 * @returns {(text: string) => string}
 */
export function inWords(said, translate) {
  const own = new Set(said);
  return (text) => (own.has(text) ? translate(text) : text);
}

/** @param {Record<string, Json>} raw @param {(text: string) => string} translate @returns {Plot} */
function readPlot(raw, translate) {
  const say = inWords(listOf(raw['said']), translate);
  return {
    title: say(textOf(raw['title'])),
    xLabel: say(textOf(raw['x_label'])),
    yLabel: say(textOf(raw['y_label'])),
    xScale: scaleOf(raw['x_scale']),
    yScale: scaleOf(raw['y_scale']),
    series: listOf(raw['series']).flatMap((each) => (isRecord(each) ? [readSeries(each, translate)] : [])),
  };
}

/** @param {Record<string, Json>} raw @param {(text: string) => string} translate @returns {Series} */
function readSeries(raw, translate) {
  const say = inWords(listOf(raw['said']), translate);
  const y = listOf(raw['y']).map(numberOf);
  const given = listOf(raw['x']).map(numberOf);
  return { label: say(textOf(raw['label'])), x: y.map((_, index) => (given.length > 0 ? (given[index] ?? null) : index)), y };
}

/** @param {Record<string, Json>} raw @param {(text: string) => string} translate @returns {Table} */
function readTable(raw, translate) {
  const say = inWords(listOf(raw['said']), translate);
  const sayCell = inWords(listOf(raw['said_cells']), translate);
  const columns = listOf(raw['columns']).map(textOf);
  const rows = listOf(raw['rows']).map((row) => columns.map((_, index) => cellOf(listOf(row)[index], sayCell)));
  return { title: say(textOf(raw['title'])), columns: columns.map(say), rows, leftOut: numberOf(raw['left_out'] ?? 0) ?? 0 };
}

/** @param {Json | undefined} value */
const textOf = (value) => (typeof value === 'string' ? value : value === null || value === undefined ? '' : String(value));

/** @param {Json | undefined} value */
const numberOf = (value) => (typeof value === 'number' && Number.isFinite(value) ? value : null);

/** @param {Json | undefined} value @returns {Scale} */
const scaleOf = (value) => (value === 'log' ? 'log' : 'linear');

/** @param {Json | undefined} value @returns {value is 'output' | 'input' | 'temp'} */
const isArea = (value) => value === 'output' || value === 'input' || value === 'temp';

/** @param {Json | undefined} value @param {(text: string) => string} say @returns {Cell} */
function cellOf(value, say) {
  if (value === undefined || value === null) return null;
  if (isRecord(value) && typeof value['filename'] === 'string' && isArea(value['type'])) {
    return { filename: value['filename'], subfolder: textOf(value['subfolder']), type: value['type'] };
  }
  if (typeof value === 'object') return JSON.stringify(value);
  return typeof value === 'string' ? say(value) : value;
}
