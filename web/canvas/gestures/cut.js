/** Cutting links by a stroke across them. */

import { removeLinks } from '../../core/rewire.js';
import { crossesLink } from '../curve.js';
import { OVERLAY } from '../frame.js';
import { stretchesOf } from './move.js';
import { isFar } from './slack.js';

/** @import {Gesture, Stage, Stroke} from '../../types/canvas.d.ts' */
/** @import {LinkId} from '../../types/document.d.ts' */

const STEP = 3;

/**
 * @param {Stage} stage
 * @param {Stroke} press
 * @param {() => void} onClick when nothing was drawn
 * @returns {Gesture}
 */
export function cutLinks(stage, press, onClick) {
  const { editor, scene, camera, loop } = stage;
  const way = [press.place];
  /** @type {Set<LinkId>} */
  const cut = new Set();
  let drawn = false;
  const clear = () => {
    scene.draft.marks = null;
    loop.invalidate(OVERLAY);
  };
  return {
    cursor: 'crosshair',
    move(stroke) {
      const { place } = stroke;
      drawn ||= isFar(press, stroke);
      const last = way.at(-1) ?? press.place;
      if (!drawn || Math.hypot(place.x - last.x, place.y - last.y) * camera.scale < STEP) return;
      way.push(place);
      for (const link of crossed(stage, last, place)) cut.add(link);
      const into = [...cut].flatMap((link) => stretchesOf(stage, link));
      scene.draft.marks = { way: { points: way, closed: false }, into };
      loop.invalidate(OVERLAY);
    },
    end() {
      clear();
      if (!drawn) return onClick();
      const live = [...cut].filter((link) => editor.document.links.has(link));
      if (live.length > 0) editor.perform(removeLinks(live, 'edit.cut-links'));
    },
    cancel: clear,
  };
}

/**
 * @param {Stage} stage
 * @param {{ x: number, y: number }} a
 * @param {{ x: number, y: number }} b
 * @returns {LinkId[]}
 */
function crossed({ scene }, a, b) {
  const box = { x: Math.min(a.x, b.x), y: Math.min(a.y, b.y), width: Math.abs(a.x - b.x), height: Math.abs(a.y - b.y) };
  // A flat link has no height for a flat stroke to lie in.
  const wide = { x: box.x - 1, y: box.y - 1, width: box.width + 2, height: box.height + 2 };
  return scene.linksIn(wide).flatMap((index) => {
    const [x1 = 0, y1 = 0, x2 = 0, y2 = 0] = scene.ends.subarray(index * 4, index * 4 + 4);
    return crossesLink(a, b, x1, y1, x2, y2) ? (scene.linkIds[index] ?? []) : [];
  });
}
