/** Pictures for the painted nodes, loaded once; the longest unused are dropped. */

const MOST = 160;

export class Pictures {
  /** @type {Map<string, HTMLImageElement>} */
  #images = new Map();
  /** @type {() => void} */
  #onLoad;

  /** @param {() => void} onLoad called when a picture can be painted */
  constructor(onLoad) {
    this.#onLoad = onLoad;
  }

  /**
   * @param {string} url
   * @returns {HTMLImageElement | null} null until it has been loaded
   */
  get(url) {
    let image = this.#images.get(url);
    if (image) {
      this.#images.delete(url);
    } else {
      image = new Image();
      image.onload = this.#onLoad;
      image.src = url;
    }
    this.#images.set(url, image);
    const [oldest] = this.#images.keys();
    if (this.#images.size > MOST && oldest !== undefined) this.#images.delete(oldest);
    return image.complete && image.naturalWidth > 0 ? image : null;
  }
}
