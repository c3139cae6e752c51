/** A layer's pixels in squares: what undo remembers, and what a stroke is blended with. */

/** @import { Rect } from '../types/canvas.d.ts' */
/** @import { Layer } from '../types/painter.d.ts' */

const TILE = 128;

/** @param {Pick<Layer, 'width'>} layer */
const columnsOf = ({ width }) => Math.ceil(width / TILE);

/**
 * @param {Pick<Layer, 'width' | 'height'>} layer
 * @param {number} tile its number, row by row
 * @returns {Rect}
 */
export function tileRect(layer, tile) {
  const columns = columnsOf(layer);
  const x = (tile % columns) * TILE;
  const y = Math.floor(tile / columns) * TILE;
  return { x, y, width: Math.min(TILE, layer.width - x), height: Math.min(TILE, layer.height - y) };
}

/**
 * @param {Pick<Layer, 'width' | 'height'>} layer
 * @param {Rect} rect
 * @returns {number[]} the tiles that a rectangle touches
 */
export function tilesIn(layer, { x, y, width, height }) {
  const columns = columnsOf(layer);
  /** @type {number[]} */
  const found = [];
  if (width <= 0 || height <= 0) return found;
  for (let row = Math.floor(y / TILE); row * TILE < y + height; row += 1) {
    for (let column = Math.floor(x / TILE); column * TILE < x + width; column += 1) found.push(row * columns + column);
  }
  return found;
}

/**
 * @param {Layer} layer
 * @param {number} tile
 * @returns {Uint8ClampedArray<ArrayBuffer>} a copy of its pixels
 */
export function readTile(layer, tile) {
  const { x, y, width, height } = tileRect(layer, tile);
  const stride = width * layer.channels;
  const copy = new Uint8ClampedArray(stride * height);
  for (let row = 0; row < height; row += 1) {
    const start = ((y + row) * layer.width + x) * layer.channels;
    copy.set(layer.data.subarray(start, start + stride), row * stride);
  }
  return copy;
}

/**
 * @param {Layer} layer
 * @param {number} tile
 * @param {Uint8ClampedArray} pixels
 */
export function writeTile(layer, tile, pixels) {
  const { x, y, width, height } = tileRect(layer, tile);
  const stride = width * layer.channels;
  for (let row = 0; row < height; row += 1) {
    layer.data.set(pixels.subarray(row * stride, (row + 1) * stride), ((y + row) * layer.width + x) * layer.channels);
  }
}

/**
 * @param {Layer} layer
 * @param {number} tile
 * @param {Uint8ClampedArray} pixels
 */
export function sameTile(layer, tile, pixels) {
  const { x, y, width, height } = tileRect(layer, tile);
  const stride = width * layer.channels;
  for (let row = 0, at = 0; row < height; row += 1) {
    const start = ((y + row) * layer.width + x) * layer.channels;
    for (let place = 0; place < stride; place += 1, at += 1) if (layer.data[start + place] !== pixels[at]) return false;
  }
  return true;
}
