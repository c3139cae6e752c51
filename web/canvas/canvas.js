/** The canvas: a painted background, a pool of node elements over it, and an overlay for what is being dragged. */

import { h } from '../ui/dom.js';
import { withFed } from '../widgets/incoming.js';
import { Background } from './background.js';
import { Camera } from './camera.js';
import { followFocus } from './follow-focus.js';
import { BACK, EVERYTHING, FrameLoop, NODES, OVERLAY } from './frame.js';
import { renameGroup } from './group-title.js';
import { stretchAt } from './hit.js';
import { LevelCameras } from './level-cameras.js';
import { fadesOthers } from './links.js';
import { Minimap } from './minimap.js';
import { NodePool } from './nodes.js';
import { paintOverlay } from './overlay.js';
import { Palette } from './palette.js';
import { Pictures } from './pictures.js';
import { PointerMachine } from './pointer.js';
import { union } from './rect.js';
import { Scene } from './scene.js';
import { around, touchedBy, withLinks } from './touched.js';
import { listenForWheel } from './wheel.js';

/** @import {Armed, Counts, FarNodes, MountedCanvas, Rect, Stage, Results} from '../types/canvas.d.ts' */
/** @import {Change, LinkId, NodeId} from '../types/document.d.ts' */
/** @import {Editor, OverPainter, Point} from '../types/editor.d.ts' */

/** The camera rests when it has not moved for so long. */
const REST_MS = 140;
/** The mark of the frame in which a document that was opened is first drawn. */
const DRAWN = 'safelight.drawn';

/** @returns {Counts} */
const noCounts = () => ({ frames: 0, backgrounds: 0, patches: 0, patchedNodes: 0, strokes: 0, links: 0, farNodes: 0, mounted: 0, pooled: 0 });

/** @implements {MountedCanvas} */
class Canvas {
  /** @type {Stage} */
  #stage;
  #back = new Background();
  #overlay = h('canvas', { class: 'canvas-overlay', hidden: true, 'aria-hidden': true });
  #layer = h('div', { class: 'canvas-nodes' });
  #pool;
  #cameras = new LevelCameras();
  /** The subgraph that the scene shows. @type {string | null} */
  #level = null;
  #pictures;
  #minimap;
  #pointer;
  #ratio = 1;
  /** What nodes last showed at their bottom. @type {Map<NodeId, Results>} */
  #results = new Map();
  #moving = false;
  /** @type {FarNodes} */
  #painted = { paints: (id) => this.#pool.paints(id), picture: (url) => this.#pictures.get(url) };
  /** The nodes that are shown as selected. @type {ReadonlySet<NodeId>} */
  #selected = new Set();
  /** A document was opened that has not been drawn yet. */
  #opened = false;
  #restTimer = 0;
  /** @type {Set<OverPainter>} */
  #painters = new Set();
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
      gesture: 0,
      cameraMoved: () => this.#cameraMoved(),
      nodesMoved: (ids) => this.#nodesMoved(ids),
    };
    host.classList.add('canvas');
    this.#minimap = new Minimap(this.#stage);
    host.append(this.#back.element, this.#layer, this.#overlay, this.#minimap.element);
    this.#pool = new NodePool(this.#stage, this.#layer, () => this.#back.paintNear());
    this.#pictures = new Pictures(() => this.#repaint());
    this.#pointer = new PointerMachine(this.#stage, {
      node: (id) => this.rename({ node: id }),
      group: (id) => this.rename({ group: id }),
    });
    listenForWheel(this.#stage, this.#abort.signal);
    followFocus(this.#stage, this.#layer, this.#abort.signal);
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

  seen() {
    return this.#stage.camera.view();
  }

  /** @param {Iterable<NodeId>} ids */
  bounds(ids) {
    return this.#stage.scene.bounds(ids);
  }

  /** @param {{ node: NodeId } | { group: number }} thing */
  rename(thing) {
    if ('group' in thing) return renameGroup(this.#stage, thing.group);
    const view = this.#pool.mounted.get(thing.node);
    view?.rename();
    return view !== undefined;
  }

  /** @param {Armed | null} armed */
  arm(armed) {
    this.#pointer.arm(armed);
  }

  /** @param {LinkId} link @param {Point} place */
  stretchAt(link, place) {
    return stretchAt(this.#stage, link, place);
  }

  openMenu() {
    this.#pointer.openMenuOfSelection();
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

  /** @param {OverPainter} painter */
  paintOver(painter) {
    const again = () => this.#stage.loop.invalidate(OVERLAY);
    this.#painters.add(painter);
    again();
    return () => {
      this.#painters.delete(painter);
      again();
    };
  }

  /** @param {Iterable<NodeId>} [ids] */
  fit(ids) {
    const rect = ids ? this.#stage.scene.bounds(ids) : this.#everything();
    if (!rect) return;
    this.#stage.camera.fit(rect);
    this.#cameraMoved();
  }

  /** @param {Rect} rect @param {number} [margin] */
  show(rect, margin) {
    this.#stage.camera.fit(rect, margin);
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
    this.#minimap.destroy();
    this.#abort.abort();
    for (const end of this.#ends) end();
    this.#pool.clear();
    host.replaceChildren();
    host.classList.remove('canvas');
  }

  #watch() {
    const { editor, host, scene } = this.#stage;
    const { selection } = editor;
    const sizes = new ResizeObserver(() => this.#resize());
    sizes.observe(host);
    const relayout = (/** @type {() => void} */ renew) => () => {
      scene.forgetLayouts();
      renew();
      this.#repaint();
    };
    this.#ends.push(
      () => sizes.disconnect(),
      editor.document.onChange((change) => this.#onChange(change)),
      editor.run.watch((id) => this.#onRun(id)),
      selection.ids.subscribe(() => this.#select()),
      ...[selection.groups, selection.points, selection.link].map((each) => each.subscribe(() => this.#repaint())),
      editor.specs.subscribe(relayout(() => this.#pool.renew())),
      editor.decorations.subscribe(() => {
        this.#pool.markChanged(this.#pool.mounted.keys());
        this.#stage.loop.invalidate(NODES);
      }),
      editor.locale.subscribe(relayout(() => this.#pool.clear())),
      this.#stage.palette.follow(() => this.#repaint()),
    );
  }

  #resize() {
    const { host, camera, loop } = this.#stage;
    this.#ratio = devicePixelRatio;
    camera.width = Math.max(1, host.clientWidth);
    camera.height = Math.max(1, host.clientHeight);
    this.#overlay.width = Math.round(camera.width * this.#ratio);
    this.#overlay.height = Math.round(camera.height * this.#ratio);
    loop.invalidate(EVERYTHING);
  }

  /** @param {Change} change */
  #onChange(change) {
    if (change.structure) this.#pointer.cancel();
    if (change.structure && change.nodes.size >= this.#stage.editor.document.nodes.size) this.#opened = true;
    if (change.level) this.#pool.clear();
    const { scene, editor } = this.#stage;
    const touched = touchedBy(editor.document, change);
    const before = around(scene, touched);
    const hidden = scene.frames.nodes;
    scene.update(change);
    this.#level = editor.document.shown;
    if (change.level) this.#showLevel(change.replaced);
    this.#pool.markChanged(withFed(editor.document, change.nodes));
    // A group that is collapsed or opened hides or shows nodes that have not changed.
    if (change.groups.size > 0) this.#pool.markChanged([...hidden.keys(), ...scene.frames.nodes.keys()]);
    if (touched) this.#touch(around(scene, touched, before));
    else this.#repaint();
  }

  /** @param {boolean} replaced */
  #showLevel(replaced) {
    const look = this.#cameras.turnTo(this.#level, this.camera(), replaced);
    if (look) this.setCamera(look);
    else this.fit();
  }

  /** @param {NodeId} id */
  #onRun(id) {
    const { scene, editor } = this.#stage;
    // The runs follow to another level before the scene does.
    if (!scene.indexOf.has(id) || !editor.document.nodes.has(id) || this.#level !== editor.document.shown) return;
    const touched = withLinks(editor.document, new Set([id]));
    const before = around(scene, touched);
    scene.updateNodes([id]);
    // The scene itself may have heard of it before, as it placed a link to this node.
    const shown = scene.resultsShown(id);
    const changed = shown !== (this.#results.get(id) ?? 'none');
    this.#results.set(id, shown);
    if (changed) this.#pool.markChanged([id]);
    else if (this.#pool.mounted.has(id)) return;
    this.#touch(around(scene, touched, before));
  }

  #select() {
    const { scene, editor } = this.#stage;
    const ids = editor.selection.ids.peek();
    const touched = fadesOthers(scene) ? null : withLinks(editor.document, new Set([...this.#selected, ...ids]));
    this.#selected = ids;
    this.#pool.showSelection(ids);
    if (touched) this.#touch(around(scene, touched));
    else this.#repaint();
  }

  #repaint() {
    this.#back.forget();
    this.#minimap.forget();
    this.#stage.loop.invalidate(this.#painters.size > 0 ? EVERYTHING : BACK | NODES);
  }

  /** Paint a part of the document again. @param {Rect | null} rect */
  #touch(rect) {
    this.#back.touch(rect);
    this.#minimap.forget();
    this.#stage.loop.invalidate(this.#painters.size > 0 ? EVERYTHING : BACK | NODES);
  }

  #cameraMoved() {
    this.#moving = true;
    clearTimeout(this.#restTimer);
    this.#restTimer = setTimeout(() => {
      this.#moving = false;
      this.#pool.setMoving(false);
      this.#stage.loop.invalidate(BACK | NODES);
    }, REST_MS);
    this.#pool.setMoving(true);
    this.#stage.loop.invalidate(this.#drawsOver() ? EVERYTHING : BACK | NODES);
  }

  /** Whether there is anything over the graph, which has to follow the camera. */
  #drawsOver() {
    return this.#painters.size > 0 || Object.values(this.#stage.scene.draft).some((part) => part !== null);
  }

  /** @param {Iterable<NodeId>} ids */
  #nodesMoved(ids) {
    const { scene, editor } = this.#stage;
    const { moved, resized, resizedGroup } = scene.draft;
    const others = resizedGroup !== null || (moved !== null && moved.groups.size + moved.points.size > 0);
    const touched = moved === null || others ? null : withLinks(editor.document, new Set(ids));
    const before = around(scene, touched);
    scene.updateNodes(ids);
    if (resized || moved === null) this.#pool.markChanged(ids);
    this.#pool.place(ids);
    if (touched) this.#touch(around(scene, touched, before));
    else this.#repaint();
  }

  /** @param {number} layers */
  #draw(layers) {
    if (devicePixelRatio !== this.#ratio) this.#resize();
    if (layers & NODES) {
      this.#pool.draw(this.#ratio);
      this.#pool.markFitting(this.#stage.scene.draft.link?.end ?? null);
    }
    if (layers & BACK) {
      const everything = this.#everything();
      this.#back.draw(this.#stage, this.#ratio, this.#moving, everything, this.#painted);
      this.#minimap.draw(everything, this.#ratio, this.#moving);
    }
    if (layers & OVERLAY) this.#drawOver();
    if (this.#opened) this.#markOpened();
  }

  #drawOver() {
    const context = this.#overlay.getContext('2d');
    if (!context) return;
    this.#overlay.hidden = !this.#drawsOver();
    paintOverlay(context, this.#stage, this.#ratio);
    for (const paint of this.#painters) paint(context, this.#stage, this.#ratio);
  }

  /** For measurements: when a document that was opened is first seen. */
  #markOpened() {
    this.#opened = false;
    performance.clearMarks(DRAWN);
    performance.mark(DRAWN, { detail: this.#stage.editor.document.nodes.size });
  }

  /** @returns {Rect | null} */
  #everything() {
    const { scene, editor } = this.#stage;
    let all = scene.extent();
    for (const group of editor.document.groups.values()) {
      if (!scene.frames.groups.has(group.id)) all = union(all ?? scene.groupRect(group), scene.groupRect(group));
    }
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
