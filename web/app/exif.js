/** Texts in EXIF data: `keyword:text` entries, as ComfyUI writes them, and the comment in which the WebUI writes. */

const ASCII = 2;
const USER_COMMENT = 0x9286;
const EXIF_DIRECTORY = 0x8769;
/** Bytes of the code that says how a comment is written. */
const CODE = 8;
const LATIN1 = new TextDecoder('latin1');
const UTF8 = new TextDecoder('utf-8');

/**
 * @param {Uint8Array<ArrayBuffer>} exif
 * @returns {Map<string, string>} texts by keyword; the user's comment as `parameters`
 */
export function readExif(exif) {
  const data = exif.subarray(LATIN1.decode(exif.subarray(0, 4)) === 'Exif' ? 6 : 0);
  /** @type {Map<string, string>} */
  const texts = new Map();
  if (data.length < 8) return texts;
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  const little = LATIN1.decode(data.subarray(0, 2)) === 'II';
  for (const { tag, type, value } of entriesAt(view, view.getUint32(4, little), little)) {
    if (type === ASCII) addLabelled(texts, UTF8.decode(value).replace(/\0+$/, ''));
    if (tag !== EXIF_DIRECTORY || value.length < 4) continue;
    for (const inner of entriesAt(view, uint32(value, little), little)) {
      if (inner.tag === USER_COMMENT) texts.set('parameters', commentText(inner.value));
    }
  }
  return texts;
}

/** @param {Map<string, string>} texts @param {string} text */
function addLabelled(texts, text) {
  const colon = text.indexOf(':');
  if (colon > 0) texts.set(text.slice(0, colon).toLowerCase(), text.slice(colon + 1));
}

/** @param {Uint8Array} bytes @param {boolean} little */
const uint32 = (bytes, little) => new DataView(bytes.buffer, bytes.byteOffset, 4).getUint32(0, little);

/**
 * The entries of a directory, up to the first that is cut off.
 * @param {DataView<ArrayBuffer>} view
 * @param {number} at
 * @param {boolean} little
 */
function* entriesAt(view, at, little) {
  if (at + 2 > view.byteLength) return;
  const count = view.getUint16(at, little);
  for (let entry = at + 2; entry < at + 2 + count * 12 && entry + 12 <= view.byteLength; entry += 12) {
    const type = view.getUint16(entry + 2, little);
    const length = view.getUint32(entry + 4, little) * (type === 4 ? 4 : type === 3 ? 2 : 1);
    const place = length <= 4 ? entry + 8 : view.getUint32(entry + 8, little);
    if (place + length > view.byteLength) continue;
    yield { tag: view.getUint16(entry, little), type, value: new Uint8Array(view.buffer, view.byteOffset + place, length) };
  }
}

/**
 * The text of a comment. UTF-16 is written in both byte orders; in the right one plain letters have their zero first.
 * @param {Uint8Array<ArrayBuffer>} value
 */
function commentText(value) {
  const code = LATIN1.decode(value.subarray(0, CODE)).replace(/\0+$/, '');
  const content = value.subarray(CODE);
  if (code === 'ASCII' || code === '') return UTF8.decode(content).replace(/\0+$/, '');
  if (code !== 'UNICODE') return UTF8.decode(value).replace(/\0+$/, '');
  const zeros = [0, 0];
  for (let at = 0; at < content.length; at += 1) if (content[at] === 0) zeros[at % 2] = (zeros[at % 2] ?? 0) + 1;
  const little = (content[0] === 0xff && content[1] === 0xfe) || (zeros[0] ?? 0) < (zeros[1] ?? 0);
  return new TextDecoder(little ? 'utf-16le' : 'utf-16be').decode(content).replace(/\0+$/, '');
}
