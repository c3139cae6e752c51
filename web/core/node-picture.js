/** The picture that a node loads, and how its widget names it. */

/** @import { GraphNode } from '../types/document.d.ts' */
/** @import { PictureRef } from '../types/picture.d.ts' */
/** @import { InputSpec } from '../types/spec.d.ts' */

/**
 * The file that a value names: `folder/name.png`, with the folder kind in brackets where it is not the input's.
 *
 * @param {string} value
 * @returns {PictureRef | null}
 */
export function pictureRef(value) {
  const match = /^(.*?)(?: \[(input|output|temp)\])?$/s.exec(value);
  const path = match?.[1] ?? '';
  if (path === '') return null;
  const slash = path.lastIndexOf('/');
  const kind = match?.[2];
  return {
    filename: path.slice(slash + 1),
    subfolder: slash < 0 ? '' : path.slice(0, slash),
    type: kind === 'output' || kind === 'temp' ? kind : 'input',
  };
}

/** How a widget names a picture. @param {PictureRef} picture */
export function pictureValue({ filename, subfolder, type }) {
  const path = subfolder === '' ? filename : `${subfolder}/${filename}`;
  return type === 'input' ? path : `${path} [${type}]`;
}

/**
 * @param {Readonly<GraphNode>} node
 * @param {readonly InputSpec[]} inputs
 * @returns {{ input: string, picture: PictureRef } | null} null when it loads none
 */
export function nodePicture(node, inputs) {
  const input = inputs.find(({ options, widget }) => widget && options.image_upload);
  const picture = input ? pictureRef(String(node.values[input.name] ?? '')) : null;
  return input && picture ? { input: input.name, picture } : null;
}
