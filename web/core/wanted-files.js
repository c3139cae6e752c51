/** Whether a document needs what the server does not have. */

/** @import { Contents, GraphNode } from '../types/document.d.ts' */
/** @import { InputSpec, Json } from '../types/spec.d.ts' */
/** @import { SpecOf } from './sockets.js' */

const FILE = /\.(safetensors|sft|ckpt|pth?|pt2|bin|gguf|onnx|png|jpe?g|webp|latent|ya?ml)$/i;

/**
 * @param {Json | undefined} value
 * @param {InputSpec} input
 * @returns {value is string}
 */
export function isMissing(value, { choices, options }) {
  if (!choices || typeof value !== 'string' || value === '' || choices.includes(value)) return false;
  // A picture may lie in another folder: `cat.png [output]`.
  return (options.files !== undefined || FILE.test(value)) && !/ \[(input|output|temp)\]$/.test(value);
}

/**
 * @param {Contents} contents
 * @param {SpecOf} specOf
 */
export function isAnythingMissing({ definitions = new Map(), ...root }, specOf) {
  const lacks = (/** @type {Readonly<GraphNode>} */ node) => {
    const spec = specOf(node);
    return !spec || spec.inputs.some((input) => isMissing(node.values[input.name], input));
  };
  return [root, ...definitions.values()].some(({ nodes }) => nodes.some(lacks));
}
