/** Texts inside PNG files. */

const SIGNATURE_LENGTH = 8;
/** What comes after the signature: length, `IHDR`, 13 bytes, check. */
const FIRST_CHUNK = 25;

/**
 * @param {Uint8Array<ArrayBuffer>} png
 * @param {string} keyword
 * @param {string} text
 * @returns {Uint8Array<ArrayBuffer>} the picture with the text in it, as the programs write that save pictures
 */
export function withText(png, keyword, text) {
  const encoder = new TextEncoder();
  // Compression flag and method, no language, no translated keyword.
  const data = join([encoder.encode(keyword), new Uint8Array(5), encoder.encode(text)]);
  const at = SIGNATURE_LENGTH + FIRST_CHUNK;
  return join([png.subarray(0, at), chunk('iTXt', data), png.subarray(at)]);
}

/** @param {string} type @param {Uint8Array} data */
function chunk(type, data) {
  const named = join([new TextEncoder().encode(type), data]);
  const made = new Uint8Array(named.length + 8);
  const view = new DataView(made.buffer);
  view.setUint32(0, data.length);
  made.set(named, 4);
  view.setUint32(made.length - 4, check(named));
  return made;
}

/** The check sum of the PNG standard (annex D). @param {Uint8Array} bytes */
function check(bytes) {
  let sum = 0xffffffff;
  for (const byte of bytes) {
    sum ^= byte;
    for (let bit = 0; bit < 8; bit += 1) sum = sum & 1 ? (sum >>> 1) ^ 0xedb88320 : sum >>> 1;
  }
  return (sum ^ 0xffffffff) >>> 0;
}

/** @param {readonly Uint8Array[]} pieces */
function join(pieces) {
  const made = new Uint8Array(pieces.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const piece of pieces) {
    made.set(piece, at);
    at += piece.length;
  }
  return made;
}
