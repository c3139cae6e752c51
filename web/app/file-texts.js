/** The texts that files carry, by keyword: `workflow`, `prompt`, `parameters`. What reads them is loaded when it is wanted. */

/** Of these only the heads are read, so they may be large. */
const MOVING = /\.(mp4|m4v|mov|webm|mkv|gif)$/i;

/** @param {string} name of a file @returns {boolean} whether it is a video or an animation that has a head of its own */
export const isMoving = (name) => MOVING.test(name);

/**
 * @param {Blob} file
 * @param {string} name
 * @returns {Promise<Map<string, string>>}
 */
export async function readTexts(file, name) {
  if (isMoving(name)) return (await import('./video-metadata.js')).readVideoTexts(file);
  return (await import('./picture-metadata.js')).readPictureTexts(new Uint8Array(await file.arrayBuffer()));
}
