/** Where something floating goes: beside its anchor and inside the window. */

const MARGIN = 8;

/**
 * Put a fixed element at a point of the page, moved so that all of it is seen.
 *
 * @param {HTMLElement} element in the page already, so that it has a size
 * @param {number} x
 * @param {number} y
 */
export function placeAt(element, x, y) {
  const { width, height } = element.getBoundingClientRect();
  // Its own lengths are as many times as large as it is.
  const zoom = element.currentCSSZoom ?? 1;
  element.style.left = `${clamp(x, MARGIN, innerWidth - width - MARGIN) / zoom}px`;
  element.style.top = `${clamp(y, MARGIN, innerHeight - height - MARGIN) / zoom}px`;
}

/**
 * Put a fixed element below its anchor, or above where there is no room below.
 *
 * @param {HTMLElement} element in the page already
 * @param {DOMRect} anchor
 * @param {'start' | 'end'} [edge] which edge of the anchor it keeps to
 */
export function placeBelow(element, anchor, edge = 'start') {
  const { width, height } = element.getBoundingClientRect();
  const below = anchor.bottom + 4;
  const above = anchor.top - height - 4;
  const fitsBelow = below + height + MARGIN <= innerHeight;
  placeAt(element, edge === 'start' ? anchor.left : anchor.right - width, fitsBelow || above < MARGIN ? below : above);
}

/**
 * Put a fixed element at the right of its anchor, or at the left where there is no room.
 *
 * @param {HTMLElement} element in the page already
 * @param {DOMRect} anchor
 */
export function placeBeside(element, anchor) {
  const { width } = element.getBoundingClientRect();
  const right = anchor.right + 2;
  placeAt(element, right + width + MARGIN <= innerWidth ? right : anchor.left - width - 2, anchor.top - 6);
}

/**
 * @param {number} value
 * @param {number} low
 * @param {number} high
 */
function clamp(value, low, high) {
  return Math.max(low, Math.min(high, value));
}
