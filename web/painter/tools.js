/** What a press of the pointer does with each tool. */

import { EMPTY, union } from './area.js';
import { readColor, withRecent, writeColor } from './colors.js';
import { expand, flood, likeness } from './flood.js';
import { coverPolygon } from './polygon.js';
import { StrokePath } from './stroke-path.js';

/** @import { Dab, Ink, PaintGesture, Sample, Studio, Tool } from '../types/painter.d.ts' */
/** @import { Point } from '../types/editor.d.ts' */

/** With the lightest touch a brush is this much of its size. */
const LEAST_PRESSED = 0.08;
/** A press with Shift that moves further than this (CSS pixels) draws a line of its own. */
const SLACK = 6;

/**
 * @param {Studio} studio
 * @param {Tool} tool
 * @param {Sample} at where it was pressed
 * @param {{ erase: boolean, straight: boolean }} how
 * @returns {PaintGesture}
 */
export function beginGesture(studio, tool, at, { erase, straight }) {
  if (tool === 'eyedropper') return pickColor(studio, at);
  // What a change of the whole mask would give is seen again when this is done.
  studio.sheet.previewMask(null);
  const gesture = inkingGesture(studio, tool, at, erase || tool === 'eraser', straight);
  return {
    ...gesture,
    cancel() {
      gesture.cancel();
      studio.steps.set(studio.steps.peek() + 1);
    },
  };
}

/**
 * @param {Studio} studio
 * @param {Tool} tool
 * @param {Sample} at
 * @param {boolean} erase
 * @param {boolean} straight
 * @returns {PaintGesture}
 */
function inkingGesture(studio, tool, at, erase, straight) {
  const ink = inkOf(studio, erase);
  if (!ink.erase && studio.layer.peek() === 'paint') {
    studio.set({ recent: withRecent(studio.settings.peek().recent, studio.settings.peek().color) });
  }
  if (tool === 'fill') return fill(studio, at, ink);
  if (tool === 'rectangle') return drawShape(studio, at, ink, rectangle);
  if (tool === 'lasso') return drawShape(studio, at, ink, (points) => points);
  return straight ? drawLine(studio, at, ink) : drawStroke(studio, at, ink);
}

/** @param {Studio} studio @param {boolean} erase @returns {Ink} */
export function inkOf({ settings }, erase) {
  const { opacity, color } = settings.peek();
  return { erase, opacity, color: readColor(color) };
}

/** @param {Studio} studio @param {Sample} sample @returns {Dab} */
function dabOf({ settings }, { x, y, pressure }) {
  const { size, pressure: does } = settings.peek();
  const pressed = LEAST_PRESSED + (1 - LEAST_PRESSED) * pressure;
  return {
    x,
    y,
    radius: (size / 2) * (does === 'size' || does === 'both' ? pressed : 1),
    strength: does === 'opacity' || does === 'both' ? pressure : 1,
  };
}

/** The way of the brush, and what it has touched since it was last asked. @param {Studio} studio */
function sweeper({ board, settings }) {
  const { hardness } = settings.peek();
  let touched = EMPTY;
  const path = new StrokePath((from, to) => {
    touched = union(touched, board.coverage.sweep(from, to, hardness));
  });
  const show = () => {
    board.show(touched);
    touched = EMPTY;
  };
  return { path, show };
}

/** @param {Studio} studio @param {Sample} at @param {Ink} ink @returns {PaintGesture} */
function drawStroke(studio, at, ink) {
  const { board, layer } = studio;
  board.begin(layer.peek(), ink, ink.erase ? 'erase' : 'stroke');
  const { path, show } = sweeper(studio);
  let last = at;
  path.add(dabOf(studio, at));
  show();
  return {
    move(samples) {
      for (const sample of samples) path.add(dabOf(studio, sample));
      last = samples.at(-1) ?? last;
      show();
    },
    end() {
      path.finish();
      show();
      finish(studio, last);
    },
    cancel: () => board.cancel(),
  };
}

/**
 * A straight line: from where the last stroke ended, or from the press if the pointer moves on. With Ctrl it keeps to
 * multiples of 15 degrees.
 *
 * @param {Studio} studio
 * @param {Sample} at
 * @param {Ink} ink
 * @returns {PaintGesture}
 */
function drawLine(studio, at, ink) {
  const { board, camera, layer } = studio;
  board.begin(layer.peek(), ink, ink.erase ? 'erase' : 'stroke');
  let end = at;
  const draw = () => {
    const moved = Math.hypot(end.x - at.x, end.y - at.y) * camera.scale > SLACK;
    const start = moved ? at : (studio.lastPoint ?? at);
    const { path, show } = sweeper(studio);
    board.restart();
    path.add(dabOf(studio, { ...start, pressure: end.pressure }));
    path.add(dabOf(studio, end));
    path.finish();
    show();
  };
  draw();
  return {
    move(samples, { mod }) {
      const last = samples.at(-1);
      if (!last) return;
      // A pen that is lifted reports less and less pressure: the line keeps the most.
      const pressure = Math.max(end.pressure, last.pressure);
      end = { ...(mod ? snapped(at, last) : last), pressure };
      draw();
    },
    end: () => finish(studio, end),
    cancel: () => board.cancel(),
  };
}

/** The end of a line in a multiple of 15 degrees. @param {Point} start @param {Sample} end @returns {Sample} */
function snapped(start, end) {
  const step = Math.PI / 12;
  const length = Math.hypot(end.x - start.x, end.y - start.y);
  const angle = Math.round(Math.atan2(end.y - start.y, end.x - start.x) / step) * step;
  return { ...end, x: start.x + length * Math.cos(angle), y: start.y + length * Math.sin(angle) };
}

/** @param {Studio} studio @param {Sample | null} last */
function finish(studio, last) {
  if (last) studio.lastPoint = last;
  studio.board.commit();
  studio.steps.set(studio.steps.peek() + 1);
}

/**
 * @param {Studio} studio
 * @param {Sample} at
 * @param {Ink} ink
 * @param {(points: readonly Point[], square: boolean) => readonly Point[]} shape
 * @returns {PaintGesture}
 */
function drawShape(studio, at, ink, shape) {
  /** @type {Point[]} */
  const points = [at];
  let corners = /** @type {readonly Point[]} */ (points);
  return {
    move(samples, { shift }) {
      points.push(...samples);
      corners = shape(points, shift);
      studio.outline.set([...corners]);
    },
    end() {
      studio.outline.set([]);
      const { board, layer } = studio;
      board.begin(layer.peek(), ink, ink.erase ? 'erase' : 'shape');
      board.show(coverPolygon(board.coverage, corners));
      finish(studio, null);
    },
    cancel: () => studio.outline.set([]),
  };
}

/** @param {readonly Point[]} points @param {boolean} square @returns {readonly Point[]} */
function rectangle(points, square) {
  const [first, last] = [points[0], points.at(-1)];
  if (!first || !last) return [];
  let [dx, dy] = [last.x - first.x, last.y - first.y];
  if (square) {
    const side = Math.max(Math.abs(dx), Math.abs(dy));
    [dx, dy] = [Math.sign(dx) * side, Math.sign(dy) * side];
  }
  const [right, bottom] = [first.x + dx, first.y + dy];
  return [first, { x: right, y: first.y }, { x: right, y: bottom }, { x: first.x, y: bottom }];
}

/** @param {Studio} studio @param {Sample} at @param {Ink} ink @returns {PaintGesture} */
function fill(studio, at, ink) {
  const { board, layer, settings, sheet } = studio;
  const { maskSample, paintSample, tolerance } = settings.peek();
  const target = board.layers[layer.peek()];
  const sample = target.name === 'mask' ? maskSample : paintSample;
  const [x, y] = [Math.floor(at.x), Math.floor(at.y)];
  const [data, channels] = sample === 'layer' ? [target.data, target.channels] : [sheet.seen(), 4];
  const found = flood(board.width, board.height, x, y, likeness(data, channels, y * board.width + x, tolerance));
  board.ink(layer.peek(), ink, 'fill', expand(found, board.width, board.height));
  studio.steps.set(studio.steps.peek() + 1);
  return { move() {}, end() {}, cancel() {} };
}

/** @param {Studio} studio @param {Sample} at @returns {PaintGesture} */
function pickColor(studio, at) {
  const pick = (/** @type {Sample | undefined} */ sample) => {
    const [x, y] = [Math.floor(sample?.x ?? -1), Math.floor(sample?.y ?? -1)];
    const { width, height } = studio.board;
    if (x < 0 || y < 0 || x >= width || y >= height) return;
    studio.set({ color: writeColor(studio.sheet.colorAt(x, y)) });
  };
  pick(at);
  return { move: (samples) => pick(samples.at(-1)), end() {}, cancel() {} };
}
