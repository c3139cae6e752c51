/** Where the painting is seen: the sheet, the brush's outline below the pointer, a shape that is being drawn. */

import { effect } from '../core/signal.js';
import { listenForWheel } from '../canvas/wheel.js';
import { h } from '../ui/dom.js';
import { KeyboardBrush } from './keyboard-brush.js';
import { PaintPointer } from './pointer.js';

/** @import { Studio } from '../types/painter.d.ts' */
/** @import { Point } from '../types/editor.d.ts' */

const SVG = 'http://www.w3.org/2000/svg';
/** A smaller brush is shown as a cross (CSS pixels). */
const LEAST_RING = 5;

export class PaintStage {
  element;
  pointer;
  keyboard;
  #studio;
  #ring = h('div', { class: 'paint-ring', hidden: true }, h('i'));
  #outline = document.createElementNS(SVG, 'svg');
  #shape = document.createElementNS(SVG, 'polygon');

  /** @param {Studio} studio @param {AbortSignal} signal @param {string} label */
  constructor(studio, signal, label) {
    this.#studio = studio;
    this.#outline.setAttribute('class', 'paint-outline');
    this.#outline.append(this.#shape);
    this.element = h(
      'div',
      { class: 'paint-stage', tabindex: 0, role: 'application', 'aria-label': label },
      studio.sheet.element,
      this.#outline,
      this.#ring,
    );
    this.keyboard = new KeyboardBrush(studio);
    this.pointer = new PaintPointer(studio, this.element, signal, () => this.#onPointer());
    const cameraMoved = () => studio.view.set(studio.view.peek() + 1);
    listenForWheel({ host: this.element, camera: studio.camera, cameraMoved }, signal);
    const sizes = new ResizeObserver(() => this.#measure());
    sizes.observe(this.element);
    const ends = [effect(() => this.#place()), effect(() => this.#showRing()), effect(() => this.#showOutline())];
    signal.addEventListener('abort', () => {
      sizes.disconnect();
      for (const end of ends) end();
    });
  }

  /** Show all of the picture. */
  fit() {
    this.#measure();
    this.#studio.camera.fit();
    this.#studio.view.set(this.#studio.view.peek() + 1);
  }

  /** Where the brush is, in pixels of the picture. @returns {Point} */
  brushPlace() {
    const { camera } = this.#studio;
    return this.keyboard.at ?? camera.toPicture(this.pointer.at ?? camera.centre());
  }

  #measure() {
    const { camera } = this.#studio;
    [camera.width, camera.height] = [this.element.clientWidth, this.element.clientHeight];
  }

  #place() {
    this.#studio.view.get();
    this.#studio.sheet.place(this.#studio.camera);
  }

  #onPointer() {
    if (!this.keyboard.down) this.keyboard.at = null;
    this.moveRing();
  }

  #showRing() {
    const { settings, tool, view } = this.#studio;
    view.get();
    const { size, hardness } = settings.get();
    const wide = size * this.#studio.camera.scale;
    const brush = tool.get() === 'brush' || tool.get() === 'eraser';
    this.#ring.classList.toggle('cross', !brush || wide < LEAST_RING);
    this.#ring.style.setProperty('--size', `${brush ? Math.max(wide, LEAST_RING) : LEAST_RING}px`);
    this.#ring.style.setProperty('--core', String(hardness));
    this.element.dataset['tool'] = tool.get();
    this.moveRing();
  }

  /** Put the brush's outline where the pointer or the keyboard has the brush. */
  moveRing() {
    const { camera } = this.#studio;
    const place = this.keyboard.at ? camera.toScreen(this.keyboard.at) : this.pointer.at;
    this.#ring.hidden = place === null;
    this.#ring.classList.toggle('down', this.keyboard.down);
    if (place) this.#ring.style.transform = `translate(${place.x}px, ${place.y}px)`;
  }

  #showOutline() {
    const { camera, outline, view } = this.#studio;
    view.get();
    const points = outline.get().map((point) => camera.toScreen(point));
    this.#shape.setAttribute('points', points.map(({ x, y }) => `${x},${y}`).join(' '));
  }
}
