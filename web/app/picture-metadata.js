/** Workflows that pictures carry: PNG text chunks, and the EXIF data of WebP and JPEG files. */

import { readExif } from './exif.js';

const PNG_SIGNATURE = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];
const LATIN1 = new TextDecoder('latin1');
const UTF8 = new TextDecoder('utf-8');

/**
 * The texts of a picture by keyword: `workflow`, `prompt`, and whatever else there is.
 * @param {Uint8Array<ArrayBuffer>} bytes
 * @returns {Promise<Map<string, string>>} empty for files of other kinds, and for damaged ones up to the damage
 */
export async function readPictureTexts(bytes) {
  if (PNG_SIGNATURE.every((byte, index) => bytes[index] === byte)) return readPng(bytes);
  if (LATIN1.decode(bytes.subarray(0, 4)) === 'RIFF' && LATIN1.decode(bytes.subarray(8, 12)) === 'WEBP') {
    return readWebp(bytes);
  }
  if (bytes[0] === 0xff && bytes[1] === 0xd8) return readJpeg(bytes);
  return new Map();
}

/** @param {Uint8Array<ArrayBuffer>} bytes */
async function readPng(bytes) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  /** @type {Map<string, string>} */
  const texts = new Map();
  for (let at = PNG_SIGNATURE.length; at + 12 <= bytes.length;) {
    const length = view.getUint32(at);
    const type = LATIN1.decode(bytes.subarray(at + 4, at + 8));
    const data = bytes.subarray(at + 8, at + 8 + length);
    if (data.length < length) break;
    const found = await readChunk(type, data);
    if (found) texts.set(...found);
    at += length + 12;
  }
  return texts;
}

/**
 * @param {string} type
 * @param {Uint8Array<ArrayBuffer>} data
 * @returns {Promise<[string, string] | null>}
 */
async function readChunk(type, data) {
  if (!['tEXt', 'zTXt', 'iTXt'].includes(type)) return null;
  const end = data.indexOf(0);
  if (end < 0) return null;
  const keyword = LATIN1.decode(data.subarray(0, end));
  if (type === 'tEXt') return [keyword, readTextChunk(data.subarray(end + 1))];
  if (type === 'zTXt') return [keyword, LATIN1.decode(await inflate(data.subarray(end + 2)))];
  const compressed = data[end + 1] === 1;
  const language = data.indexOf(0, end + 3);
  const translated = data.indexOf(0, language + 1);
  if (language < 0 || translated < 0) return null;
  const text = data.subarray(translated + 1);
  return [keyword, UTF8.decode(compressed ? await inflate(text) : text)];
}

/** The standard says Latin-1, but programs write UTF-8 too. @param {Uint8Array<ArrayBuffer>} data */
function readTextChunk(data) {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(data);
  } catch {
    return LATIN1.decode(data);
  }
}

/** @param {Uint8Array<ArrayBuffer>} data */
async function inflate(data) {
  const stream = new Blob([data]).stream().pipeThrough(new DecompressionStream('deflate'));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

/** @param {Uint8Array<ArrayBuffer>} bytes @returns {Map<string, string>} */
function readJpeg(bytes) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  // Segments: a mark of two bytes, and a length that counts itself. The picture begins with FFDA.
  for (let at = 2; at + 4 <= bytes.length && view.getUint16(at) > 0xff00 && view.getUint16(at) !== 0xffda;) {
    const segment = bytes.subarray(at + 4, at + 2 + view.getUint16(at + 2));
    if (view.getUint16(at) === 0xffe1 && LATIN1.decode(segment.subarray(0, 4)) === 'Exif') return readExif(segment);
    at += 2 + view.getUint16(at + 2);
  }
  return new Map();
}

/** @param {Uint8Array<ArrayBuffer>} bytes @returns {Map<string, string>} */
function readWebp(bytes) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = 12; at + 8 <= bytes.length;) {
    const length = view.getUint32(at + 4, true);
    if (LATIN1.decode(bytes.subarray(at, at + 4)) === 'EXIF') return readExif(bytes.subarray(at + 8, at + 8 + length));
    at += 8 + length + (length % 2);
  }
  return new Map();
}
