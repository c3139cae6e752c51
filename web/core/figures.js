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

/** @param {RawFigures} raw @returns {Figure[]} */
export function readFigures({ a_images: first, b_images: second, plots, tables }) {
  const compared = first.length + second.length > 0 ? [/** @type {const} */ ({ kind: 'compare', first, second })] : [];
  return [
    ...compared,
    ...plots.flatMap((each) => (isRecord(each) ? [{ kind: /** @type {const} */ ('plot'), plot: readPlot(each) }] : [])),
    ...tables.flatMap((each) => (isRecord(each) ? [{ kind: /** @type {const} */ ('table'), table: readTable(each) }] : [])),
  ];
}

/** @param {Record<string, Json>} raw @returns {Plot} */
function readPlot(raw) {
  return {
    title: textOf(raw['title']),
    xLabel: textOf(raw['x_label']),
    yLabel: textOf(raw['y_label']),
    xScale: scaleOf(raw['x_scale']),
    yScale: scaleOf(raw['y_scale']),
    series: listOf(raw['series']).flatMap((each) => (isRecord(each) ? [readSeries(each)] : [])),
  };
}

/** @param {Record<string, Json>} raw @returns {Series} */
function readSeries(raw) {
  const y = listOf(raw['y']).map(numberOf);
  const given = listOf(raw['x']).map(numberOf);
  return { label: textOf(raw['label']), x: y.map((_, index) => (given.length > 0 ? (given[index] ?? null) : index)), y };
}

/** @param {Record<string, Json>} raw @returns {Table} */
function readTable(raw) {
  const columns = listOf(raw['columns']).map(textOf);
  const rows = listOf(raw['rows']).map((row) => columns.map((_, index) => cellOf(listOf(row)[index])));
  return { title: textOf(raw['title']), columns, rows, leftOut: numberOf(raw['left_out'] ?? 0) ?? 0 };
}

/** @param {Json | undefined} value */
const textOf = (value) => (typeof value === 'string' ? value : value === null || value === undefined ? '' : String(value));

/** @param {Json | undefined} value */
const numberOf = (value) => (typeof value === 'number' && Number.isFinite(value) ? value : null);

/** @param {Json | undefined} value @returns {Scale} */
const scaleOf = (value) => (value === 'log' ? 'log' : 'linear');

/** @param {Json | undefined} value @returns {value is 'output' | 'input' | 'temp'} */
const isArea = (value) => value === 'output' || value === 'input' || value === 'temp';

/** @param {Json | undefined} value @returns {Cell} */
function cellOf(value) {
  if (value === undefined || value === null) return null;
  if (isRecord(value) && typeof value['filename'] === 'string' && isArea(value['type'])) {
    return { filename: value['filename'], subfolder: textOf(value['subfolder']), type: value['type'] };
  }
  return typeof value === 'object' ? JSON.stringify(value) : value;
}
