/** What the server says of the nodes it has: entries of `/api/object_info`. */

export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

/** A widget's or socket's options, in ComfyUI's words. */
export interface InputOptions {
  default?: Json;
  min?: number;
  max?: number;
  step?: number;
  round?: number | false;
  display?: 'number' | 'slider' | 'color';
  multiline?: boolean;
  placeholder?: string;
  dynamicPrompts?: boolean;
  /** Of a prompt that the node reads in another syntax than ComfyUI's. */
  promptDialect?: 'webui';
  tooltip?: string;
  /** Whether few need it: its widget is shown when the node is asked for its advanced options. */
  advanced?: boolean;
  control_after_generate?: boolean | string;
  image_upload?: boolean;
  audio_upload?: boolean;
  video_upload?: boolean;
  /** Files of any kind may be uploaded; of those with `extensions` where these are given. */
  upload?: boolean;
  extensions?: string[];
  /** Whether a colour has an alpha channel. */
  alpha?: boolean;
  /** Folder kind whose files are the choices. */
  files?: string;
  forceInput?: boolean;
  /** Whether the input takes all values of its link at once, as a list. */
  is_list?: boolean;
  /** The least height of its widget, where it is not that of its kind. */
  height?: number;
  /** The text names a widget of a node before this one, or is one of these. */
  widgetTarget?: string[];
  /** The text has values for the widget that this input names. */
  widgetValues?: string;
  /** The name of a widget that a pack brings. */
  widgetType?: string;
  label_on?: string;
  label_off?: string;
  /** Whether the widget cannot be linked. */
  socketless?: boolean;
  /** What becomes of a seed after each job where the node itself does not say it. */
  control?: string;
  /** Choices of a combo declared as `["COMBO", {options}]`. */
  options?: string[];
}

/** `[type, options]`; a combo's type is the list of its choices. */
export type RawInput = [string | string[], InputOptions?];

export interface ObjectInfo {
  name: string;
  display_name: string;
  description: string;
  category: string;
  python_module: string;
  input: { required?: Record<string, RawInput>; optional?: Record<string, RawInput>; hidden?: Record<string, Json> };
  input_order?: { required?: string[]; optional?: string[] };
  /** Further inputs that the node takes under any name. */
  variadic?: RawInput;
  output: (string | string[])[];
  output_is_list: boolean[];
  output_name: string[];
  output_node: boolean;
  version?: number;
  alias_of?: string;
  search_aliases?: string[];
  deprecated?: boolean;
  experimental?: boolean;
  /** Whether only subgraphs that other nodes give have it. */
  internal?: boolean;
}

/** What an instance of a subgraph shows of it. Keys are names of the instance's inputs and of its values. */
export interface SubgraphFace {
  /** The subgraph's inputs in their order, sockets and widgets. */
  ports: readonly InputSpec[];
  /** Their types, where a widget that one shows may have another. */
  types: readonly string[];
  /** The widgets in the order in which files have their values. */
  widgets: readonly FaceWidget[];
  /** How many of them, at the end, the file lists by name. */
  listed: number;
}

export interface FaceWidget {
  key: string;
  /** What the widget is called on the inner node, or the subgraph's input. */
  name: string;
  /** The inner node that it is listed with; null for an input of the subgraph. */
  node: string | null;
  /** The inner node that has it. */
  inner: string;
  /** The node in an inner subgraph that has it, where the file says it. */
  source: string;
  /** Null where the file lists something that is not there. */
  input: InputSpec | null;
}

/** One input, as the editor uses it. `widget` inputs have a value and can be linked as well. */
export interface InputSpec {
  name: string;
  type: string;
  required: boolean;
  widget: boolean;
  choices: readonly string[] | null;
  options: InputOptions;
  /** What it is called, where that is not said by the locales. */
  label?: string;
}

export interface OutputSpec {
  name: string;
  type: string;
  /** Whether it gives a list of values, each to be worked on by itself. */
  list: boolean;
  /** What it is called, where that is not said by the locales. */
  label?: string;
}

/** A node type, as the editor uses it (made from `ObjectInfo` by `core/spec.js`). */
export interface NodeSpec {
  type: string;
  title: string;
  description: string;
  category: string;
  inputs: readonly InputSpec[];
  /** What its further inputs are like, if it takes any number of them under any name. */
  variadic: InputSpec | null;
  outputs: readonly OutputSpec[];
  outputNode: boolean;
  version: number;
  aliasOf: string | null;
  search: readonly string[];
  deprecated: boolean;
  experimental: boolean;
  internal: boolean;
  module: string;
  /** For an instance of a subgraph. */
  subgraph?: SubgraphFace;
}
