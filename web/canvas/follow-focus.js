/** What gets the keyboard's focus comes into view: the camera goes there, as an element that scrolls would. */

/** @import {Point} from '../types/editor.d.ts' */
/** @import {Stage} from '../types/canvas.d.ts' */

/** How fast the camera goes: the token of the page's calm movements, which is 0 where movement is not wanted. */
const PACE = '--calm';

/**
 * A press of the pointer shows what it gives the focus to, and a focus that comes back (to the window, or from a menu that
 * was closed) is no reason to leave what is looked at.
 *
 * @param {Stage} stage
 * @param {HTMLElement} layer of the nodes' elements
 * @param {AbortSignal} signal
 */
export function followFocus(stage, layer, signal) {
  /** The node that was pressed. @type {Element | null} */
  let pressed = null;
  /** @type {EventTarget | null} */
  let before = null;
  let handle = 0;
  const options = { capture: true, signal };
  addEventListener('pointerdown', ({ target }) => (pressed = nodeOf(target)), options);
  const onKey = (/** @type {KeyboardEvent} */ { key }) => {
    if (key === 'Tab') pressed = before = null;
  };
  addEventListener('keydown', onKey, options);
  const onFocus = (/** @type {FocusEvent} */ { target }) => {
    const again = target === before;
    before = target;
    if (again || !(target instanceof Element) || (pressed && nodeOf(target) === pressed)) return;
    cancelAnimationFrame(handle);
    // What the camera has done before is drawn first.
    handle = requestAnimationFrame(() => {
      if (document.activeElement === target) glide(stage, wayTo(stage, layer, target), (next) => (handle = next));
    });
  };
  layer.addEventListener('focusin', onFocus, { signal });
  signal.addEventListener('abort', () => cancelAnimationFrame(handle));
}

/** The element of the node that holds another. @param {EventTarget | null} target */
const nodeOf = (target) => (target instanceof Element ? target.closest('.node') : null);

/** @param {Stage} stage @param {HTMLElement} layer @param {Element} element */
function wayTo({ camera }, layer, element) {
  const origin = layer.getBoundingClientRect();
  const { left, top, width, height } = element.getBoundingClientRect();
  const { scale } = camera;
  return camera.wayTo({ x: (left - origin.left) / scale, y: (top - origin.top) / scale, width: width / scale, height: height / scale });
}

/**
 * Move the camera in some frames; whatever else moves it ends that.
 *
 * @param {Stage} stage
 * @param {Point} way in document units
 * @param {(handle: number) => void} onFrame told of the frame that comes next
 */
function glide({ host, camera, cameraMoved }, way, onFrame) {
  if (way.x === 0 && way.y === 0) return;
  const from = { x: camera.x, y: camera.y };
  const { scale } = camera;
  const lasts = Number.parseFloat(getComputedStyle(host).getPropertyValue(PACE)) || 0;
  const start = performance.now();
  const at = { ...from };
  const step = () => {
    if (camera.x !== at.x || camera.y !== at.y || camera.scale !== scale) return;
    const left = 1 - Math.min(1, (performance.now() - start) / Math.max(1, lasts));
    const part = lasts === 0 ? 1 : 1 - left ** 3;
    at.x = camera.x = from.x + way.x * part;
    at.y = camera.y = from.y + way.y * part;
    cameraMoved();
    if (part < 1) onFrame(requestAnimationFrame(step));
  };
  step();
}
