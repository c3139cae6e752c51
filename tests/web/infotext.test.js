import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isInfotext, workflowOfTexts } from '../../web/app/infotext.js';
import { readPictureTexts } from '../../web/app/picture-metadata.js';

const TEXT = 'a 猫\nSteps: 3, Sampler: Euler, Seed: 1';

/** EXIF data, big-endian, whose only entry leads to a directory with the user's comment. */
function exif(comment) {
  const data = new Uint8Array(44 + comment.length);
  const view = new DataView(data.buffer);
  data.set([0x4d, 0x4d, 0, 42]);
  view.setUint32(4, 8);
  view.setUint16(8, 1);
  const entry = (at, tag, type, count, value) => {
    view.setUint16(at, tag);
    view.setUint16(at + 2, type);
    view.setUint32(at + 4, count);
    view.setUint32(at + 8, value);
  };
  entry(10, 0x8769, 4, 1, 26);
  view.setUint16(26, 1);
  entry(28, 0x9286, 7, comment.length, 44);
  data.set(comment, 44);
  return data;
}

function jpeg(data) {
  const segment = new Uint8Array(10 + data.length);
  segment.set([0xff, 0xe1, (data.length + 8) >> 8, (data.length + 8) & 255, 0x45, 0x78, 0x69, 0x66, 0, 0]);
  segment.set(data, 10);
  return new Uint8Array([0xff, 0xd8, 0xff, 0xe0, 0, 4, 0, 0, ...segment, 0xff, 0xda, 0, 0]);
}

function utf16(text, little) {
  const bytes = [...text].flatMap((letter) => {
    const code = letter.charCodeAt(0);
    return little ? [code & 255, code >> 8] : [code >> 8, code & 255];
  });
  return new Uint8Array([...new TextEncoder().encode('UNICODE\0'), ...bytes]);
}

test('the comment of a JPEG is read in both byte orders', async () => {
  for (const little of [true, false]) {
    const found = await readPictureTexts(jpeg(exif(utf16(TEXT, little))));
    assert.equal(found.get('parameters'), TEXT);
  }
  const ascii = new TextEncoder().encode('ASCII\0\0\0at the sea');
  assert.equal((await readPictureTexts(jpeg(exif(ascii)))).get('parameters'), 'at the sea');
});

test('damaged EXIF data says nothing', async () => {
  const whole = jpeg(exif(utf16(TEXT, false)));
  for (let length = 0; length < whole.length - 8; length += 1) {
    const found = await readPictureTexts(whole.slice(0, length));
    assert.notEqual(found.get('parameters'), TEXT);
  }
});

test('an infotext has steps among its entries', () => {
  assert.ok(isInfotext(TEXT));
  assert.ok(isInfotext('Steps: 3, Seed: 1'));
  for (const text of ['a cat', 'a girl, standing: yes, hat: no', 'Steps: 20 of stairs', '{"1": {"class_type": "A"}}']) {
    assert.ok(!isInfotext(text), text);
  }
});

test('only texts of the WebUI and of NovelAI are sent to the server, and what it says is told', async () => {
  const asked = [];
  const told = [];
  const editor = {
    t: (key, values) => `${key} ${values?.count ?? ''}`,
    client: {
      workflowOfTexts: async (texts) => {
        asked.push(texts);
        return { workflow: { nodes: [] }, notices: ['one', 'two'] };
      },
    },
    notify: (kind, text) => told.push([kind, text]),
  };
  assert.equal(await workflowOfTexts(editor, new Map([['parameters', 'at the sea']])), null);
  assert.equal(await workflowOfTexts(editor, new Map()), null);
  assert.deepEqual(asked, []);
  assert.deepEqual(await workflowOfTexts(editor, new Map([['parameters', TEXT]])), { nodes: [] });
  await workflowOfTexts(editor, new Map([['Software', 'NovelAI']]));
  assert.deepEqual(asked, [{ parameters: TEXT }, { Software: 'NovelAI' }]);
  assert.deepEqual(told[0], ['warning', 'infotext.notices 2']);
});
