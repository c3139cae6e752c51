/** Where a picture lies in a window that it can be larger than: its scale and how far its middle is from the window's. */

const LARGEST = 40;
const SMALLEST_PART = 0.5;

/** @typedef {{ width: number, height: number }} Size */
/** @typedef {{ scale: number, x: number, y: number }} Placing `scale` is window pixels for each of the picture's */

/**
 * All of the picture; small ones are enlarged, up to a point.
 * @param {Size} picture
 * @param {Size} view
 * @returns {Placing}
 */
export function fitted(picture, view) {
  const scale = Math.min(view.width / picture.width, view.height / picture.height);
  return { scale: Math.min(scale, Math.max(1, 512 / Math.max(picture.width, picture.height))), x: 0, y: 0 };
}

/**
 * Zoom so that what lies at a point stays there.
 * @param {Placing} placing
 * @param {number} scale
 * @param {{ x: number, y: number }} point from the window's middle
 * @param {Size} picture
 * @param {Size} view
 * @returns {Placing}
 */
export function zoomedAt(placing, scale, point, picture, view) {
  const least = Math.min(1, fitted(picture, view).scale) * SMALLEST_PART;
  const next = Math.min(LARGEST, Math.max(least, scale));
  const factor = next / placing.scale;
  const x = point.x - (point.x - placing.x) * factor;
  const y = point.y - (point.y - placing.y) * factor;
  return held({ scale: next, x, y }, picture, view);
}

/**
 * A picture never leaves its window: where it is smaller it stays in the middle.
 * @param {Placing} placing
 * @param {Size} picture
 * @param {Size} view
 * @returns {Placing}
 */
export function held({ scale, x, y }, picture, view) {
  const room = (/** @type {number} */ size, /** @type {number} */ around) => Math.max(0, (size * scale - around) / 2);
  const within = (/** @type {number} */ value, /** @type {number} */ most) =>
    most === 0 ? 0 : Math.min(most, Math.max(-most, value));
  return { scale, x: within(x, room(picture.width, view.width)), y: within(y, room(picture.height, view.height)) };
}
