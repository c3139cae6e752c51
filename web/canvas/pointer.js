/**
 * The pointer on the canvas, as one state machine: idle, or in a gesture that a press has begun and that a release or
 * Escape ends. `press.js` says which gesture a press begins.
 *
 * The middle button, or any with the space bar held, pans everywhere. The right button with Ctrl cuts links, and so does a
 * pen's eraser; a pen's barrel button pans. Two fingers pan and zoom; a finger or pen that rests opens the menu.
 */

import { removePoints } from '../core/reroutes.js';
import { isBorderId } from '../core/subgraph-border.js';
import { isTyping } from '../ui/dom.js';
import { PointerTip } from '../ui/tooltip.js';
import { cutLinks } from './gestures/cut.js';
import { EdgePan } from './gestures/edge-pan.js';
import { pan } from './gestures/pan.js';
import { pinch } from './gestures/pinch.js';
import { isFar } from './gestures/slack.js';
import { hit } from './hit.js';
import { menuTargetOf, selectedTarget } from './menu-target.js';
import { beginGesture, bendLink } from './press.js';

/** @import {Armed, Gesture, Hit, Renaming, Stage, Stroke} from '../types/canvas.d.ts' */
/** @import {Point} from '../types/editor.d.ts' */

/** What takes the pointer for itself inside a node. */
const OWN = '.node-enter, .node-button, .node-widget, .node-results, .node-rename, .node-problem, .minimap';
const RIGHT = 2;
const ERASER = 5;
/** A finger that rests so long asks for the menu, and two taps are a double one within this time and distance. */
const LONG_MS = 550;
const DOUBLE_MS = 350;
const DOUBLE_REACH = 28;

/** @type {Readonly<Partial<Record<Hit['kind'], string>>>} */
const CURSORS = { input: 'crosshair', output: 'crosshair', corner: 'nwse-resize', link: 'pointer', chevron: 'pointer', point: 'move' };

export class PointerMachine {
  /** Where the pointer was last, from the top left of the view; null before it came. @type {Point | null} */
  last = null;
  /** @type {Stage} */
  #stage;
  /** @type {Renaming} */
  #renaming;
  /** @type {Gesture | null} */
  #gesture = null;
  #pointer = -1;
  #space = false;
  /** What the next drag does. @type {Armed | null} */
  #armed = null;
  /** The menu that the browser asks for belongs to a gesture. */
  #menuTaken = false;
  #long = 0;
  /** The last tap of a finger or pen. */
  #tap = { time: -Infinity, x: 0, y: 0 };
  /** The press of the gesture. @type {Stroke | null} */
  #press = null;
  #tip = new PointerTip();
  #edges;
  /** Fingers on the canvas. @type {Map<number, Point>} */
  #touches = new Map();
  /** @type {((fingers: [Point, Point]) => void) | null} */
  #pinch = null;
  #abort = new AbortController();

  /**
   * @param {Stage} stage
   * @param {Renaming} renaming lets the user type titles in their places
   */
  constructor(stage, renaming) {
    this.#stage = stage;
    this.#renaming = renaming;
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
    this.#tip.hide();
    this.#abort.abort();
  }

  /** Let the next drag do something else than it would. @param {Armed | null} armed */
  arm(armed) {
    this.#armed = armed;
    this.#setCursor('');
  }

  /** @param {PointerEvent} event */
  #onDown(event) {
    const { host } = this.#stage;
    const stroke = this.#strokeOf(event);
    this.#tip.hide();
    this.#menuTaken = false;
    if (event.pointerType === 'touch' && this.#onTouch(event, stroke)) return;
    const special = this.#specialGesture(event, stroke);
    if (this.#gesture || (event.button === RIGHT && !special)) return;
    const panning = event.button === 1 || this.#space;
    const own = event.target instanceof Element && event.target.closest(OWN);
    if (own && !panning && !special && !this.#armed) return this.#selectOwner(own);
    event.preventDefault();
    if (document.activeElement instanceof HTMLElement && document.activeElement !== host) document.activeElement.blur();
    host.focus({ preventScroll: true });
    host.setPointerCapture(event.pointerId);
    this.#pointer = event.pointerId;
    this.#press = stroke;
    if (event.pointerType !== 'mouse') this.#waitForMenu(stroke);
    if (special) this.#gesture = special;
    else if (panning) this.#gesture = pan(this.#stage, stroke, () => {});
    else this.#gesture = beginGesture(this.#stage, stroke, this.#tip, this.#armed);
    this.#armed = null;
    this.#setCursor(this.#gesture.cursor ?? '');
  }

  /**
   * What the right button, a pen's barrel button and its eraser do; a click of theirs opens the menu.
   *
   * @param {PointerEvent} event
   * @param {Stroke} stroke
   * @returns {Gesture | null}
   */
  #specialGesture(event, stroke) {
    const barrel = event.pointerType === 'pen' && event.button === RIGHT;
    const cuts = event.button === ERASER || (event.pointerType === 'mouse' && event.button === RIGHT && stroke.mod);
    if (!barrel && !cuts) return null;
    this.#menuTaken = true;
    const onClick = () => this.#openMenu(stroke.client);
    return barrel ? pan(this.#stage, stroke, onClick) : cutLinks(this.#stage, stroke, onClick);
  }

  /** @param {Stroke} stroke */
  #waitForMenu(stroke) {
    clearTimeout(this.#long);
    this.#long = setTimeout(() => {
      this.cancel();
      this.#menuTaken = true;
      this.#openMenu(stroke.client);
    }, LONG_MS);
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
    if (this.#press && isFar(this.#press, stroke)) clearTimeout(this.#long);
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
    const stroke = this.#strokeOf(event);
    const tapped = this.#press !== null && !isFar(this.#press, stroke);
    clearTimeout(this.#long);
    this.#gesture = null;
    this.#press = null;
    this.#edges.stop();
    this.#setCursor('');
    if (!done) return gesture.cancel();
    gesture.end(stroke);
    if (tapped && event.pointerType !== 'mouse') this.#onTap(event.timeStamp, stroke);
  }

  /** Browsers do not agree on whether two taps are a double click. @param {number} time @param {Stroke} stroke */
  #onTap(time, stroke) {
    const { x, y } = stroke.client;
    const { time: before, x: lastX, y: lastY } = this.#tap;
    const double = time - before < DOUBLE_MS && Math.hypot(x - lastX, y - lastY) < DOUBLE_REACH;
    this.#tap = { time: double ? -Infinity : time, x, y };
    if (double) this.#double(stroke.client, stroke.coarse);
  }

  /** @param {MouseEvent} event */
  #onDouble(event) {
    if (event.target instanceof Element && event.target.closest(OWN)) return;
    // Those of fingers and pens were counted already.
    const counted = event.timeStamp - this.#tap.time < 2 * DOUBLE_MS || this.#tap.time === -Infinity;
    if ('pointerType' in event && event.pointerType !== 'mouse' && counted) return;
    this.#double({ x: event.clientX, y: event.clientY }, false);
  }

  /** @param {Point} client @param {boolean} coarse */
  #double(client, coarse) {
    const { editor } = this.#stage;
    const place = this.#place(client);
    const under = hit(this.#stage, place, { coarse });
    if ((under.kind === 'title' || under.kind === 'node') && editor.enterSubgraph(under.id)) return;
    if ('id' in under && isBorderId(String(under.id))) editor.execute('subgraph.ports');
    else if (under.kind === 'title') this.#renaming.node(under.id);
    else if (under.kind === 'group' && under.part === 'title') this.#renaming.group(under.id);
    else if (under.kind === 'link') bendLink(this.#stage, under.id, place);
    else if (under.kind === 'point') editor.perform(removePoints([under.id]));
    else if (under.kind === 'canvas') editor.openSearch(client);
  }

  /** @param {MouseEvent} event */
  #onMenu(event) {
    if (isTyping(event.target)) return;
    event.preventDefault();
    const kind = 'pointerType' in event ? event.pointerType : '';
    // A finger that rests has its menu from the machine, before or after the browser asks.
    const byKey = event.button !== RIGHT && !event.ctrlKey && kind !== 'touch' && kind !== 'pen';
    if (!byKey && (this.#menuTaken || (kind === 'touch' && this.#gesture))) return;
    this.cancel();
    if (byKey) this.openMenuOfSelection();
    else this.#openMenu({ x: event.clientX, y: event.clientY });
  }

  /** The menu of what is selected, where it is. */
  openMenuOfSelection() {
    const { target, place } = selectedTarget(this.#stage);
    const { left, top } = this.#stage.host.getBoundingClientRect();
    const { x, y } = this.#stage.camera.toScreen(place);
    this.#stage.editor.openMenu({ x: x + left, y: y + top }, target);
  }

  /** @param {Point} client */
  #openMenu(client) {
    const { editor } = this.#stage;
    const target = menuTargetOf(hit(this.#stage, this.#place(client), { skipSockets: true }));
    const { ids, groups, points } = editor.selection;
    if (target.kind === 'node' && !ids.peek().has(target.id)) editor.selection.set([target.id]);
    if (target.kind === 'group' && !groups.peek().has(target.id)) editor.selection.set([], { groups: [target.id] });
    if (target.kind === 'point' && !points.peek().has(target.id)) editor.selection.set([], { points: [target.id] });
    if (target.kind === 'link') editor.selection.selectLink(target.id);
    editor.openMenu(client, target);
  }

  /**
   * @param {KeyboardEvent} event
   * @param {boolean} down
   */
  #onKey(event, down) {
    if (event.key === 'Escape' && down && (this.#gesture || this.#armed)) {
      event.stopPropagation();
      event.preventDefault();
      this.#armed = null;
      this.cancel();
    }
    if (event.code !== 'Space' || isTyping(event.target) || event.target instanceof HTMLButtonElement) return;
    if (down) event.preventDefault();
    this.#space = down;
    if (!this.#gesture) this.#setCursor(down ? 'grab' : '');
  }

  /** @param {PointerEvent} event @param {Stroke} stroke */
  #hover(event, stroke) {
    if (this.#space || this.#armed) return;
    const own = event.target instanceof Element && event.target.closest(OWN);
    this.#setCursor(own ? '' : (CURSORS[hit(this.#stage, stroke.place).kind] ?? ''));
  }

  /** End a gesture without its effect: its nodes may be gone. */
  cancel() {
    clearTimeout(this.#long);
    this.#gesture?.cancel();
    this.#gesture = null;
    this.#press = null;
    this.#edges.stop();
    this.#space = false;
    this.#setCursor('');
  }

  /** @param {string} cursor */
  #setCursor(cursor) {
    this.#stage.host.style.cursor = cursor === '' && this.#armed ? 'crosshair' : cursor;
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
      coarse: event.pointerType === 'touch',
    };
  }
}
