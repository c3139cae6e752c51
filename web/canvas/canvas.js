/** The canvas: a painted background, a pool of node elements over it, and an overlay for what is being dragged. */

import { h } from '../ui/dom.js';
import { Camera } from './camera.js';
import { BACK, EVERYTHING, FrameLoop, NODES, OVERLAY } from './frame.js';
import { Minimap } from './minimap.js';
import { NodePool } from './nodes.js';
import { paintOverlay } from './overlay.js';
import { paintDocument, paintGrid } from './paint.js';
import { Palette } from './palette.js';
import { Pictures } from './pictures.js';
import { PointerMachine } from './pointer.js';
import { union } from './rect.js';
import { RunWatch } from './run-watch.js';
import { Scene } from './scene.js';
import { Snapshot } from './snapshot.js';
import { listenForWheel } from './wheel.js';

/** @import {Counts, MountedCanvas, Rect, Stage} from '../types/canvas.d.ts' */
/** @import {Change, NodeId} from '../types/document.d.ts' */
/** @import {Editor, Point} from '../types/editor.d.ts' */

/** The camera rests when it has not moved for so long. */
const REST_MS = 140;
/** From so many painted nodes and links on, a moving camera shows a copy of the last picture. */
const HEAVY = 900;

/** @returns {Counts} */
const noCounts = () => ({ frames: 0, backgrounds: 0, blits: 0, strokes: 0, links: 0, farNodes: 0, mounted: 0, pooled: 0 });

/** @implements {MountedCanvas} */
class Canvas {
  /** @type {Stage} */
  #stage;
  #back = h('canvas', { class: 'canvas-back', 'aria-hidden': true });
  #overlay = h('canvas', { class: 'canvas-overlay', 'aria-hidden': true });
  #layer = h('div', { class: 'canvas-nodes' });
  #pool;
  #snapshot = new Snapshot();
  #pictures;
  #minimap;
  #pointer;
  #runs;
  #ratio = 1;
  #moving = false;
  #restTimer = 0;
  #abort = new AbortController();
  /** @type {(() => void)[]} */
  #ends = [];

  /**
   * @param {HTMLElement} host
   * @param {Editor} editor
   */
  constructor(host, editor) {
    this.#stage = {
      host,
      editor,
      scene: new Scene(editor),
      camera: new Camera(),
      palette: new Palette(),
      loop: new FrameLoop((layers) => this.#draw(layers)),
      counts: noCounts(),
      cameraMoved: () => this.#cameraMoved(),
      nodesMoved: (ids) => this.#nodesMoved(ids),
    };
    host.classList.add('canvas');
    this.#minimap = new Minimap(this.#stage);
    host.append(this.#back, this.#layer, this.#overlay, this.#minimap.element);
    this.#pool = new NodePool(this.#stage, this.#layer);
    this.#pictures = new Pictures(() => this.#repaint());
    this.#pointer = new PointerMachine(this.#stage, (id) => this.#pool.mounted.get(id)?.rename());
    this.#runs = new RunWatch(editor, (id) => this.#onRun(id));
    listenForWheel(this.#stage, this.#abort.signal);
    this.#watch();
    this.#resize();
    this.fit();
  }

  counts() {
    return { ...this.#stage.counts, frames: this.#stage.loop.count };
  }

  camera() {
    const { x, y, scale } = this.#stage.camera;
    return { x, y, scale };
  }

  /** @param {{ x: number, y: number, scale: number }} camera */
  setCamera(camera) {
    Object.assign(this.#stage.camera, camera);
    this.#cameraMoved();
  }

  /** @param {NodeId} id @param {'input' | 'output'} side @param {string} name */
  socket(id, side, name) {
    return this.#stage.scene.socket(id, side, name);
  }

  /** @param {Point} client */
  toDocument(client) {
    const { left, top } = this.#stage.host.getBoundingClientRect();
    return this.#stage.camera.toDocument({ x: client.x - left, y: client.y - top });
  }

  /** @param {Point} point */
  toClient(point) {
    const { left, top } = this.#stage.host.getBoundingClientRect();
    const { x, y } = this.#stage.camera.toScreen(point);
    return { x: x + left, y: y + top };
  }

  pointer() {
    const { camera } = this.#stage;
    return camera.toDocument(this.#pointer.last ?? { x: camera.width / 2, y: camera.height / 2 });
  }

  /** @param {Iterable<NodeId>} [ids] */
  fit(ids) {
    const rect = ids ? this.#stage.scene.bounds(ids) : this.#everything();
    if (!rect) return;
    this.#stage.camera.fit(rect);
    this.#cameraMoved();
  }

  /** @param {number} scale */
  zoomTo(scale) {
    const { camera } = this.#stage;
    camera.zoomAt({ x: camera.width / 2, y: camera.height / 2 }, scale);
    this.#cameraMoved();
  }

  destroy() {
    const { loop, host } = this.#stage;
    loop.stop();
    clearTimeout(this.#restTimer);
    this.#pointer.destroy();
    this.#runs.destroy();
    this.#abort.abort();
    for (const end of this.#ends) end();
    this.#pool.clear();
    host.replaceChildren();
    host.classList.remove('canvas');
  }

  #watch() {
    const { editor, host, scene } = this.#stage;
    const sizes = new ResizeObserver(() => this.#resize());
    sizes.observe(host);
    const relayout = (/** @type {() => void} */ renew) => () => {
      scene.forgetLayouts();
      renew();
      this.#repaint();
    };
    const select = () => {
      this.#pool.showSelection(editor.selection.ids.peek());
      this.#repaint();
    };
    this.#ends.push(
      () => sizes.disconnect(),
      editor.document.onChange((change) => this.#onChange(change)),
      editor.selection.ids.subscribe(select),
      editor.selection.link.subscribe(select),
      editor.specs.subscribe(relayout(() => this.#pool.renew())),
      editor.locale.subscribe(relayout(() => this.#pool.clear())),
    );
  }

  #resize() {
    const { host, camera, loop } = this.#stage;
    this.#ratio = devicePixelRatio;
    camera.width = Math.max(1, host.clientWidth);
    camera.height = Math.max(1, host.clientHeight);
    for (const canvas of [this.#back, this.#overlay]) {
      canvas.width = Math.round(camera.width * this.#ratio);
      canvas.height = Math.round(camera.height * this.#ratio);
    }
    loop.invalidate(EVERYTHING);
  }

  /** @param {Change} change */
  #onChange(change) {
    if (change.structure) this.#pointer.cancel();
    this.#stage.scene.update(change);
    if (change.structure) this.#runs.follow();
    this.#pool.markChanged(change.nodes);
    this.#repaint();
  }

  /** @param {NodeId} id */
  #onRun(id) {
    const { scene } = this.#stage;
    if (!scene.indexOf.has(id)) return;
    const before = scene.resultsShown(id);
    scene.updateNodes([id]);
    if (before !== scene.resultsShown(id)) this.#pool.markChanged([id]);
    else if (this.#pool.mounted.has(id)) return;
    this.#repaint();
  }

  #repaint() {
    this.#snapshot.forget();
    this.#minimap.forget();
    this.#stage.loop.invalidate(BACK | NODES);
  }

  #cameraMoved() {
    this.#moving = true;
    clearTimeout(this.#restTimer);
    this.#restTimer = setTimeout(() => {
      this.#moving = false;
      this.#pool.setMoving(false);
      this.#stage.loop.invalidate(BACK);
    }, REST_MS);
    this.#pool.setMoving(true);
    this.#stage.loop.invalidate(EVERYTHING);
  }

  /** @param {Iterable<NodeId>} ids */
  #nodesMoved(ids) {
    const { scene } = this.#stage;
    scene.updateNodes(ids);
    if (scene.draft.resized || scene.draft.moved === null) this.#pool.markChanged(ids);
    this.#pool.place(ids);
    this.#repaint();
  }

  /** @param {number} layers */
  #draw(layers) {
    if (devicePixelRatio !== this.#ratio) this.#resize();
    if (layers & NODES) {
      this.#pool.draw(this.#ratio);
      this.#pool.markFitting(this.#stage.scene.draft.link?.end ?? null);
    }
    if (layers & BACK) {
      this.#paintBack();
      this.#minimap.draw(this.#everything(), this.#ratio);
    }
    const overlay = this.#overlay.getContext('2d');
    if (layers & OVERLAY && overlay) paintOverlay(overlay, this.#stage, this.#ratio);
  }

  #paintBack() {
    const context = this.#back.getContext('2d', { alpha: false });
    if (!context) return;
    const { counts } = this.#stage;
    const nodes = { mounted: this.#pool.mounted, picture: (/** @type {string} */ url) => this.#pictures.get(url) };
    paintGrid(context, this.#stage, this.#ratio);
    const everything = this.#moving && counts.farNodes + counts.links > HEAVY ? this.#everything() : null;
    if (everything) return this.#snapshot.paint(context, this.#stage, this.#ratio, everything, nodes);
    counts.backgrounds += 1;
    paintDocument(context, this.#stage, this.#ratio, nodes);
  }

  /** @returns {Rect | null} */
  #everything() {
    const { scene, editor } = this.#stage;
    let all = scene.bounds(scene.nodeIds);
    for (const group of editor.document.groups.values()) all = all ? union(all, scene.groupRect(group)) : scene.groupRect(group);
    return all;
  }
}

/**
 * Show an editor's document in an element.
 *
 * @param {HTMLElement} host
 * @param {Editor} editor
 * @returns {MountedCanvas}
 */
export function mountCanvas(host, editor) {
  const canvas = new Canvas(host, editor);
  editor.view = canvas;
  return canvas;
}
