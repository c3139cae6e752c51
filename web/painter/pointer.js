/**
 * The pointer on the painting: mouse, pen and fingers.
 *
 * | press with              | does                                        |
 * | ----------------------- | ------------------------------------------- |
 * | left button, pen, finger | the tool; with Shift a straight line        |
 * | right button, pen's end | the tool, erasing                           |
 * | Alt and right button    | size (sideways) and hardness (up and down)  |
 * | Alt and left button     | takes a colour, where there is paint        |
 * | middle button, Space    | moves the view                              |
 * | two fingers             | move and zoom the view                      |
 *
 * Once a pen was seen, a single finger moves the view: it may well be the hand that holds the pen.
 */

import { pinch } from '../canvas/gestures/pinch.js';
import { boundedSize } from './settings.js';
import { beginGesture } from './tools.js';

/** @import { PaintGesture, Sample, Studio } from '../types/painter.d.ts' */
/** @import { Point } from '../types/editor.d.ts' */

const PEN_END = 32;

export class PaintPointer {
  /** Where the pointer is in the view; null before it came. @type {Point | null} */
  at = null;
  #studio;
  #stage;
  #onMoved;
  /** @type {PaintGesture | null} */
  #gesture = null;
  #pointer = -1;
  #space = false;
  #penSeen = false;
  /** @type {Map<number, Point>} */
  #touches = new Map();
  /** @type {((fingers: [Point, Point]) => void) | null} */
  #pinch = null;

  /**
   * @param {Studio} studio
   * @param {HTMLElement} stage
   * @param {AbortSignal} signal
   * @param {() => void} onMoved called when the pointer is elsewhere, or came or went
   */
  constructor(studio, stage, signal, onMoved) {
    this.#studio = studio;
    this.#stage = stage;
    this.#onMoved = onMoved;
    const options = { signal };
    stage.addEventListener('pointerdown', (event) => this.#onDown(event), options);
    stage.addEventListener('pointermove', (event) => this.#onMove(event), options);
    stage.addEventListener('pointerup', (event) => this.#onUp(event, true), options);
    stage.addEventListener('pointercancel', (event) => this.#onUp(event, false), options);
    stage.addEventListener('pointerleave', () => this.#leave(), options);
    stage.addEventListener('contextmenu', (event) => event.preventDefault(), options);
    addEventListener('blur', () => this.cancel(), options);
  }

  get busy() {
    return this.#gesture !== null;
  }

  /** Whether Space is held, so that a press moves the view. @param {boolean} held */
  holdSpace(held) {
    this.#space = held;
    this.#stage.classList.toggle('grab', held);
  }

  cancel() {
    this.#gesture?.cancel();
    this.#gesture = null;
    this.holdSpace(false);
  }

  /** @param {PointerEvent} event */
  #onDown(event) {
    this.#stage.focus({ preventScroll: true });
    event.preventDefault();
    this.#stage.setPointerCapture(event.pointerId);
    this.at = this.#screen(event);
    this.#penSeen ||= event.pointerType === 'pen';
    if (event.pointerType === 'touch' && this.#onTouch(event)) return;
    if (this.#gesture) return;
    this.#pointer = event.pointerId;
    this.#gesture = this.#begin(event);
    this.#onMoved();
  }

  /** @param {PointerEvent} event @returns {PaintGesture} */
  #begin(event) {
    const studio = this.#studio;
    const finger = event.pointerType === 'touch' && this.#penSeen;
    if (event.button === 1 || this.#space || finger) return this.#pan(this.#screen(event));
    if (event.button === 2 && event.altKey) return this.#resize(this.#screen(event));
    const picks = event.altKey && event.button === 0 && studio.layer.peek() === 'paint';
    const erase = event.button === 2 || (event.buttons & PEN_END) !== 0;
    const how = { erase, straight: event.shiftKey };
    return beginGesture(studio, picks ? 'eyedropper' : studio.tool.peek(), this.#sample(event), how);
  }

  /** @param {PointerEvent} event @returns {boolean} true when this finger is not the first */
  #onTouch(event) {
    this.#touches.set(event.pointerId, this.#screen(event));
    const fingers = [...this.#touches.values()];
    const [first, second] = fingers;
    if (!first || !second) return false;
    this.#gesture?.cancel();
    this.#gesture = null;
    const { camera } = this.#studio;
    this.#pinch = fingers.length === 2 ? pinch({ camera, cameraMoved: () => this.#moved() }, [first, second]) : null;
    return true;
  }

  /** @param {PointerEvent} event */
  #onMove(event) {
    this.at = this.#screen(event);
    if (this.#touches.has(event.pointerId)) this.#touches.set(event.pointerId, this.at);
    const [first, second] = [...this.#touches.values()];
    if (this.#pinch && first && second) this.#pinch([first, second]);
    else if (this.#gesture && event.pointerId === this.#pointer) {
      const events = event.getCoalescedEvents();
      const samples = (events.length > 0 ? events : [event]).map((each) => this.#sample(each));
      this.#gesture.move(samples, { shift: event.shiftKey, mod: event.ctrlKey || event.metaKey });
    }
    this.#onMoved();
  }

  /** @param {PointerEvent} event @param {boolean} done false when the browser took the pointer away */
  #onUp(event, done) {
    this.#touches.delete(event.pointerId);
    if (this.#touches.size < 2) this.#pinch = null;
    const gesture = this.#gesture;
    if (!gesture || event.pointerId !== this.#pointer) return;
    this.#gesture = null;
    if (done) gesture.end();
    else gesture.cancel();
    this.#onMoved();
  }

  #leave() {
    if (this.#gesture) return;
    this.at = null;
    this.#onMoved();
  }

  /** @param {Point} start @returns {PaintGesture} */
  #pan(start) {
    let last = start;
    const { camera } = this.#studio;
    return {
      move: () => {
        const now = this.at ?? last;
        camera.panBy(now.x - last.x, now.y - last.y);
        last = now;
        this.#moved();
      },
      end() {},
      cancel() {},
    };
  }

  /** @param {Point} start @returns {PaintGesture} */
  #resize(start) {
    const studio = this.#studio;
    const { size, hardness } = studio.settings.peek();
    return {
      move: () => {
        const now = this.at ?? start;
        const across = ((now.x - start.x) * 2) / studio.camera.scale;
        const part = Math.min(1, Math.max(0, hardness - (now.y - start.y) / 200));
        studio.set({ size: boundedSize(size + across), hardness: Math.round(part * 100) / 100 });
      },
      end() {},
      cancel: () => studio.set({ size, hardness }),
    };
  }

  #moved() {
    const { view } = this.#studio;
    view.set(view.peek() + 1);
  }

  /** @param {PointerEvent} event @returns {Sample} */
  #sample(event) {
    const place = this.#studio.camera.toPicture(this.#screen(event));
    return { ...place, pressure: event.pointerType === 'pen' ? event.pressure : 1 };
  }

  /** @param {MouseEvent} event @returns {Point} CSS pixels from the top left of the stage */
  #screen({ clientX, clientY }) {
    const { left, top, width } = this.#stage.getBoundingClientRect();
    // The page may be shown enlarged.
    const unit = width / Math.max(1, this.#stage.offsetWidth);
    return { x: (clientX - left) / unit, y: (clientY - top) / unit };
  }
}
