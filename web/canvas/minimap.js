/** A small picture of the whole graph with the part that is seen; shown while not all of it is seen. */

import { h } from '../ui/dom.js';
import { categoryToken } from './palette.js';
import { contains } from './rect.js';

/** @import {Rect, Stage} from '../types/canvas.d.ts' */

const WIDTH = 176;
const HEIGHT = 112;
const INSET = 8;

export class Minimap {
  element;
  /** @type {Stage} */
  #stage;
  /** The nodes, painted once for each change of the graph. */
  #nodes = document.createElement('canvas');
  #valid = false;
  /** @type {Rect} */
  #graph = { x: 0, y: 0, width: 1, height: 1 };

  /** @param {Stage} stage */
  constructor(stage) {
    this.#stage = stage;
    this.element = h('canvas', { class: 'minimap', hidden: true, role: 'img', 'aria-label': stage.editor.t('canvas.minimap') });
    this.element.addEventListener('pointerdown', (event) => this.#onDown(event));
    this.element.addEventListener('pointermove', (event) => event.buttons === 1 && this.#look(event));
  }

  /** To be called when the graph has changed. */
  forget() {
    this.#valid = false;
  }

  /**
   * @param {Rect | null} graph the bounds of everything
   * @param {number} ratio device pixels for each CSS pixel
   */
  draw(graph, ratio) {
    const view = this.#stage.camera.view();
    this.element.hidden = graph === null || contains(view, graph);
    if (this.element.hidden || !graph) return;
    const { element } = this;
    if (element.width !== WIDTH * ratio || !this.#valid) {
      for (const canvas of [element, this.#nodes]) {
        canvas.width = Math.round(WIDTH * ratio);
        canvas.height = Math.round(HEIGHT * ratio);
      }
      this.#graph = graph;
      this.#paintNodes(ratio);
      this.#valid = true;
    }
    const context = element.getContext('2d');
    if (!context) return;
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.clearRect(0, 0, element.width, element.height);
    context.drawImage(this.#nodes, 0, 0);
    const { scale, left, top } = this.#fit();
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.strokeStyle = this.#stage.palette.color('--accent');
    context.lineWidth = 1.5;
    context.strokeRect(left + view.x * scale, top + view.y * scale, view.width * scale, view.height * scale);
  }

  /** @param {number} ratio */
  #paintNodes(ratio) {
    const { scene, palette, editor } = this.#stage;
    const context = this.#nodes.getContext('2d');
    if (!context) return;
    const { scale, left, top } = this.#fit();
    context.setTransform(ratio * scale, 0, 0, ratio * scale, ratio * left, ratio * top);
    context.globalAlpha = 0.65;
    scene.nodeIds.forEach((id, index) => {
      const node = editor.document.nodes.get(id);
      const spec = node ? editor.spec(node) : null;
      const [x = 0, y = 0, width = 0, height = 0] = scene.boxes.subarray(index * 4, index * 4 + 4);
      context.fillStyle = palette.color(spec ? categoryToken(spec.category) : '--danger');
      context.fillRect(x, y, width, height);
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
