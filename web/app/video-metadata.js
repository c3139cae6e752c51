/** Workflows that videos and animations carry: MP4 and MOV, WebM and MKV, and the comments of GIF files. */

const LATIN1 = new TextDecoder('latin1');
const UTF8 = new TextDecoder('utf-8');
/** No header with texts is larger; what is, is not read. */
const LARGEST_HEADER = 64 << 20;
/** Boxes of MP4 files that hold boxes; `meta` and `ilst` are read by themselves. */
const BOXES = new Set(['moov', 'udta']);
/** In MP4 files, what comes before the text of an entry: a box's head, its type and its language. */
const DATA_HEAD = 16;
const EBML = [0x1a, 0x45, 0xdf, 0xa3];
const SEGMENT = 0x18538067;
const CLUSTER = 0x1f43b675;
const TAGS = 0x1254c367;
const TAG = 0x7373;
const SIMPLE_TAG = 0x67c8;
const TAG_NAME = 0x45a3;
const TAG_STRING = 0x4487;

/** @typedef {Uint8Array<ArrayBuffer>} Bytes */

/**
 * The texts of a video by keyword in small letters. Of a large file little is read.
 * @param {Blob} file
 * @returns {Promise<Map<string, string>>} empty for files of other kinds, and for damaged ones up to the damage
 */
export async function readVideoTexts(file) {
  const head = await part(file, 0, 12);
  if (LATIN1.decode(head.subarray(4, 8)) === 'ftyp') return unfolded(await readMp4(file));
  if (EBML.every((byte, index) => head[index] === byte)) return unfolded(await readWebm(file));
  if (LATIN1.decode(head.subarray(0, 3)) === 'GIF') return unfolded(await readGif(file));
  return new Map();
}

/**
 * A comment that is a workflow, a prompt, or an object with both, as some programs write it, under its own name.
 * @param {Map<string, string>} texts
 */
function unfolded(texts) {
  const found = object(texts.get('comment') ?? '');
  if (found === null) return texts;
  for (const key of ['workflow', 'prompt']) {
    const text = typeof found[key] === 'string' ? found[key] : JSON.stringify(found[key]);
    if (text !== undefined && !texts.has(key)) texts.set(key, text);
  }
  const key = Array.isArray(found['nodes']) ? 'workflow' : 'prompt';
  if (!texts.has('workflow') && !texts.has('prompt')) texts.set(key, texts.get('comment') ?? '');
  return texts;
}

/** @param {string} text @returns {Record<string, unknown> | null} */
function object(text) {
  try {
    const found = JSON.parse(text);
    return typeof found === 'object' && !Array.isArray(found) ? found : null;
  } catch {
    return null;
  }
}

/** @param {Blob} file @param {number} from @param {number} to @returns {Promise<Bytes>} */
const part = async (file, from, to) => new Uint8Array(await file.slice(from, to).arrayBuffer());

/** @param {Bytes} bytes */
const viewOf = (bytes) => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);

/** @param {Blob} file */
async function readMp4(file) {
  /** @type {Map<string, string>} */
  const texts = new Map();
  for (let at = 0; at + 8 <= file.size;) {
    const head = await part(file, at, at + 16);
    const { type, size, content } = box(head, 0);
    // A size of 0 is that of all the rest.
    const end = size === 0 ? file.size : at + size;
    if (type === 'moov' && end - at <= LARGEST_HEADER) readBoxes(await part(file, at + content, end), texts);
    if (end <= at) break;
    at = end;
  }
  return texts;
}

/**
 * The head of a box.
 * @param {Bytes} bytes
 * @param {number} at
 */
function box(bytes, at) {
  const view = viewOf(bytes);
  const size = view.getUint32(at);
  const type = LATIN1.decode(bytes.subarray(at + 4, at + 8));
  if (size === 1 && at + 16 <= bytes.length) return { type, size: Number(view.getBigUint64(at + 8)), content: 16 };
  return { type, size, content: 8 };
}

/** @param {Bytes} bytes @returns {Generator<{ type: string, data: Bytes }>} */
function* boxes(bytes) {
  for (let at = 0; at + 8 <= bytes.length;) {
    const { type, size, content } = box(bytes, at);
    if (size < content || at + size > bytes.length) return;
    yield { type, data: bytes.subarray(at + content, at + size) };
    at += size;
  }
}

/** @param {Bytes} bytes @param {Map<string, string>} texts */
function readBoxes(bytes, texts) {
  for (const { type, data } of boxes(bytes)) {
    if (BOXES.has(type)) readBoxes(data, texts);
    // QuickTime's `meta` is a plain box; that of MP4 has a version and flags before its boxes.
    if (type === 'meta') readEntries(LATIN1.decode(data.subarray(4, 8)) === 'hdlr' ? data : data.subarray(4), texts);
  }
}

/** @param {Bytes} meta @param {Map<string, string>} texts */
function readEntries(meta, texts) {
  const parts = new Map([...boxes(meta)].map(({ type, data }) => [type, data]));
  const keys = parts.get('keys');
  // After version, flags and count each key is a box: the name of its kind, and the key.
  const names = keys ? [...boxes(keys.subarray(8))].map(({ data }) => UTF8.decode(data)) : [];
  for (const { type, data } of boxes(parts.get('ilst') ?? new Uint8Array())) {
    // An entry is called by the number of its key, or by four letters of its own.
    const number = viewOf(new Uint8Array([...type].map((letter) => letter.charCodeAt(0)))).getUint32(0);
    const name = type === '\u00a9cmt' ? 'comment' : names[number - 1];
    if (name && data.length >= DATA_HEAD) texts.set(name.toLowerCase(), UTF8.decode(data.subarray(DATA_HEAD)));
  }
}

/** @param {Blob} file */
async function readWebm(file) {
  /** @type {Map<string, string>} */
  const texts = new Map();
  let end = file.size;
  for (let at = 0; at + 2 <= end;) {
    const head = element(await part(file, at, at + 12), 0);
    if (head === null) break;
    const start = at + head.content;
    if (head.id === SEGMENT) {
      // Its parts are what comes next.
      if (head.size !== null) end = Math.min(end, start + head.size);
      at = start;
      continue;
    }
    // Of what is being recorded nobody knows how long it is.
    if (head.size === null) break;
    if (head.id === TAGS && head.size <= LARGEST_HEADER) readTags(await part(file, start, start + head.size), texts);
    if (head.id === CLUSTER && texts.size > 0) break;
    at = start + head.size;
  }
  return texts;
}

/**
 * An element's number, and where its content begins and how long it is.
 * @param {Bytes} bytes
 * @param {number} at
 * @returns {{ id: number, size: number | null, content: number } | null} without a size where that is not known
 */
function element(bytes, at) {
  const idLength = lengthOf(bytes[at]);
  const sizeLength = lengthOf(bytes[at + idLength]);
  const content = idLength + sizeLength;
  if (idLength > 4 || sizeLength > 8 || at + content > bytes.length) return null;
  let id = 0;
  for (let index = 0; index < idLength; index += 1) id = id * 256 + (bytes[at + index] ?? 0);
  let size = (bytes[at + idLength] ?? 0) & (0xff >> sizeLength);
  let unknown = size === 0xff >> sizeLength;
  for (let index = 1; index < sizeLength; index += 1) {
    const byte = bytes[at + idLength + index] ?? 0;
    size = size * 256 + byte;
    unknown = unknown && byte === 0xff;
  }
  return { id, size: unknown ? null : size, content };
}

/** How many bytes a number has, by its first one. @param {number | undefined} first */
const lengthOf = (first) => Math.clz32(first ?? 0) - 24 + 1;

/** @param {Bytes} bytes @returns {Generator<{ id: number, data: Bytes }>} */
function* elements(bytes) {
  for (let at = 0; at < bytes.length;) {
    const head = element(bytes, at);
    if (head === null || head.size === null) return;
    yield { id: head.id, data: bytes.subarray(at + head.content, at + head.content + head.size) };
    at += head.content + head.size;
  }
}

/** @param {Bytes} bytes @param {Map<string, string>} texts */
function readTags(bytes, texts) {
  for (const { id, data } of elements(bytes)) {
    if (id === TAG) readTags(data, texts);
    if (id !== SIMPLE_TAG) continue;
    const parts = new Map([...elements(data)].map((each) => [each.id, UTF8.decode(each.data)]));
    const name = parts.get(TAG_NAME);
    if (name !== undefined) texts.set(name.toLowerCase(), parts.get(TAG_STRING) ?? '');
  }
}

/** @param {Blob} file */
async function readGif(file) {
  const bytes = await part(file, 0, LARGEST_HEADER);
  /** How long a table of colours is that a byte tells of. @param {number | undefined} flags */
  const colours = (flags = 0) => (flags & 0x80 ? 3 << ((flags & 7) + 1) : 0);
  for (let at = 13 + colours(bytes[10]); at < bytes.length;) {
    if (bytes[at] === 0x21 && bytes[at + 1] === 0xfe) return new Map([['comment', UTF8.decode(blocks(bytes, at + 2).data)]]);
    // A picture, its colours and the size of its codes; or an extension of another kind; or the end.
    if (bytes[at] === 0x2c) at = blocks(bytes, at + 11 + colours(bytes[at + 9])).end;
    else if (bytes[at] === 0x21) at = blocks(bytes, at + 2).end;
    else break;
  }
  return new Map();
}

/** Blocks of up to 255 bytes, which end with an empty one. @param {Bytes} bytes @param {number} at */
function blocks(bytes, at) {
  /** @type {number[]} */
  const data = [];
  for (let length = bytes[at]; length; length = bytes[at]) {
    data.push(...bytes.subarray(at + 1, at + 1 + length));
    at += length + 1;
  }
  return { data: new Uint8Array(data), end: at + 1 };
}
