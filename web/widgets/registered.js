/** Widgets that packs bring, each for the inputs that name it. */

/** @import {InputSpec} from '../types/spec.d.ts' */
/** @import {PackMount, PackWidgetOptions, RegisteredWidget} from '../types/extension.d.ts' */

/** The height of a field of one line. */
const LINE = 24;

export class PackWidgets {
  /** @type {Map<string, RegisteredWidget>} */
  #byName = new Map();

  /**
   * Give inputs that name a widget (`Annotated[float, Widget('my_pack.dial')]`) one of a pack's own.
   *
   * @param {string} pack
   * @param {string} name
   * @param {PackMount} mount puts the widget into an element; called once for each node that is shown
   * @param {PackWidgetOptions} [options]
   * @returns {() => void} takes it back
   * @throws {Error} when the name is taken
   */
  add(pack, name, mount, { height = LINE, grows = false } = {}) {
    if (this.#byName.has(name)) throw new Error(`There is a widget named ${name} already.`);
    const widget = { pack, mount, height, grows };
    this.#byName.set(name, widget);
    return () => {
      if (this.#byName.get(name) === widget) this.#byName.delete(name);
    };
  }

  /**
   * @param {InputSpec} input
   * @returns {RegisteredWidget | null} null where the input names none, or one that nobody has registered
   */
  find(input) {
    return this.#byName.get(input.options.widgetType ?? '') ?? null;
  }
}
