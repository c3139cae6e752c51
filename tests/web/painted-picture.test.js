import assert from 'node:assert/strict';
import { test } from 'node:test';
import { GraphDocument } from '../../web/core/document.js';
import { addNodes } from '../../web/core/edits.js';
import { History } from '../../web/core/history.js';
import { nodePicture, pictureRef, pictureValue } from '../../web/core/node-picture.js';
import { originOf, originRecord, setPicture } from '../../web/core/painted-picture.js';
import { PaintCamera } from '../../web/painter/camera.js';
import { withRecent } from '../../web/painter/colors.js';
import { createSettings, nextSize } from '../../web/painter/settings.js';

const original = { filename: 'cat.png', subfolder: '', type: 'input' };
const painted = { filename: 'cat.png', subfolder: 'painted', type: 'input' };
const layer = { filename: 'cat.png', subfolder: 'painted/.layers', type: 'input' };

function loader(values = { image: 'cat.png', 'image/upload': 'image' }, rest = { properties: { mine: 1 } }) {
  const place = { x: 0, y: 0, width: 200, height: 200, mode: 0, collapsed: false, color: null };
  return { id: '1', type: 'LoadImage', title: null, ...place, values, savedInputs: [], savedOutputs: [], rest };
}

test('a picture is named as files of ComfyUI name it', () => {
  for (const [value, ref] of [
    ['cat.png', original],
    ['painted/cat.png', painted],
    ['a/b/c.png [output]', { filename: 'c.png', subfolder: 'a/b', type: 'output' }],
    ['x.png [temp]', { filename: 'x.png', subfolder: '', type: 'temp' }],
  ]) {
    assert.deepEqual(pictureRef(value), ref);
    assert.equal(pictureValue(ref), value);
  }
  assert.equal(pictureRef(''), null);
});

test('a node has the picture of its first input that pictures are uploaded to', () => {
  const inputs = [
    { name: 'text', widget: true, options: {} },
    { name: 'image', widget: true, options: { image_upload: true } },
  ];
  assert.deepEqual(nodePicture(loader(), inputs), { input: 'image', picture: original });
  assert.equal(nodePicture(loader({ image: '' }), inputs), null);
  assert.equal(nodePicture(loader(), inputs.slice(0, 1)), null);
});

test('a painted picture is one step, which undo takes back as a whole', () => {
  const document = new GraphDocument();
  const history = new History(document);
  history.perform(addNodes([loader()]));
  const before = document.contents();
  const record = originRecord(painted, original, layer);
  history.perform(setPicture(document.nodes.get('1'), 'image', painted, record));
  const node = document.nodes.get('1');
  assert.equal(node.values.image, 'painted/cat.png');
  assert.equal(node.values['image/upload'], 'image');
  assert.equal(node.rest.properties.mine, 1);
  assert.deepEqual(originOf(node, 'image', painted), { original, paint: layer });
  assert.equal(originOf(node, 'image', original), null, 'another picture was chosen since');
  assert.equal(originOf(node, 'other', painted), null);
  assert.equal(history.undoLabel.peek(), 'edit.paint');
  history.undo();
  assert.deepEqual(document.contents(), before);
});

test('back at the unpainted picture nothing is remembered', () => {
  const document = new GraphDocument();
  document.transact(() => addNodes([loader()]).apply(document));
  const before = document.nodes.get('1');
  for (const [picture, origin] of [[painted, originRecord(painted, original, null)], [original, null]]) {
    document.transact(() => setPicture(document.nodes.get('1'), 'image', picture, origin).apply(document));
  }
  assert.deepEqual(document.nodes.get('1'), before);
});

test('files that say nonsense of a painted picture are not believed', () => {
  for (const properties of [null, 'x', { 'safelight.painted': 3 }, { 'safelight.painted': { image: { picture: painted } } }]) {
    assert.equal(originOf(loader({}, { properties }), 'image', painted), null);
  }
});

test('what lies under the pointer stays there when it is zoomed, moved and mirrored', () => {
  const camera = new PaintCamera(400, 300);
  [camera.width, camera.height] = [1000, 800];
  camera.fit();
  assert.ok(Math.abs(camera.scale - 2.38) < 0.01);
  for (const flip of [false, true]) {
    if (flip) camera.flip();
    const screen = { x: 310, y: 470 };
    const place = camera.toPicture(screen);
    camera.zoomAt(screen, 5.5);
    const after = camera.toPicture(screen);
    assert.ok(Math.hypot(after.x - place.x, after.y - place.y) < 1e-9);
    const back = camera.toScreen(after);
    assert.ok(Math.hypot(back.x - screen.x, back.y - screen.y) < 1e-9);
  }
  const middle = camera.toPicture(camera.centre());
  camera.flip();
  const same = camera.toPicture(camera.centre());
  assert.ok(Math.hypot(same.x - middle.x, same.y - middle.y) < 1e-9);
});

test('settings are kept, and what was kept otherwise does not count', () => {
  const kept = new Map([['safelight.painter', JSON.stringify({ size: 77, hardness: 'hard', unknown: 1 })]]);
  const storage = { getItem: (key) => kept.get(key) ?? null, setItem: (key, value) => kept.set(key, value) };
  const settings = createSettings(storage);
  assert.deepEqual([settings.peek().size, settings.peek().hardness], [77, 0.8]);
  assert.ok(!('unknown' in settings.peek()));
  settings.set({ ...settings.peek(), opacity: 0.5 });
  assert.equal(JSON.parse(kept.get('safelight.painter')).opacity, 0.5);
  kept.set('safelight.painter', '{');
  assert.equal(createSettings(storage).peek().size, 40);
  const full = { getItem: () => null, setItem: () => { throw new Error('full'); } };
  createSettings(full).set({ ...settings.peek(), size: 3 });
});

test('sizes go in steps of a tenth within bounds; recent colours come once', () => {
  assert.deepEqual([nextSize(100, 1), nextSize(100, -1), nextSize(1, -1), nextSize(5, 1), nextSize(1000, 1)], [110, 90, 1, 6, 1000]);
  assert.deepEqual(withRecent(['#a', '#b', '#c'], '#c'), ['#c', '#a', '#b']);
  assert.equal(withRecent(Array.from({ length: 30 }, (_, index) => `#${index}`), '#new').length, 10);
});
