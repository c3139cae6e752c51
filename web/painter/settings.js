/** How the user paints: brush, colours, how the mask is shown. Kept in this browser. */

import { signal } from '../core/signal.js';
import { MASK_COLORS, PALETTE } from './colors.js';

/** @import { PainterSettings } from '../types/painter.d.ts' */
/** @import { Signal } from '../types/signal.d.ts' */

const KEY = 'safelight.painter';

const LEAST_SIZE = 1;
export const MOST_SIZE = 1000;

/** @type {PainterSettings} */
const DEFAULTS = {
  size: 40,
  hardness: 0.8,
  opacity: 1,
  pressure: 'size',
  color: '#d64541',
  recent: PALETTE,
  tolerance: 32,
  maskSample: 'layer',
  paintSample: 'picture',
  overlayColor: MASK_COLORS[0] ?? '#ff3b30',
  overlayOpacity: 0.55,
};

/**
 * @param {Pick<Storage, 'getItem' | 'setItem'>} storage
 * @returns {Signal<PainterSettings>}
 */
export function createSettings(storage) {
  const settings = signal({ ...DEFAULTS, ...read(storage) });
  settings.subscribe((value) => {
    try {
      storage.setItem(KEY, JSON.stringify(value));
    } catch {
      // A full or forbidden storage only means that the settings are not remembered.
    }
  });
  return settings;
}

/**
 * What is kept may be of another version: an entry of another type than ours does not count.
 *
 * @param {Pick<Storage, 'getItem'>} storage
 * @returns {Partial<PainterSettings>}
 */
function read(storage) {
  try {
    const kept = JSON.parse(storage.getItem(KEY) ?? '{}');
    const known = Object.entries(DEFAULTS).filter(([name, value]) => typeof kept[name] === typeof value);
    return Object.fromEntries(known.map(([name]) => [name, kept[name]]));
  } catch {
    return {};
  }
}

/** @param {number} size */
export const boundedSize = (size) => Math.min(MOST_SIZE, Math.max(LEAST_SIZE, Math.round(size)));

/** The next size up or down: by a tenth, and by a pixel at least. @param {number} size @param {1 | -1} way */
export const nextSize = (size, way) => boundedSize(size + way * Math.max(1, size * 0.1));
