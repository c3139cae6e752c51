/** The wheel zooms at the pointer; a trackpad's two fingers pan, and its pinch (a wheel with Ctrl) zooms. */

/** @import {Moved} from './gestures/pinch.js' */

/** A wheel's notch is about 100 CSS pixels. */
const PER_PIXEL = 0.0016;
const PINCH_PER_PIXEL = 0.01;
const LINE = 33;
/** Events of one movement follow each other within this time. */
const PAUSE_MS = 180;

/**
 * @param {Moved & { host: HTMLElement }} stage
 * @param {AbortSignal} signal
 */
export function listenForWheel(stage, signal) {
  let trackpad = false;
  let before = -Infinity;
  const onWheel = (/** @type {WheelEvent} */ event) => {
    if (scrollsItself(event)) return;
    event.preventDefault();
    if (event.timeStamp - before > PAUSE_MS) trackpad = isTrackpad(event);
    before = event.timeStamp;
    const unit = event.deltaMode === WheelEvent.DOM_DELTA_PIXEL ? 1 : LINE;
    const { left, top } = stage.host.getBoundingClientRect();
    if (trackpad && !event.ctrlKey && !event.metaKey) stage.camera.panBy(-event.deltaX * unit, -event.deltaY * unit);
    else {
      const speed = event.ctrlKey && trackpad ? PINCH_PER_PIXEL : PER_PIXEL;
      const factor = Math.exp(-event.deltaY * unit * speed);
      stage.camera.zoomAt({ x: event.clientX - left, y: event.clientY - top }, stage.camera.scale * factor);
    }
    stage.cameraMoved();
  };
  stage.host.addEventListener('wheel', onWheel, { passive: false, signal });
}

/**
 * A mouse's wheel turns by whole notches in one direction; a trackpad by a few or by fractions of pixels, or sideways.
 *
 * @param {WheelEvent} event
 */
function isTrackpad(event) {
  if (event.deltaMode !== WheelEvent.DOM_DELTA_PIXEL) return false;
  return event.deltaX !== 0 || !Number.isInteger(event.deltaY) || Math.abs(event.deltaY) < 40;
}

/**
 * What has the keyboard's focus, such as a text area or a table, scrolls its own content as far as there is any.
 *
 * @param {WheelEvent} event
 */
function scrollsItself({ target, currentTarget, ctrlKey }) {
  const focused = document.activeElement;
  if (ctrlKey || !(focused instanceof HTMLElement) || !(target instanceof Node)) return false;
  if (!focused.contains(target) || (currentTarget instanceof Node && focused.contains(currentTarget))) return false;
  return focused.scrollHeight > focused.clientHeight + 1 && getComputedStyle(focused).overflowY !== 'hidden';
}
