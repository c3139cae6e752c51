/** Node types as the editor uses them, made from what the server says of its nodes. */

/** @import { GraphNode } from '../types/document.d.ts' */
/** @import { InputOptions, InputSpec, NodeSpec, ObjectInfo, OutputSpec, RawInput } from '../types/spec.d.ts' */

const WIDGET_TYPES = new Set(['INT', 'FLOAT', 'STRING', 'BOOLEAN', 'COMBO', 'CURVE']);

/**
 * @param {Record<string, ObjectInfo>} info the answer of `/api/object_info`
 * @returns {Map<string, NodeSpec>}
 */
export function readSpecs(info) {
  return new Map(Object.entries(info).map(([type, entry]) => [type, readSpec(type, entry)]));
}

/**
 * A type that the editor alone knows; the server never hears of it.
 * @param {string} type
 * @param {string} title
 * @param {string} category
 * @param {readonly InputSpec[]} inputs
 * @param {readonly OutputSpec[]} outputs
 * @returns {NodeSpec}
 */
export const editorSpec = (type, title, category, inputs, outputs) => ({
  type,
  title,
  description: '',
  category,
  inputs,
  variadic: null,
  outputs,
  outputNode: false,
  version: 1,
  aliasOf: null,
  search: [],
  deprecated: false,
  experimental: false,
  internal: false,
  module: 'editor',
});

/**
 * @param {string} type
 * @param {ObjectInfo} info
 * @returns {NodeSpec}
 */
export function readSpec(type, info) {
  return {
    type,
    title: info.display_name || type,
    description: info.description ?? '',
    category: info.category ?? '',
    inputs: [...section(info, 'required'), ...section(info, 'optional')],
    variadic: readVariadic(info.variadic),
    outputs: info.output.map((output, index) => ({
      name: info.output_name?.[index] || typeName(output),
      type: typeName(output),
      list: info.output_is_list?.[index] ?? false,
    })),
    outputNode: info.output_node ?? false,
    version: info.version ?? 1,
    aliasOf: info.alias_of ?? null,
    search: info.search_aliases ?? [],
    deprecated: info.deprecated ?? false,
    experimental: info.experimental ?? false,
    internal: info.internal ?? false,
    module: info.python_module ?? '',
  };
}

/**
 * @param {ObjectInfo} info
 * @param {'required' | 'optional'} name
 * @returns {InputSpec[]}
 */
function section(info, name) {
  const inputs = info.input[name] ?? {};
  const order = info.input_order?.[name] ?? Object.keys(inputs);
  return order.flatMap((input) => {
    const raw = inputs[input];
    return raw ? [readInput(input, raw, name === 'required')] : [];
  });
}

/**
 * @param {string} name
 * @param {RawInput} raw
 * @param {boolean} required
 * @returns {InputSpec}
 */
function readInput(name, [kind, options = {}], required) {
  const type = Array.isArray(kind) ? 'COMBO' : kind;
  const choices = Array.isArray(kind) ? kind : (options.options ?? null);
  return {
    name,
    type,
    required,
    widget: WIDGET_TYPES.has(type) && !options.forceInput,
    choices: type === 'COMBO' ? (choices ?? []).map(String) : null,
    options,
  };
}

/**
 * With `forceInput` the node merely does not refuse further links, as any Python function with `**kwargs`; it has not
 * said that it wants them, so that none is offered.
 * @param {RawInput | undefined} raw
 * @returns {InputSpec | null}
 */
function readVariadic(raw) {
  return raw && !raw[1]?.forceInput ? { ...readInput('', raw, false), widget: false } : null;
}

/** An output may be declared as a list of choices. @param {string | string[]} output */
const typeName = (output) => (Array.isArray(output) ? 'COMBO' : output);

/**
 * The value that a widget has before anybody sets it.
 * @param {InputSpec} input
 */
export function defaultValue({ type, choices, options }) {
  if (choices) {
    const wanted = options.default;
    return typeof wanted === 'string' && choices.includes(wanted) ? wanted : (choices[0] ?? '');
  }
  if (options.default !== undefined) return options.default;
  if (type === 'BOOLEAN') return false;
  if (type === 'STRING') return '';
  if (type === 'CURVE') return { points: [[0, 0], [1, 1]] };
  return Math.max(0, options.min ?? 0);
}

/** Whether few need the widget. @param {InputSpec} input */
export const isAdvanced = ({ widget, options }) => widget && options.advanced === true;

/** Whether a node shows the widgets that few need. @param {Readonly<Pick<GraphNode, 'rest'>>} node */
export const showsAdvanced = ({ rest }) => rest['showAdvanced'] === true;

/**
 * What files have after the value of an input with an upload button of these kinds; null: nothing.
 * @param {InputOptions} options
 */
export function uploadSlot(options) {
  if (options.image_upload) return 'image';
  if (options.audio_upload) return 'audio';
  return options.video_upload ? 'video' : null;
}

/**
 * Whether a widget has a second value: what becomes of it after queueing.
 * @param {{ name: string, type: string, options: InputOptions }} input
 */
export function hasControl({ name, type, options }) {
  if (options.control_after_generate) return true;
  return type === 'INT' && (name === 'seed' || name === 'noise_seed');
}

/**
 * Names of a node's widget values in the order in which files list them: each widget, `<name>/control` after a seed,
 * `<name>/upload` after a picture (the upload button's own value).
 * @param {NodeSpec} spec
 * @returns {string[]}
 */
export function valueNames(spec) {
  return spec.inputs
    .filter((input) => input.widget)
    .flatMap((input) => {
      if (hasControl(input)) return [input.name, `${input.name}/control`];
      return uploadSlot(input.options) ? [input.name, `${input.name}/upload`] : [input.name];
    });
}

/**
 * All values of a new node of a type.
 * @param {NodeSpec} spec
 * @returns {Record<string, import('../types/spec.d.ts').Json>}
 */
export function defaultValues(spec) {
  /** @type {Record<string, import('../types/spec.d.ts').Json>} */
  const values = {};
  for (const input of spec.inputs) {
    if (!input.widget) continue;
    values[input.name] = defaultValue(input);
    const control = input.options.control_after_generate;
    if (hasControl(input)) values[`${input.name}/control`] = typeof control === 'string' ? control : 'randomize';
    const upload = uploadSlot(input.options);
    if (upload) values[`${input.name}/upload`] = upload;
  }
  return values;
}
