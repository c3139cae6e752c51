import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readVideoTexts } from '../../web/app/video-metadata.js';

// The files are written from the formats' definitions (ISO 14496-12, QuickTime, Matroska, GIF89a).
const BOTH = '{"workflow": {"nodes": []}, "prompt": "{\\"1\\": {}}"}';
const utf8 = (text) => [...new TextEncoder().encode(text)];
const number = (value) => [value >>> 24, (value >>> 16) & 255, (value >>> 8) & 255, value & 255];
const latin1 = (text) => [...text].map((letter) => letter.charCodeAt(0));
const box = (type, ...parts) => {
  const content = parts.flat();
  return [...number(content.length + 8), ...latin1(type), ...content];
};
const data = (text) => box('data', number(1), number(0), utf8(text));

/** Tags with names of their own, in a box that is a full one or, as in QuickTime, a plain one. */
function mp4(texts, plain) {
  const keys = box('keys', number(0), number(texts.length), ...texts.map(([name]) => box('mdta', utf8(name))));
  const entries = texts.map(([, text], index) => [...number(data(text).length + 8), ...number(index + 1), ...data(text)]);
  const meta = [box('hdlr', number(0), number(0), utf8('mdta')), keys, box('ilst', ...entries)].flat();
  const head = [box('ftyp', utf8('isom')), box('mdat', new Array(64).fill(7))].flat();
  return [...head, ...box('moov', box('mvhd', number(0)), box('udta', box('meta', plain ? [] : number(0), meta)))];
}

const element = (id, ...parts) => {
  const content = parts.flat();
  return [...id, 0x10, ...number(content.length).slice(1), ...content];
};
const webm = (texts, size = [0x01, 255, 255, 255, 255, 255, 255, 255]) => [
  ...element([0x1a, 0x45, 0xdf, 0xa3], utf8('webm')),
  ...[0x18, 0x53, 0x80, 0x67], ...size,
  ...element([0x15, 0x49, 0xa9, 0x66], new Array(300).fill(3)),
  ...element([0x12, 0x54, 0xc3, 0x67], element([0x73, 0x73], ...texts.map(([name, text]) =>
    element([0x67, 0xc8], element([0x45, 0xa3], utf8(name)), element([0x44, 0x87], utf8(text)))))),
];

function gif(comment) {
  const bytes = utf8(comment);
  const blocks = [];
  for (let at = 0; at < bytes.length; at += 255) blocks.push(bytes.slice(at, at + 255));
  return [
    ...latin1('GIF89a'), 1, 0, 1, 0, 0x80, 0, 0, ...new Array(6).fill(0),
    0x21, 0xf9, 4, 0, 0, 0, 0, 0,
    0x2c, 0, 0, 0, 0, 1, 0, 1, 0, 0x80, ...new Array(6).fill(0), 2, 2, 0x44, 1, 0,
    0x21, 0xfe, ...blocks.flatMap((block) => [block.length, ...block]), 0, 0x3b,
  ];
}

const read = async (bytes) => Object.fromEntries(await readVideoTexts(new Blob([new Uint8Array(bytes)])));

test('the texts of a video are read', async () => {
  const texts = [['workflow', '{"a": "猫"}'], ['prompt', '{}']];
  for (const plain of [true, false]) assert.deepEqual(await read(mp4(texts, plain)), Object.fromEntries(texts));
  const large = [['WORKFLOW', `{"a": "${'猫'.repeat(9000)}"}`]];
  assert.equal((await read(webm(large))).workflow, large[0][1]);
});

test('a comment may be a workflow, a prompt, or both', async () => {
  assert.deepEqual(await read(gif(`{"nodes": ["${'x'.repeat(600)}"]}`)), {
    comment: `{"nodes": ["${'x'.repeat(600)}"]}`,
    workflow: `{"nodes": ["${'x'.repeat(600)}"]}`,
  });
  assert.equal((await read(gif('{"1": {"class_type": "A"}}'))).prompt, '{"1": {"class_type": "A"}}');
  assert.deepEqual(await read(gif('made at sea')), { comment: 'made at sea' });
  const found = await read(webm([['COMMENT', BOTH]]));
  assert.deepEqual([found.workflow, found.prompt], ['{"nodes":[]}', '{"1": {}}']);
});

test('damaged videos say what comes before the damage', async () => {
  for (const whole of [mp4([['workflow', '{}']], false), webm([['WORKFLOW', '{}']]), gif('{"nodes": []}')]) {
    assert.equal(typeof (await read(whole)).workflow, 'string');
    for (let length = 0; length < whole.length; length += 7) await read(whole.slice(0, length));
  }
  assert.deepEqual(await read(latin1('RIFF....WEBP')), {});
  assert.deepEqual(await read([0x1a, 0x45, 0xdf, 0xa3, 0, 0, 0, 0, 0, 0, 0, 0, 0]), {});
});
