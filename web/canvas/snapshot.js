/** A painted copy of a large graph, moved and scaled in its place while the camera moves. */

import { Camera } from './camera.js';
import { paintDocument } from './paint.js';
import { contains, intersection } from './rect.js';

/** @import {Rect, Stage} from '../types/canvas.d.ts' */
/** @import {NodeId} from '../types/document.d.ts' */

/** The copy reaches so far beyond each edge of the view, as a part of its size, so that a pan shows no blank edge. */
const MARGIN = 0.3;
/** Copies are scaled by at most this before they are painted anew. */
const MOST_ZOOM = 1.8;

export class Snapshot {
  #canvas = document.createElement('canvas');
  #camera = new Camera();
  #ratio = 1;
  #valid = false;

  /** To be called when the document has changed. */
  forget() {
    this.#valid = false;
  }

  /**
   * Paint the graph into `context` from the copy, making the copy first where it does not serve.
   *
   * @param {CanvasRenderingContext2D} context
   * @param {Stage} stage
   * @param {number} ratio device pixels for each CSS pixel
   * @param {Rect} graph the bounds of everything
   * @param {{ mounted: ReadonlyMap<NodeId, unknown>, picture: (url: string) => CanvasImageSource | null }} nodes
   */
  paint(context, stage, ratio, graph, nodes) {
    if (!this.#serves(stage.camera, graph, ratio)) this.#take(stage, ratio, nodes);
    else stage.counts.blits += 1;
    const zoom = stage.camera.scale / this.#camera.scale;
    const x = (this.#camera.x - stage.camera.x) * stage.camera.scale * ratio;
    const y = (this.#camera.y - stage.camera.y) * stage.camera.scale * ratio;
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.drawImage(this.#canvas, x, y, this.#canvas.width * zoom, this.#canvas.height * zoom);
  }

  /**
   * @param {Camera} camera
   * @param {Rect} graph
   * @param {number} ratio
   */
  #serves(camera, graph, ratio) {
    if (!this.#valid || this.#ratio !== ratio) return false;
    const zoom = camera.scale / this.#camera.scale;
    if (zoom > MOST_ZOOM || zoom < 1 / MOST_ZOOM) return false;
    return contains(this.#camera.view(), intersection(camera.view(), graph));
  }

  /**
   * @param {Stage} stage
   * @param {number} ratio
   * @param {{ mounted: ReadonlyMap<NodeId, unknown>, picture: (url: string) => CanvasImageSource | null }} nodes
   */
  #take(stage, ratio, nodes) {
    const { camera } = stage;
    const copy = this.#camera;
    copy.scale = camera.scale;
    copy.width = camera.width * (1 + 2 * MARGIN);
    copy.height = camera.height * (1 + 2 * MARGIN);
    copy.x = camera.x - (camera.width * MARGIN) / camera.scale;
    copy.y = camera.y - (camera.height * MARGIN) / camera.scale;
    this.#canvas.width = Math.round(copy.width * ratio);
    this.#canvas.height = Math.round(copy.height * ratio);
    const context = this.#canvas.getContext('2d');
    if (!context) return;
    paintDocument(context, { ...stage, camera: copy }, ratio, nodes);
    stage.counts.backgrounds += 1;
    this.#ratio = ratio;
    this.#valid = true;
  }
}
