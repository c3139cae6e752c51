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
  tooltip?: string;
  control_after_generate?: boolean;
  image_upload?: boolean;
  /** Folder kind whose files are the choices. */
  files?: string;
  forceInput?: boolean;
  /** Whether the input takes all values of its link at once, as a list. */
  is_list?: boolean;
  /** The name of a widget that a pack brings. */
  widgetType?: string;
  label_on?: string;
  label_off?: string;
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
}

/** One input, as the editor uses it. `widget` inputs have a value and can be linked as well. */
export interface InputSpec {
  name: string;
  type: string;
  required: boolean;
  widget: boolean;
  choices: readonly string[] | null;
  options: InputOptions;
}

export interface OutputSpec {
  name: string;
  type: string;
  /** Whether it gives a list of values, each to be worked on by itself. */
  list: boolean;
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
  module: string;
}
