/** Pictures to be painted on, and what was painted, from the server and to it. */

import { originOf } from '../core/painted-picture.js';

/** @import { Application } from '../types/app.d.ts' */
/** @import { PictureRef } from '../types/editor.d.ts' */
/** @import { Painting, PaintRequest } from '../types/painter.d.ts' */
/** @import { Board } from './board.js' */

const FOLDER = 'painted';
/** Hidden, so that layers are not offered among the pictures. */
const LAYERS = 'painted/.layers';
const MOST_PIXELS = 40_000_000;

/**
 * Read a picture with its mask (what is transparent), and the layers if the node's picture was painted here.
 *
 * @param {Application} editor
 * @param {PaintRequest} request
 * @returns {Promise<Painting>}
 */
export async function loadPainting(editor, { picture, node, input }) {
  const origin = originOf(node === null ? undefined : editor.document.nodes.get(node), input, picture);
  if (origin) {
    try {
      const [bitmap, mask, paint] = await Promise.all([
        readColors(editor, origin.original),
        readMask(editor, picture),
        origin.paint ? readPixels(editor, origin.paint) : null,
      ]);
      if (mask.width === bitmap.width && mask.height === bitmap.height) {
        return { original: origin.original, bitmap, mask: mask.data, paint: paint?.data ?? null };
      }
      bitmap.close();
    } catch {
      // The original is gone: go on from the picture as it is.
    }
  }
  const mask = await readMask(editor, picture);
  const bitmap = await readColors(editor, picture, mask.data !== null);
  return { original: picture, bitmap, mask: mask.data, paint: null };
}

/**
 * The colours of a picture. Where it is transparent a canvas would lose them, so that the server gives them alone.
 *
 * @param {Application} editor
 * @param {PictureRef} picture
 * @param {boolean} [transparent]
 */
async function readColors(editor, picture, transparent = true) {
  const url = editor.pictureUrl(picture);
  try {
    return await readBitmap(editor, transparent ? `${url}&channel=rgb` : url);
  } catch (error) {
    // A format that browsers do not know, such as TIFF.
    if (transparent) throw error;
    return readBitmap(editor, `${url}&channel=rgb`);
  }
}

/** @param {Application} editor @param {string} url */
async function readBitmap(editor, url) {
  const answer = await fetch(url, { cache: 'no-store' });
  if (!answer.ok) throw new Error(editor.t('painter.unreadable'));
  const bitmap = await createImageBitmap(await answer.blob());
  if (bitmap.width * bitmap.height <= MOST_PIXELS) return bitmap;
  bitmap.close();
  throw new Error(editor.t('painter.too-large', { millions: MOST_PIXELS / 1_000_000 }));
}

/**
 * @param {Application} editor
 * @param {PictureRef} picture
 * @returns {Promise<{ width: number, height: number, data: Uint8ClampedArray<ArrayBuffer> | null }>} null: nothing is masked
 */
async function readMask(editor, picture) {
  const { width, height, data } = pixelsOf(await readBitmap(editor, `${editor.pictureUrl(picture)}&channel=a`));
  const mask = new Uint8ClampedArray(width * height);
  let masked = false;
  for (let at = 0; at < mask.length; at += 1) {
    mask[at] = 255 - (data[at * 4] ?? 255);
    masked ||= mask[at] !== 0;
  }
  return { width, height, data: masked ? mask : null };
}

/** @param {Application} editor @param {PictureRef} picture */
async function readPixels(editor, picture) {
  return pixelsOf(await readBitmap(editor, editor.pictureUrl(picture)));
}

/** @param {ImageBitmap} bitmap which is closed */
function pixelsOf(bitmap) {
  const { width, height } = bitmap;
  const context = new OffscreenCanvas(width, height).getContext('2d', { willReadFrequently: true });
  if (!context) throw new Error('The browser has no memory left for a canvas.');
  context.drawImage(bitmap, 0, 0);
  bitmap.close();
  return context.getImageData(0, 0, width, height);
}

/**
 * Keep what was painted in a picture of the input folder.
 *
 * @param {Application} editor
 * @param {PictureRef} original
 * @param {Board} board
 * @param {{ mask: boolean, paint: boolean }} parts what of it is kept
 * @returns {Promise<{ picture: PictureRef, paint: PictureRef | null }>}
 */
export async function savePainting(editor, original, board, parts) {
  // The server numbers names that are taken; the number of an earlier one is no part of the name.
  const name = `${original.filename.replace(/\.[^.]*$/, '').replace(/ \(\d+\)$/, '')}.png`;
  const paint = parts.paint && !board.isEmpty('paint') ? await savePaint(editor, board, name) : null;
  const form = new FormData();
  form.append('image', await encodeMask(board, parts.mask), name);
  form.append('original_ref', JSON.stringify(original));
  if (paint) form.append('paint_ref', JSON.stringify(paint));
  form.append('subfolder', FOLDER);
  form.append('type', 'input');
  return { picture: await editor.client.upload('mask', form), paint };
}

/** @param {Application} editor @param {Board} board @param {string} name */
async function savePaint(editor, { layers }, name) {
  const { data, width, height } = layers.paint;
  const form = new FormData();
  form.append('image', await encode(new ImageData(data, width, height)), name);
  form.append('subfolder', LAYERS);
  form.append('type', 'input');
  return editor.client.upload('image', form);
}

/**
 * A picture that is transparent where the mask is: the convention of all who read it.
 *
 * @param {Board} board
 * @param {boolean} masked without it nothing is transparent
 */
function encodeMask({ layers }, masked) {
  const { data, width, height } = layers.mask;
  const pixels = new ImageData(width, height);
  for (let at = 0; at < data.length; at += 1) pixels.data[at * 4 + 3] = masked ? 255 - (data[at] ?? 0) : 255;
  return encode(pixels);
}

/** @param {ImageData} pixels */
function encode(pixels) {
  const canvas = new OffscreenCanvas(pixels.width, pixels.height);
  const context = canvas.getContext('2d', { willReadFrequently: true });
  if (!context) throw new Error('The browser has no memory left for a canvas.');
  context.putImageData(pixels, 0, 0);
  return canvas.convertToBlob({ type: 'image/png' });
}
