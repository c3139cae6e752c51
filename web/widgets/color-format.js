/** Colours as text and as numbers: `#rrggbb`, with alpha `#rrggbbaa`; and as hue, saturation and brightness. */

/** Red, green and blue in 0..255, alpha in 0..1. @typedef {{ r: number, g: number, b: number, a: number }} Rgba */
/** Hue in degrees, the others in 0..1. @typedef {{ h: number, s: number, v: number }} Hsv */

const HEX = /^#?([\da-f]{3,4}|[\da-f]{6}|[\da-f]{8})$/i;
const RGB = /^rgba?\(\s*([\d.]+)\s*[, ]\s*([\d.]+)\s*[, ]\s*([\d.]+)\s*(?:[,/]\s*([\d.]+)(%?)\s*)?\)$/i;

/**
 * @param {string} text
 * @returns {Rgba | null} null when it is no colour
 */
export function readColor(text) {
  const plain = text.normalize('NFKC').trim();
  const hex = HEX.exec(plain)?.[1];
  if (hex !== undefined) {
    const digits = hex.length < 6 ? [...hex].map((digit) => digit + digit).join('') : hex;
    const part = (/** @type {number} */ at) => Number.parseInt(digits.slice(at, at + 2), 16);
    return { r: part(0), g: part(2), b: part(4), a: digits.length === 8 ? part(6) / 255 : 1 };
  }
  const parts = RGB.exec(plain);
  if (!parts) return null;
  const [r = 0, g = 0, b = 0] = parts.slice(1, 4).map((part) => Math.min(255, Math.round(Number(part))));
  const a = parts[4] === undefined ? 1 : Number(parts[4]) / (parts[5] === '%' ? 100 : 1);
  return { r, g, b, a: Math.min(1, a) };
}

/**
 * @param {Rgba} color
 * @param {boolean} withAlpha
 */
export function writeColor({ r, g, b, a }, withAlpha) {
  const parts = withAlpha ? [r, g, b, a * 255] : [r, g, b];
  return `#${parts.map((part) => Math.round(part).toString(16).padStart(2, '0')).join('')}`;
}

/** @param {Rgba} color @returns {Hsv} */
export function toHsv({ r, g, b }) {
  const most = Math.max(r, g, b);
  const range = most - Math.min(r, g, b);
  if (range === 0) return { h: 0, s: 0, v: most / 255 };
  const sixth = most === r ? ((g - b) / range + 6) % 6 : most === g ? (b - r) / range + 2 : (r - g) / range + 4;
  return { h: sixth * 60, s: range / most, v: most / 255 };
}

/** @param {Hsv} color @param {number} alpha @returns {Rgba} */
export function fromHsv({ h, s, v }, alpha) {
  const part = (/** @type {number} */ shift) => {
    const place = (shift + h / 60) % 6;
    return Math.round(255 * (v - v * s * Math.max(0, Math.min(place, 4 - place, 1))));
  };
  return { r: part(5), g: part(3), b: part(1), a: alpha };
}
