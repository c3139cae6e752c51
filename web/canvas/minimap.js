/** A small picture of the whole graph with the part that is seen; shown while not all of it is seen. */

import { h } from '../ui/dom.js';
import { BACK } from './frame.js';
import { categoryToken } from './palette.js';
import { Placement } from './placement.js';
import { contains } from './rect.js';

/** @import {Rect, Stage} from '../types/canvas.d.ts' */

const WIDTH = 176;
const HEIGHT = 112;
const INSET = 8;

/** While the graph changes all the time, its nodes are painted anew after so long. */
const PAUSE_MS = 150;

export class Minimap {
  element;
  /** @type {Stage} */
  #stage;
  /** The nodes, painted once for each change of the graph. */
  #nodes = h('canvas', { 'aria-hidden': true });
  #view = h('div', { class: 'minimap-view' });
  #placement = new Placement(this.#view);
  #ratio = 0;
  #valid = false;
  #painted = -Infinity;
  #timer = 0;
  /** @type {Rect} */
  #graph = { x: 0, y: 0, width: 1, height: 1 };

  /** @param {Stage} stage */
  constructor(stage) {
    this.#stage = stage;
    this.element = h('div', { class: 'minimap', hidden: true, role: 'img' }, this.#nodes, this.#view);
    this.element.addEventListener('pointerdown', (event) => this.#onDown(event));
    this.element.addEventListener('pointermove', (event) => event.buttons === 1 && this.#look(event));
  }

  /** To be called when the graph has changed. */
  forget() {
    this.#valid = false;
  }

  destroy() {
    clearTimeout(this.#timer);
  }

  /**
   * @param {Rect | null} graph the bounds of everything
   * @param {number} ratio device pixels for each CSS pixel
   * @param {boolean} moving
   */
  draw(graph, ratio, moving) {
    const view = this.#stage.camera.view();
    const hidden = graph === null || contains(view, graph);
    if (this.element.hidden !== hidden) this.element.hidden = hidden;
    this.element.ariaLabel = this.#stage.editor.t('canvas.minimap');
    if (hidden || !graph) return;
    if (!this.#valid || this.#ratio !== ratio) this.#renew(graph, ratio);
    const { scale, left, top } = this.#fit();
    this.#placement.put(`translate(${left + view.x * scale}px, ${top + view.y * scale}px)`, moving);
    this.#view.style.width = `${view.width * scale}px`;
    this.#view.style.height = `${view.height * scale}px`;
  }

  /** @param {Rect} graph @param {number} ratio */
  #renew(graph, ratio) {
    const now = performance.now();
    if (this.#ratio === ratio && now < this.#painted + PAUSE_MS) {
      this.#timer ||= setTimeout(() => {
        this.#timer = 0;
        this.#stage.loop.invalidate(BACK);
      }, PAUSE_MS);
      return;
    }
    this.#painted = now;
    this.#valid = true;
    this.#ratio = ratio;
    this.#graph = graph;
    this.#nodes.width = Math.round(WIDTH * ratio);
    this.#nodes.height = Math.round(HEIGHT * ratio);
    this.#paintNodes(ratio);
  }

  /** @param {number} ratio */
  #paintNodes(ratio) {
    const { scene, palette, editor } = this.#stage;
    const context = this.#nodes.getContext('2d');
    if (!context) return;
    const { scale, left, top } = this.#fit();
    context.setTransform(ratio * scale, 0, 0, ratio * scale, ratio * left, ratio * top);
    context.globalAlpha = 0.65;
    const { boxes } = scene;
    let color = '';
    scene.nodeIds.forEach((id, index) => {
      const node = editor.document.nodes.get(id);
      const spec = node ? editor.spec(node) : null;
      const wanted = palette.color(spec ? categoryToken(spec.category) : '--danger');
      if (wanted !== color) context.fillStyle = color = wanted;
      const at = index * 4;
      context.fillRect(boxes[at] ?? 0, boxes[at + 1] ?? 0, boxes[at + 2] ?? 0, boxes[at + 3] ?? 0);
    });
  }

  /** Where the document lies on the map: a place is at `left + x * scale`. */
  #fit() {
    const { x, y, width, height } = this.#graph;
    const scale = Math.min((WIDTH - 2 * INSET) / width, (HEIGHT - 2 * INSET) / height);
    return { scale, left: (WIDTH - width * scale) / 2 - x * scale, top: (HEIGHT - height * scale) / 2 - y * scale };
  }

  /** @param {PointerEvent} event */
  #onDown(event) {
    if (event.button !== 0) return;
    event.preventDefault();
    event.stopPropagation();
    this.element.setPointerCapture(event.pointerId);
    this.#look(event);
  }

  /** Put the place under the pointer into the middle of the view. @param {PointerEvent} event */
  #look(event) {
    event.stopPropagation();
    const { camera } = this.#stage;
    const { scale, left, top } = this.#fit();
    const box = this.element.getBoundingClientRect();
    camera.x = (event.clientX - box.left - left) / scale - camera.width / camera.scale / 2;
    camera.y = (event.clientY - box.top - top) / scale - camera.height / camera.scale / 2;
    this.#stage.cameraMoved();
  }
}
