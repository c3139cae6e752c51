/** Colours by type and category: design tokens for elements, their values for what is painted. */

/** @type {Readonly<Record<string, string>>} */
const TYPE_TOKENS = {
  MODEL: 'model',
  CLIP: 'clip',
  VAE: 'vae',
  CONDITIONING: 'conditioning',
  LATENT: 'latent',
  IMAGE: 'image',
  MASK: 'mask',
  CONTROL_NET: 'control',
  INT: 'number',
  FLOAT: 'number',
  STRING: 'string',
  BOOLEAN: 'boolean',
  COMBO: 'combo',
  '*': 'any',
};

const OTHER_TYPES = 6;

const CATEGORIES = new Set(['loaders', 'conditioning', 'sampling', 'latent', 'image', 'mask', 'training']);

/**
 * The token of a link type's colour, of a union that of its first part.
 *
 * @param {string} type
 * @returns {string} a custom property's name
 */
export function typeToken(type) {
  return tokenOf(type.split(',')[0]?.trim() ?? type);
}

/**
 * The tokens of the types of which a socket takes any: `IMAGE,MASK`.
 *
 * @param {string} type
 * @returns {string[]} each once
 */
export function typeTokens(type) {
  return [...new Set(type.split(',').map((part) => tokenOf(part.trim())))];
}

/** Types that we do not know share a few colours by name. @param {string} type */
function tokenOf(type) {
  const known = TYPE_TOKENS[type];
  if (known !== undefined) return `--type-${known}`;
  let sum = 0;
  for (const letter of type) sum = (sum * 31 + letter.charCodeAt(0)) % 9973;
  return `--type-other-${sum % OTHER_TYPES}`;
}

/**
 * @param {string} category such as `image/upscaling`
 * @returns {string} a custom property's name
 */
export function categoryToken(category) {
  const first = category.split('/')[0] ?? '';
  return CATEGORIES.has(first) ? `--category-${first}` : '--category-other';
}

/** The values of tokens, for a 2D context. They are read once for each theme. */
export class Palette {
  /** @type {Map<string, string>} */
  #values = new Map();
  #style = getComputedStyle(document.documentElement);

  /**
   * @param {string} token a custom property's name
   * @returns {string}
   */
  color(token) {
    let value = this.#values.get(token);
    if (value === undefined) {
      value = this.#style.getPropertyValue(token).trim();
      this.#values.set(token, value);
    }
    return value;
  }

  /**
   * Read the values anew whenever the theme changes.
   *
   * @param {() => void} changed paints what was painted in the old ones
   * @returns {() => void} ends it
   */
  follow(changed) {
    const renew = () => {
      this.#values.clear();
      changed();
    };
    const watcher = new MutationObserver(renew);
    watcher.observe(document.documentElement, { attributeFilter: ['data-theme'] });
    const forced = matchMedia('(forced-colors: active)');
    forced.addEventListener('change', renew);
    return () => {
      watcher.disconnect();
      forced.removeEventListener('change', renew);
    };
  }

  /** The text font at a size in CSS pixels. @param {number} size @param {number} [weight] */
  font(size, weight = 500) {
    return `${weight} ${size}px ${this.color('--font')}`;
  }
}
