/** Dragging a tab to another place in its bar. */

/** @import { Application } from '../types/app.d.ts' */

/** A press that moves less is a click. */
const THRESHOLD = 5;

/**
 * @param {Application} editor
 * @param {HTMLElement} list
 * @param {HTMLElement} element
 * @param {PointerEvent} down
 */
export function dragTab(editor, list, element, down) {
  if (down.pointerType === 'touch') return;
  const abort = new AbortController();
  const { signal } = abort;
  let from = down.clientX;
  let dragging = false;

  const onMove = (/** @type {PointerEvent} */ event) => {
    const by = event.clientX - from;
    if (!dragging && Math.abs(by) < THRESHOLD) return;
    if (!dragging) {
      dragging = true;
      element.setPointerCapture(down.pointerId);
      element.classList.add('dragged');
    }
    const before = element.offsetLeft;
    const index = placeOf(list, element, by);
    editor.tabs.move(element.dataset['tab'] ?? '', index);
    // In its new place it stays under the pointer.
    from += element.offsetLeft - before;
    element.style.transform = `translateX(${event.clientX - from}px)`;
  };
  const end = () => {
    abort.abort();
    element.classList.remove('dragged');
    element.style.transform = '';
  };
  addEventListener('pointermove', onMove, { signal });
  for (const type of ['pointerup', 'pointercancel', 'blur']) addEventListener(type, end, { signal });
}

/**
 * Among the others, the place of a tab that was moved.
 * @param {HTMLElement} list
 * @param {HTMLElement} element
 * @param {number} by
 */
function placeOf(list, element, by) {
  const middle = element.offsetLeft + by + element.offsetWidth / 2;
  const others = [...list.children].filter((child) => child !== element && child instanceof HTMLElement);
  return others.filter((other) => other instanceof HTMLElement && other.offsetLeft + other.offsetWidth / 2 < middle)
    .length;
}
