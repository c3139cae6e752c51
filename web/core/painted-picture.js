/** What a node remembers of a picture that was painted here: of which original and which layer it was made. */

import { patchNode } from './edits.js';
import { pictureValue } from './node-picture.js';

/** @import { Edit, GraphNode } from '../types/document.d.ts' */
/** @import { PictureRef } from '../types/picture.d.ts' */
/** @import { Json } from '../types/spec.d.ts' */

/** The node's property, which holds an entry for each input. */
export const PAINTED = 'safelight.painted';

/**
 * Of what a node's picture was made; null if it was not painted here.
 *
 * @param {Readonly<GraphNode> | undefined} node
 * @param {string | null} input
 * @param {PictureRef} picture
 * @returns {{ original: PictureRef, paint: PictureRef | null } | null}
 */
export function originOf(node, input, picture) {
  const all = recordOf(recordOf(node?.rest['properties'])[PAINTED]);
  const kept = input === null ? {} : recordOf(all[input]);
  const [made, original] = [readRef(kept['picture']), readRef(kept['original'])];
  return made && original && same(made, picture) ? { original, paint: readRef(kept['paint']) } : null;
}

/** @param {Json | undefined} value @returns {Record<string, Json>} */
const recordOf = (value) => (typeof value === 'object' && value !== null && !Array.isArray(value) ? value : {});

/** @param {Json | undefined} value @returns {PictureRef | null} */
function readRef(value) {
  const { filename, subfolder, type } = recordOf(value);
  if (typeof filename !== 'string' || typeof subfolder !== 'string') return null;
  return type === 'input' || type === 'output' || type === 'temp' ? { filename, subfolder, type } : null;
}

/** @param {PictureRef} one @param {PictureRef} other */
const same = (one, other) => pictureValue(one) === pictureValue(other);

/**
 * What is remembered of a painted picture.
 *
 * @param {PictureRef} picture
 * @param {PictureRef} original
 * @param {PictureRef | null} paint
 * @returns {Json}
 */
export function originRecord(picture, original, paint) {
  const plain = (/** @type {PictureRef} */ { filename, subfolder, type }) => ({ filename, subfolder, type });
  return { picture: plain(picture), original: plain(original), ...(paint ? { paint: plain(paint) } : {}) };
}

/**
 * @param {Readonly<GraphNode>} node
 * @param {string} input
 * @param {PictureRef} picture
 * @param {Json | null} origin of what it was made; null for a picture that was not painted
 * @returns {Edit}
 */
export function setPicture(node, input, picture, origin) {
  const { [PAINTED]: before, ...others } = recordOf(node.rest['properties']);
  const { [input]: _, ...rest } = recordOf(before);
  const painted = origin === null ? rest : { ...rest, [input]: origin };
  const properties = Object.keys(painted).length > 0 ? { ...others, [PAINTED]: painted } : others;
  const values = { ...node.values, [input]: pictureValue(picture) };
  return patchNode(node.id, { values, rest: { ...node.rest, properties } }, 'edit.paint');
}
