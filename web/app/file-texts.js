/** The texts that files carry, by keyword: `workflow`, `prompt`, `parameters`. What reads them is loaded when it is wanted. */

/** Videos and animations that have a head of their own, which alone is read. */
const MOVING = /\.(mp4|m4v|mov|webm|mkv|gif)$/i;

const WEIGHTS = /\.(safetensors|sft)$/i;

/** @param {string} name of a file @returns {boolean} whether it holds weights, with a header before them */
export const isWeights = (name) => WEIGHTS.test(name);

/** @param {string} name of a file @returns {boolean} whether little of it is read, however large it is */
export const isReadInPart = (name) => MOVING.test(name) || isWeights(name);

/**
 * @param {Blob} file
 * @param {string} name
 * @returns {Promise<Map<string, string>>}
 */
export async function readTexts(file, name) {
  if (MOVING.test(name)) return (await import('./video-metadata.js')).readVideoTexts(file);
  if (isWeights(name)) return (await import('./weight-header.js')).readWeightTexts(file);
  return (await import('./picture-metadata.js')).readPictureTexts(new Uint8Array(await file.arrayBuffer()));
}
