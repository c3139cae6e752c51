/**
 * The painted background: a canvas that reaches beyond the view on every side. It follows the camera as a picture does,
 * by being moved and scaled, and is painted anew only where the document has changed, or when it no longer serves.
 */

import { h } from '../ui/dom.js';
import { Camera } from './camera.js';
import { NEAR } from './metrics.js';
import { paintDocument, paintGrid } from './paint.js';
import { Placement } from './placement.js';
import { area, contains, intersection, union } from './rect.js';

/** @import {FarNodes, Rect, Stage} from '../types/canvas.d.ts' */

/** It reaches so far beyond each edge of the view, in CSS pixels, as long as it has no more device pixels than these. */
const MARGIN = 256;
const LEAST_MARGIN = 32;
const MOST_PIXELS = 16e6;
/** While the camera moves it is scaled by at most this; one with much on it, which takes long to paint, by more. */
const MOST_ZOOM = 1.25;
const MOST_ZOOM_HEAVY = 1.8;
/** So many painted nodes and links are much. */
const HEAVY = 900;
/** What has changed is painted alone if it is at most this part of all. */
const MOST_PART = 0.5;
/** Lines and outlines reach beyond the boxes by this, in CSS pixels and in document units. */
const EDGE = 6;

export class Background {
  element = h('canvas', { class: 'canvas-back', 'aria-hidden': true });
  #placement = new Placement(this.element);
  /** Where the camera was, and what it would see with the margin. */
  #painted = new Camera();
  #ratio = 0;
  /** Painted as seen from far: with every node. */
  #far = false;
  /** What is not painted as it is now. @type {Rect | 'everything' | null} */
  #stale = /** @type {Rect | 'everything' | null} */ ('everything');

  /** Everything may have changed. */
  forget() {
    this.#stale = 'everything';
  }

  /** Near nodes have to be painted. */
  paintNear() {
    if (!this.#far) this.forget();
  }

  /** Something has changed here. @param {Rect | null} rect in the document; null for nothing */
  touch(rect) {
    if (!rect || this.#stale === 'everything') return;
    this.#stale = this.#stale ? union(this.#stale, rect) : rect;
  }

  /**
   * Put the background under the camera, and paint what has to be painted.
   *
   * @param {Stage} stage
   * @param {number} ratio device pixels for each CSS pixel
   * @param {boolean} moving
   * @param {Rect | null} graph the bounds of everything
   * @param {FarNodes} nodes
   */
  draw(stage, ratio, moving, graph, nodes) {
    const { camera } = stage;
    if (!this.#serves(stage, ratio, moving, graph)) this.#paint(stage, ratio, nodes);
    else if (this.#stale) this.#paintPart(stage, nodes);
    this.#place(camera, ratio, moving);
  }

  /**
   * @param {Stage} stage
   * @param {number} ratio
   * @param {boolean} moving
   * @param {Rect | null} graph
   */
  #serves({ camera, counts }, ratio, moving, graph) {
    if (this.#stale === 'everything' || this.#ratio !== ratio) return false;
    if (camera.scale < NEAR && !this.#far) return false;
    const view = camera.view();
    const painted = this.#painted.view();
    if (this.#stale && area(intersection(this.#stale, painted)) > MOST_PART * area(painted)) return false;
    const heavy = counts.farNodes + counts.links > HEAVY;
    const zoom = camera.scale / this.#painted.scale;
    if (zoom !== 1) {
      const most = heavy ? MOST_ZOOM_HEAVY : MOST_ZOOM;
      // At rest everything is sharp.
      if (!moving || zoom > most || zoom < 1 / most) return false;
    }
    // Where there is nothing but the ground, a large graph can wait until the camera rests.
    return contains(painted, heavy && moving && graph ? intersection(view, graph) : view);
  }

  /**
   * @param {Stage} stage
   * @param {number} ratio
   * @param {FarNodes} nodes
   */
  #paint(stage, ratio, nodes) {
    const { camera, counts } = stage;
    this.#resize(camera, ratio);
    const context = this.#context();
    if (!context) return;
    const painted = this.#painted;
    const margin = (painted.width - camera.width) / 2;
    const device = camera.scale * ratio;
    painted.scale = camera.scale;
    // On whole device pixels, so that nothing is blurred as long as the camera only pans.
    painted.x = Math.round((camera.x - margin / camera.scale) * device) / device;
    painted.y = Math.round((camera.y - margin / camera.scale) * device) / device;
    this.#ratio = ratio;
    this.#far = camera.scale < NEAR;
    this.#stale = null;
    counts.backgrounds += 1;
    const all = { x: 0, y: 0, width: this.element.width, height: this.element.height };
    paintGrid(context, { ...stage, camera: painted }, ratio, all);
    paintDocument(context, { ...stage, camera: painted }, ratio, painted.view(), nodes);
  }

  /** The part that has changed. @param {Stage} stage @param {FarNodes} nodes */
  #paintPart(stage, nodes) {
    const context = this.#context();
    const painted = this.#painted;
    const changed = /** @type {Rect} */ (this.#stale);
    this.#stale = null;
    if (!context) return;
    const edge = EDGE + EDGE / painted.scale;
    const wide = { x: changed.x - edge, y: changed.y - edge, width: changed.width + 2 * edge, height: changed.height + 2 * edge };
    const part = intersection(wide, painted.view());
    if (area(part) === 0) return;
    stage.counts.patches += 1;
    const pixels = onPixels(part, painted, this.#ratio);
    context.save();
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.beginPath();
    context.rect(pixels.x, pixels.y, pixels.width, pixels.height);
    context.clip();
    paintGrid(context, { ...stage, camera: painted }, this.#ratio, pixels);
    const counts = { ...stage.counts };
    paintDocument(context, { ...stage, camera: painted, counts }, this.#ratio, part, nodes);
    stage.counts.patchedNodes += counts.farNodes;
    context.restore();
  }

  #context() {
    return this.element.getContext('2d', { alpha: false });
  }

  /** @param {Camera} camera @param {number} ratio */
  #resize(camera, ratio) {
    const margin = marginOf(camera, ratio);
    const width = Math.round((camera.width + 2 * margin) * ratio);
    const height = Math.round((camera.height + 2 * margin) * ratio);
    this.#painted.width = width / ratio;
    this.#painted.height = height / ratio;
    const { element } = this;
    // Setting a size clears the canvas and gives it new memory.
    if (element.width === width && element.height === height && this.#ratio === ratio) return;
    element.width = width;
    element.height = height;
    element.style.width = `${width / ratio}px`;
    element.style.height = `${height / ratio}px`;
  }

  /** @param {Camera} camera @param {number} ratio @param {boolean} moving */
  #place(camera, ratio, moving) {
    const painted = this.#painted;
    const zoom = camera.scale / painted.scale;
    const device = camera.scale * ratio;
    // As the layer of the node elements rounds its place.
    const x = (painted.x * device + Math.round(-camera.x * device)) / ratio;
    const y = (painted.y * device + Math.round(-camera.y * device)) / ratio;
    const still = `translate(${snap(x, ratio)}px, ${snap(y, ratio)}px)`;
    this.#placement.put(zoom === 1 ? still : `translate(${x}px, ${y}px) scale(${zoom})`, moving);
  }
}

/** @param {number} length CSS pixels @param {number} ratio */
const snap = (length, ratio) => Math.round(length * ratio) / ratio;

/** @param {Camera} camera @param {number} ratio */
function marginOf({ width, height }, ratio) {
  const pixels = (width + 2 * MARGIN) * (height + 2 * MARGIN) * ratio * ratio;
  return pixels <= MOST_PIXELS ? MARGIN : LEAST_MARGIN;
}

/**
 * A part of the document as device pixels of the canvas, whole ones.
 *
 * @param {Rect} part
 * @param {Camera} painted
 * @param {number} ratio
 * @returns {Rect}
 */
function onPixels(part, painted, ratio) {
  const device = painted.scale * ratio;
  const x = Math.floor((part.x - painted.x) * device);
  const y = Math.floor((part.y - painted.y) * device);
  const right = Math.ceil((part.x + part.width - painted.x) * device);
  const bottom = Math.ceil((part.y + part.height - painted.y) * device);
  return { x, y, width: right - x, height: bottom - y };
}
