/**
 * What an instance of a subgraph shows: the subgraph's inputs and outputs, and widgets of its inner nodes. Files say in
 * several ways which widgets those are; the rules are the server's (`graph/documents/promotion.py`).
 */

import { isRecord, listOf, recordOf, textOf } from './json.js';
import { defaultValue, editorSpec, hasControl } from './spec.js';
import { INPUTS, isListPort, isOptionalPort, OUTPUTS, portsOf, SOCKET } from './subgraph-border.js';

/** @import { Definitions, GraphNode, Level, NodeId } from '../types/document.d.ts' */
/** @import { FaceWidget, InputSpec, Json, NodeSpec, OutputSpec } from '../types/spec.d.ts' */
/** @import { Port } from './subgraph-border.js' */
/** @import { SpecOf } from './sockets.js' */

/** The property of an instance that lists widgets: [inner node, name], with -1 for the subgraph's own inputs. */
export const LISTED_PROPERTY = 'proxyWidgets';
/** What files call the second value of a seed. */
export const CONTROL = 'control_after_generate';
/** How the list names the subgraph's own inputs. */
export const OWN_INPUT = '-1';

/** An entry of a list of widgets. @typedef {{ node: string, name: string, source: string }} Listed */

/**
 * What all instances of a subgraph have in common.
 * @typedef {object} Front
 * @property {Level} level
 * @property {ReadonlyMap<NodeId, GraphNode>} nodes
 * @property {readonly Port[]} inputs
 * @property {readonly InputSpec[]} ports
 * @property {ReadonlyMap<number, NodeId>} inner the inner node whose widget an input shows
 * @property {readonly OutputSpec[]} outputs
 * @property {ReadonlyMap<string, number>} fed the input of the subgraph that feeds an input of an inner node
 * @property {ReadonlySet<number>} held inputs that lead to widgets of which only the file knows
 */

/** @param {NodeId} node @param {string} input */
const fedKey = (node, input) => `${node}\n${input}`;

export class Faces {
  #definitions;
  #specOf;
  /** @type {Map<string, Front | null>} null while it is being made, which only a subgraph in itself can see */
  #fronts = new Map();
  /** By the list of widgets; those without one under their subgraph. @type {Map<string, NodeSpec>} */
  #plain = new Map();
  /** @type {WeakMap<object, { type: string, spec: NodeSpec }>} */
  #listing = new WeakMap();

  /** @param {Definitions} definitions @param {SpecOf} specOf */
  constructor(definitions, specOf) {
    this.#definitions = definitions;
    this.#specOf = specOf;
  }

  /** @param {Readonly<GraphNode>} node @returns {NodeSpec | null} null when it is no instance of a subgraph */
  spec(node) {
    const { type } = node;
    if (!this.#definitions.has(type)) return null;
    const list = recordOf(node.rest['properties'])[LISTED_PROPERTY];
    if (Array.isArray(list) && list.length > 0) {
      const known = this.#listing.get(list);
      if (known?.type === type) return known.spec;
      const spec = this.#specWith(type, listedWidgets(list));
      this.#listing.set(list, { type, spec });
      return spec;
    }
    if (typeof list === 'string') return this.#specWith(type, listedWidgets(list));
    let spec = this.#plain.get(type);
    if (!spec) this.#plain.set(type, (spec = this.#specWith(type, listedWidgets(list))));
    return spec;
  }

  /** @param {string} type @param {readonly Listed[]} listed @returns {NodeSpec} */
  #specWith(type, listed) {
    const front = this.#front(type);
    if (!front) return instanceSpec(type, type, [], [], { ports: [], types: [], widgets: [], listed: 0 });
    const { rest } = front.level;
    const entries = listed.length > 0 ? listed : listedWidgets(rest['widgets']);
    const widgets = this.#widgets(front, entries);
    const fields = widgets.flatMap(({ name, input }) => (input && name !== CONTROL ? [input] : []));
    const inputs = [...front.ports.filter((port) => !port.widget), ...new Set(distinct(front, widgets, fields))];
    const face = { ports: front.ports, types: front.inputs.map((port) => port.type), widgets, listed: entries.length };
    return instanceSpec(type, textOf(rest['name'], type), inputs, front.outputs, face);
  }

  /** @param {string} type @returns {Front | null} */
  #front(type) {
    const known = this.#fronts.get(type);
    if (known !== undefined) return known;
    const level = this.#definitions.get(type);
    this.#fronts.set(type, null);
    const front = level ? this.#makeFront(level) : null;
    this.#fronts.set(type, front);
    return front;
  }

  /** @param {Level} level @returns {Front} */
  #makeFront(level) {
    const nodes = new Map(level.nodes.map((node) => [node.id, node]));
    const inputs = portsOf(nodes.get(INPUTS));
    const outward = portsOf(nodes.get(OUTPUTS));
    const fed = new Map();
    /** @type {Map<number, InputSpec>} */
    const shown = new Map();
    const inner = new Map();
    const held = new Set();
    for (const { from, output, to, input } of level.links) {
      if (from !== INPUTS) continue;
      fed.set(fedKey(to, input), output);
      const node = nodes.get(to);
      const widget = shown.has(output) ? null : this.#widgetOf(node, input, '');
      const isHeld = node && !this.#specOf(node) && isSavedWidget(node, input);
      if (widget) shown.set(output, widget);
      else if (isHeld) held.add(output);
      if (widget || isHeld) inner.set(output, to);
    }
    return {
      level,
      nodes,
      inputs,
      ports: inputs.map((port, index) => portInput(port, shown.get(index))),
      outputs: outward.map((port) => ({ name: port.name, type: port.type, list: isListPort(port), ...labelOf(port) })),
      inner,
      fed,
      held,
    };
  }

  /**
   * The widgets of an instance in the order of their values: inputs that are not listed come first.
   * @param {Front} front
   * @param {readonly Listed[]} listed
   * @returns {FaceWidget[]}
   */
  #widgets(front, listed) {
    const entries = listed.map((entry) => this.#listedWidget(front, entry));
    const named = new Set(entries.filter(({ node, name }) => node === null && name !== CONTROL).map(({ key }) => key));
    const unlisted = front.ports
      .filter(({ name, widget }, index) => (widget || front.held.has(index)) && !named.has(name))
      .map((port) => portWidget(front, port));
    return [...unlisted, ...entries];
  }

  /** @param {Front} front @param {Listed} entry @returns {FaceWidget} */
  #listedWidget(front, { node, name, source }) {
    const inner = front.nodes.get(node);
    if (name === CONTROL) {
      const seed = inner && this.#specOf(inner)?.inputs.find((input) => input.widget && hasControl(input));
      if (seed) return { ...this.#listedWidget(front, { node, name: seed.name, source }), name: CONTROL };
    }
    // With a source it is a widget further inside, which an input of the same name does not feed.
    const fed = node === OWN_INPUT || source !== '' ? undefined : front.fed.get(fedKey(node, name));
    const own = node === OWN_INPUT ? front.ports.find((port) => port.name === name) : front.ports[fed ?? -1];
    if (own) return portWidget(front, own);
    const key = source === '' ? `${node}:${name}` : `${node}:${source}:${name}`;
    const input = this.#widgetOf(inner, name, source);
    const options = input ? { ...input.options, socketless: true } : {};
    return { key, name, node, inner: node, source, input: input && { ...input, name: key, required: false, options } };
  }

  /**
   * A widget of an inner node, with the value that it has there as its default.
   * @param {GraphNode | undefined} node
   * @param {string} name
   * @param {string} source
   * @returns {InputSpec | null}
   */
  #widgetOf(node, name, source) {
    if (!node) return null;
    const spec = this.#specOf(node);
    const found = spec?.subgraph ? faceWidget(spec, name, source) : spec?.inputs.find((input) => input.name === name);
    if (!found?.widget) return null;
    const control = node.values[`${found.name}/control`] ?? found.options.control;
    const options = {
      ...found.options,
      default: node.values[found.name] ?? defaultValue(found),
      ...(hasControl(found) ? { control_after_generate: true, control: textOf(control, 'fixed') } : {}),
    };
    return { ...found, options };
  }
}

/** @param {GraphNode} node @param {string} input */
const isSavedWidget = (node, input) => isRecord(node.savedInputs.find(({ name }) => name === input)?.rest['widget']);

/**
 * A widget of an instance by the name that it has inside.
 * @param {NodeSpec} spec
 * @param {string} name
 * @param {string} source
 */
function faceWidget({ subgraph }, name, source) {
  const widgets = subgraph?.widgets.filter((widget) => widget.name !== CONTROL) ?? [];
  const exact = source === '' ? undefined : widgets.find((widget) => widget.node === source && widget.name === name);
  return (exact ?? widgets.find((widget) => widget.key === name) ?? widgets.find((widget) => widget.name === name))?.input;
}

/** @param {Front} front @param {InputSpec} port @returns {FaceWidget} */
function portWidget({ inner, ports }, port) {
  const { name, widget } = port;
  return { key: name, name, node: null, inner: inner.get(ports.indexOf(port)) ?? '', source: '', input: widget ? port : null };
}

/** @param {Port} port @param {InputSpec | undefined} widget that it leads to @returns {InputSpec} */
function portInput(port, widget) {
  if (!widget) return { ...SOCKET, name: port.name, type: port.type, required: !isOptionalPort(port), ...labelOf(port) };
  const { label: _, ...shown } = widget;
  const { socketless: __, ...options } = shown.options;
  return { ...shown, name: port.name, required: false, options, ...labelOf(port) };
}

/** @param {Port} port */
const labelOf = ({ label }) => (label === null ? {} : { label });

/**
 * Widgets of the same name are called after their nodes too.
 * @param {Front} front
 * @param {readonly FaceWidget[]} widgets
 * @param {readonly InputSpec[]} fields
 */
function distinct(front, widgets, fields) {
  const nodes = new Map(widgets.map(({ key, node }) => [key, node]));
  const plain = (/** @type {InputSpec} */ { name }) => name.split(':').at(-1) ?? name;
  return fields.map((field) => {
    const node = front.nodes.get(nodes.get(field.name) ?? '');
    const alone = fields.filter((other) => plain(other) === plain(field)).length === 1;
    return alone || !node?.title ? field : { ...field, label: `${node.title}: ${plain(field)}` };
  });
}

/**
 * @param {string} type
 * @param {string} title
 * @param {readonly InputSpec[]} inputs
 * @param {readonly OutputSpec[]} outputs
 * @param {NonNullable<NodeSpec['subgraph']>} subgraph
 * @returns {NodeSpec}
 */
const instanceSpec = (type, title, inputs, outputs, subgraph) => ({
  ...editorSpec(type, title, 'subgraphs', inputs, outputs),
  subgraph,
});

/**
 * The entries of a list of widgets, as an instance or an older definition has it.
 * @param {Json | undefined} saved
 * @returns {Listed[]}
 */
export function listedWidgets(saved) {
  return listOf(typeof saved === 'string' ? parsed(saved) : saved).map((entry) => {
    const [node, name, source] = isRecord(entry) ? [entry['id'], entry['name']] : listOf(entry);
    const known = (typeof node === 'string' || typeof node === 'number') && typeof name === 'string';
    // It holds a place among the values all the same.
    if (!known) return { node: '', name: '', source: '' };
    const given = typeof source === 'string' || typeof source === 'number' ? String(source) : '';
    return { node: String(node), ...widgetName(name, given) };
  });
}

/** One of an inner subgraph was called `instance: inner node: name` for a while. @param {string} name @param {string} source */
function widgetName(name, source) {
  for (let found = PLACE.exec(name); found; found = PLACE.exec(name)) {
    const [, place = '', rest = ''] = found;
    name = rest;
    if (!PLACE.test(rest)) source ||= place;
  }
  return { name, source };
}

const PLACE = /^(\d+): (.+)$/s;

/** @param {string} text @returns {Json} */
function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
