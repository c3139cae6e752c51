/** Widgets that packs bring, each for the inputs that name it. */

/** @import {InputSpec} from '../types/spec.d.ts' */
/** @import {PackMount, PackWidgetOptions, RegisteredWidget} from '../types/pack.d.ts' */

/** The height of a field of one line. */
const LINE = 24;

/** @type {Map<string, RegisteredWidget>} */
const registered = new Map();

/**
 * Give inputs that name a widget (`Annotated[float, Widget('dial')]`) one of a pack's own.
 *
 * @param {string} name
 * @param {PackMount} mount puts the widget into an element; called once for each node that is shown
 * @param {PackWidgetOptions} [options]
 * @returns {() => void} takes it back
 */
export function registerWidget(name, mount, { height = LINE, grows = false } = {}) {
  if (registered.has(name)) throw new Error(`There is a widget named ${name} already.`);
  const widget = { mount, height, grows };
  registered.set(name, widget);
  return () => {
    if (registered.get(name) === widget) registered.delete(name);
  };
}

/**
 * @param {InputSpec} input
 * @returns {RegisteredWidget | null} null where the input names none, or one that nobody has registered
 */
export function registeredWidget(input) {
  return registered.get(input.options.widgetType ?? '') ?? null;
}
