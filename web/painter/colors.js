/** Colours of paint and masks. They are what a picture gets, so they are values, not tokens. */

/** @param {string} text `#rrggbb` @returns {[number, number, number]} */
export function readColor(text) {
  const number = Number.parseInt(text.slice(1), 16);
  return [(number >> 16) & 255, (number >> 8) & 255, number & 255];
}

/** @param {readonly number[]} color red, green, blue; 0 to 255 */
export const writeColor = (color) =>
  `#${color.map((value) => Math.round(value).toString(16).padStart(2, '0')).join('')}`;

/** To begin with. */
export const PALETTE = ['#000000', '#ffffff', '#d64541', '#e8912d', '#f2d16b', '#5aa469', '#3f7fbf', '#7d5ba6'];

/** Masks in a colour that the picture does not have are seen best. */
export const MASK_COLORS = ['#ff3b30', '#34c759', '#0a84ff', '#ffd60a', '#bf5af2', '#000000', '#ffffff'];

const MOST_RECENT = 10;

/**
 * @param {readonly string[]} recent newest first
 * @param {string} color
 */
export const withRecent = (recent, color) => [color, ...recent.filter((each) => each !== color)].slice(0, MOST_RECENT);
