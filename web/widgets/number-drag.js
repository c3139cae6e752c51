/** Dragging a number: sideways without end, with Shift fine and with Ctrl coarse; Escape takes it back. */

/** Below so many CSS pixels a press is a click. */
const SLACK = 3;
const TOUCH_SLACK = 8;
/** So near the edge of the window the pointer is taken out of the way, so that the drag can go on. */
const EDGE = 6;
const FINE = 0.1;
const COARSE = 10;

/**
 * @typedef {object} Drag
 * @property {(moved: number, x: number, fine: boolean) => void} move `moved`: CSS pixels, weighed by Shift and Ctrl; `x`: of the page
 * @property {(target: EventTarget | null) => void} click
 * @property {() => void} end after a drag
 * @property {() => void} cancel take the drag back
 */

/** @param {Pick<MouseEvent, 'shiftKey' | 'ctrlKey' | 'metaKey'>} event how much a movement or a key counts */
export function weightOf(event) {
  if (event.shiftKey) return FINE;
  return event.ctrlKey || event.metaKey ? COARSE : 1;
}

/**
 * @param {PointerEvent} press
 * @param {HTMLElement} element
 * @param {Drag} drag
 */
export function dragOrClick(press, element, drag) {
  const abort = new AbortController();
  const options = { signal: abort.signal };
  const slack = press.pointerType === 'mouse' ? SLACK : TOUCH_SLACK;
  let dragged = false;
  let before = press.clientX;
  let moved = 0;
  element.setPointerCapture(press.pointerId);

  const finish = (/** @type {() => void} */ how) => {
    abort.abort();
    if (document.pointerLockElement === element) document.exitPointerLock();
    element.classList.remove('dragged');
    how();
  };
  const onMove = (/** @type {PointerEvent} */ event) => {
    if (event.pointerId !== press.pointerId) return;
    if (!dragged) {
      if (Math.abs(event.clientX - press.clientX) <= slack) return;
      dragged = true;
      element.classList.add('dragged');
    }
    const locked = document.pointerLockElement === element;
    moved += (locked ? event.movementX : event.clientX - before) * weightOf(event);
    before = event.clientX;
    if (!locked && press.pointerType === 'mouse') holdAtEdge(element, event.clientX);
    drag.move(moved, event.clientX, event.shiftKey);
  };
  element.addEventListener('pointermove', onMove, options);
  element.addEventListener('pointerup', () => finish(dragged ? drag.end : () => drag.click(press.target)), options);
  element.addEventListener('pointercancel', () => finish(dragged ? drag.cancel : () => {}), options);
  addEventListener('keydown', (event) => {
    if (event.key !== 'Escape') return;
    event.stopPropagation();
    event.preventDefault();
    finish(drag.cancel);
  }, { ...options, capture: true });
}

/** @param {HTMLElement} element @param {number} x */
function holdAtEdge(element, x) {
  if (x > EDGE && x < innerWidth - EDGE) return;
  // A browser may refuse, and older ones answer with nothing; the drag then ends at the edge, as it would have.
  void Promise.resolve(element.requestPointerLock()).catch(() => {});
}
