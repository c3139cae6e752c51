/**
 * Moves an element by a transform. While it moves the transform is that of a paused animation: a browser takes an
 * animated transform straight to the compositor, but puts all layers of the page together anew when a style changes.
 */

export class Placement {
  /** @type {HTMLElement} */
  #element;
  /** @type {Animation | null} */
  #animation = null;
  #transform = '';

  /** @param {HTMLElement} element */
  constructor(element) {
    this.#element = element;
  }

  /**
   * @param {string} transform
   * @param {boolean} moving whether others will follow soon; at rest text is drawn sharp
   */
  put(transform, moving) {
    if (transform === this.#transform && moving === (this.#animation !== null)) return;
    this.#transform = transform;
    if (moving) this.#animate(transform);
    else this.#rest(transform);
  }

  /** @param {string} transform */
  #animate(transform) {
    const frames = { transform: [transform, transform] };
    const effect = this.#animation?.effect;
    if (effect instanceof KeyframeEffect) {
      effect.setKeyframes(frames);
      return;
    }
    this.#animation = this.#element.animate(frames, { duration: 1, fill: 'both' });
    this.#animation.pause();
  }

  /** @param {string} transform */
  #rest(transform) {
    this.#element.style.transform = transform;
    this.#animation?.cancel();
    this.#animation = null;
  }
}
