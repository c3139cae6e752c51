/** Sizes of memory and files, to be read. */

const UNITS = /** @type {const} */ (['byte', 'kilobyte', 'megabyte', 'gigabyte', 'terabyte']);
const STEP = 1024;

/**
 * @param {number} bytes
 * @param {string} locale
 * @returns {string} such as `3.2 GB`
 */
export function bytesIn(bytes, locale) {
  const power = Math.min(UNITS.length - 1, Math.max(0, Math.floor(Math.log2(Math.max(1, bytes)) / 10)));
  const value = bytes / STEP ** power;
  const maximumFractionDigits = value < 10 && power > 0 ? 1 : 0;
  return new Intl.NumberFormat(locale, { style: 'unit', unit: UNITS[power], maximumFractionDigits }).format(value);
}
