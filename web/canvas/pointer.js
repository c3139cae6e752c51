/**
 * The pointer on the canvas, as one state machine: idle, or in a gesture that a press has begun and that a release or
 * Escape ends.
 *
 * | press on      | left                          | with Ctrl or Shift       |
 * | ------------- | ----------------------------- | ------------------------ |
 * | canvas, link  | pan; a click selects or clears | box                     |
 * | socket        | drag a link                   | drag a link              |
 * | title, body   | select, move                  | a click adds or removes  |
 * | corner        | resize                        | resize                   |
 *
 * The middle button, or any with the space bar held, pans everywhere. Two fingers pan and zoom.
 */

import { setCollapsed } from '../core/edits.js';
import { isTyping } from '../ui/dom.js';
import { PointerTip } from '../ui/tooltip.js';
import { boxSelect } from './gestures/box.js';
import { EdgePan } from './gestures/edge-pan.js';
import { dragLink } from './gestures/link.js';
import { insideGroup, moveThings } from './gestures/move.js';
import { pan } from './gestures/pan.js';
import { pinch } from './gestures/pinch.js';
import { resizeTheGroup, resizeTheNode } from './gestures/resize.js';
import { hit } from './hit.js';

/** @import {Gesture, Hit, Stage, Stroke} from '../types/canvas.d.ts' */
/** @import {NodeId} from '../types/document.d.ts' */
/** @import {MenuTarget, Point} from '../types/editor.d.ts' */

/** What takes the pointer for itself inside a node. */
const OWN = '.node-widget, .node-results, .node-rename, .node-problem, .minimap';

/** @type {Readonly<Partial<Record<Hit['kind'], string>>>} */
const CURSORS = { input: 'crosshair', output: 'crosshair', corner: 'nwse-resize', link: 'pointer', chevron: 'pointer' };

export class PointerMachine {
  /** Where the pointer was last, from the top left of the view; null before it came. @type {Point | null} */
  last = null;
  /** @type {Stage} */
  #stage;
  /** @type {(id: NodeId) => void} */
  #rename;
  /** @type {Gesture | null} */
  #gesture = null;
  #pointer = -1;
  #space = false;
  #tip = new PointerTip();
  #edges;
  /** Fingers on the canvas. @type {Map<number, Point>} */
  #touches = new Map();
  /** @type {((fingers: [Point, Point]) => void) | null} */
  #pinch = null;
  #abort = new AbortController();

  /**
   * @param {Stage} stage
   * @param {(id: NodeId) => void} rename lets the user type a node's title
   */
  constructor(stage, rename) {
    this.#stage = stage;
    this.#rename = rename;
    this.#edges = new EdgePan(stage);
    const { host } = stage;
    const options = { signal: this.#abort.signal };
    host.addEventListener('pointerdown', (event) => this.#onDown(event), options);
    host.addEventListener('pointermove', (event) => this.#onMove(event), options);
    host.addEventListener('pointerup', (event) => this.#onUp(event, true), options);
    host.addEventListener('pointercancel', (event) => this.#onUp(event, false), options);
    host.addEventListener('dblclick', (event) => this.#onDouble(event), options);
    host.addEventListener('contextmenu', (event) => this.#onMenu(event), options);
    addEventListener('keydown', (event) => this.#onKey(event, true), options);
    addEventListener('keyup', (event) => this.#onKey(event, false), options);
    addEventListener('blur', () => this.cancel(), options);
  }

  destroy() {
    this.cancel();
    this.#abort.abort();
  }

  /** @param {PointerEvent} event */
  #onDown(event) {
    const { host } = this.#stage;
    const stroke = this.#strokeOf(event);
    if (event.pointerType === 'touch' && this.#onTouch(event, stroke)) return;
    if (this.#gesture || event.button === 2) return;
    const panning = event.button === 1 || this.#space;
    const own = event.target instanceof Element && event.target.closest(OWN);
    if (own && !panning) return this.#selectOwner(own);
    event.preventDefault();
    if (document.activeElement instanceof HTMLElement && document.activeElement !== host) document.activeElement.blur();
    host.focus({ preventScroll: true });
    host.setPointerCapture(event.pointerId);
    this.#pointer = event.pointerId;
    this.#gesture = panning ? pan(this.#stage, stroke, () => {}) : this.#begin(stroke);
    this.#setCursor(this.#gesture.cursor ?? '');
  }

  /**
   * @param {Stroke} stroke
   * @returns {Gesture}
   */
  #begin(stroke) {
    const stage = this.#stage;
    const { editor } = stage;
    const under = hit(stage, stroke.place);
    switch (under.kind) {
      case 'input':
      case 'output':
        return dragLink(stage, stroke, under, this.#tip);
      case 'corner':
        return resizeTheNode(stage, stroke, under.id);
      case 'chevron':
        return this.#moveNode(stroke, under.id, () => {
          editor.perform(setCollapsed([under.id], !editor.document.nodes.get(under.id)?.collapsed));
        });
      case 'title':
      case 'node':
        return this.#moveNode(stroke, under.id, () => {
          if (!stroke.shift && !stroke.mod) editor.selection.set([under.id]);
        });
      case 'group':
        if (under.corner) return resizeTheGroup(stage, stroke, under.id);
        return moveThings(stage, stroke, insideGroup(stage, under.id), null, () => editor.selection.clear());
      default:
        if (stroke.shift || stroke.mod) return boxSelect(stage, stroke);
        return pan(stage, stroke, () => {
          if (under.kind === 'link') editor.selection.selectLink(under.id);
          else editor.selection.clear();
        });
    }
  }

  /**
   * @param {Stroke} stroke
   * @param {NodeId} id
   * @param {() => void} onClick
   */
  #moveNode(stroke, id, onClick) {
    const { selection } = this.#stage.editor;
    if (stroke.shift || stroke.mod) selection.toggle(id);
    else if (!selection.ids.peek().has(id)) selection.set([id]);
    const nodes = selection.ids.peek().has(id) ? selection.ids.peek() : new Set([id]);
    return moveThings(this.#stage, stroke, { nodes, groups: new Set() }, id, onClick);
  }

  /** A press inside a widget selects its node. @param {Element} own */
  #selectOwner(own) {
    const node = own.closest('.node');
    const id = node instanceof HTMLElement ? node.dataset['node'] : undefined;
    const { selection } = this.#stage.editor;
    if (id !== undefined && !selection.ids.peek().has(id)) selection.set([id]);
  }

  /**
   * @param {PointerEvent} event
   * @param {Stroke} stroke
   * @returns {boolean} true when this finger is the second
   */
  #onTouch(event, stroke) {
    this.#touches.set(event.pointerId, stroke.screen);
    const fingers = [...this.#touches.values()];
    const [first, second] = fingers;
    if (!first || !second) return false;
    this.cancel();
    this.#pinch = fingers.length === 2 ? pinch(this.#stage, [first, second]) : null;
    return true;
  }

  /** @param {PointerEvent} event */
  #onMove(event) {
    const stroke = this.#strokeOf(event);
    this.last = stroke.screen;
    if (this.#touches.has(event.pointerId)) this.#touches.set(event.pointerId, stroke.screen);
    const [first, second] = [...this.#touches.values()];
    if (this.#pinch && first && second) return this.#pinch([first, second]);
    if (this.#gesture && event.pointerId === this.#pointer) this.#drag(this.#gesture, event, stroke);
    else if (event.buttons === 0) this.#hover(event, stroke);
  }

  /** @param {Gesture} gesture @param {PointerEvent} event @param {Stroke} stroke */
  #drag(gesture, event, stroke) {
    gesture.move(stroke);
    if (gesture.follows) this.#edges.follow(stroke.screen, () => gesture.move(this.#strokeOf(event)));
  }

  /**
   * @param {PointerEvent} event
   * @param {boolean} done false when the browser took the pointer away
   */
  #onUp(event, done) {
    this.#touches.delete(event.pointerId);
    if (this.#touches.size < 2) this.#pinch = null;
    const gesture = this.#gesture;
    if (!gesture || event.pointerId !== this.#pointer) return;
    this.#gesture = null;
    this.#edges.stop();
    this.#setCursor('');
    if (done) gesture.end(this.#strokeOf(event));
    else gesture.cancel();
  }

  /** @param {MouseEvent} event */
  #onDouble(event) {
    if (event.target instanceof Element && event.target.closest(OWN)) return;
    const client = { x: event.clientX, y: event.clientY };
    const under = hit(this.#stage, this.#place(client));
    if (under.kind === 'title') this.#rename(under.id);
    else if (under.kind === 'canvas') this.#stage.editor.openSearch(client);
  }

  /** @param {MouseEvent} event */
  #onMenu(event) {
    if (isTyping(event.target)) return;
    event.preventDefault();
    this.cancel();
    const client = { x: event.clientX, y: event.clientY };
    const target = menuTarget(hit(this.#stage, this.#place(client), { skipSockets: true }));
    const { editor } = this.#stage;
    if (target.kind === 'node' && !editor.selection.ids.peek().has(target.id)) editor.selection.set([target.id]);
    if (target.kind === 'link') editor.selection.selectLink(target.id);
    editor.openMenu(client, target);
  }

  /**
   * @param {KeyboardEvent} event
   * @param {boolean} down
   */
  #onKey(event, down) {
    if (event.key === 'Escape' && down && this.#gesture) {
      event.stopPropagation();
      this.cancel();
    }
    if (event.code !== 'Space' || isTyping(event.target) || event.target instanceof HTMLButtonElement) return;
    if (down) event.preventDefault();
    this.#space = down;
    if (!this.#gesture) this.#setCursor(down ? 'grab' : '');
  }

  /** @param {PointerEvent} event @param {Stroke} stroke */
  #hover(event, stroke) {
    if (this.#space) return;
    const own = event.target instanceof Element && event.target.closest(OWN);
    this.#setCursor(own ? '' : (CURSORS[hit(this.#stage, stroke.place).kind] ?? ''));
  }

  /** End a gesture without its effect: its nodes may be gone. */
  cancel() {
    this.#gesture?.cancel();
    this.#gesture = null;
    this.#edges.stop();
    this.#space = false;
    this.#setCursor('');
  }

  /** @param {string} cursor */
  #setCursor(cursor) {
    this.#stage.host.style.cursor = cursor;
  }

  /** @param {Point} client */
  #place(client) {
    const { left, top } = this.#stage.host.getBoundingClientRect();
    return this.#stage.camera.toDocument({ x: client.x - left, y: client.y - top });
  }

  /**
   * @param {PointerEvent} event
   * @returns {Stroke}
   */
  #strokeOf(event) {
    const { left, top } = this.#stage.host.getBoundingClientRect();
    const screen = { x: event.clientX - left, y: event.clientY - top };
    return {
      client: { x: event.clientX, y: event.clientY },
      screen,
      place: this.#stage.camera.toDocument(screen),
      shift: event.shiftKey,
      mod: event.ctrlKey || event.metaKey,
      alt: event.altKey,
    };
  }
}

/**
 * @param {Hit} under
 * @returns {MenuTarget}
 */
function menuTarget(under) {
  if (under.kind === 'canvas') return under;
  if (under.kind === 'link') return { kind: 'link', id: under.id };
  if (under.kind === 'group') return { kind: 'group', id: under.id };
  return { kind: 'node', id: under.id };
}
