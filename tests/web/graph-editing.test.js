import assert from 'node:assert/strict';
import { test } from 'node:test';
import { align, distribute, snapAlong } from '../../web/core/align.js';
import { arrangeGroups } from '../../web/core/arrange.js';
import { freePlace, nodeBox } from '../../web/core/boxes.js';
import { copyNodes, pasteNodes } from '../../web/core/clipboard.js';
import { converters, providerOf } from '../../web/core/convert.js';
import { addNodes, link, putGroup, unlink } from '../../web/core/edits.js';
import { readWorkflow, writeWorkflow } from '../../web/core/format.js';
import { contentOf, fitGroup, groupBox, isCollapsed, toggleCollapsed, wholeGroups } from '../../web/core/groups.js';
import { addPoint, movePoints, passingLinks, pointsOf, readRoutes, removePoints } from '../../web/core/reroutes.js';
import { connectNodes, dissolveNodes, extractNodes, insertNode, linkedNodes, moveOutput } from '../../web/core/rewire.js';
import { readQuery } from '../../web/core/search-query.js';
import { searchTypes } from '../../web/core/search.js';
import { readUses, weightOf, withUse, writeUses } from '../../web/core/uses.js';
import { GraphDocument } from '../../web/core/document.js';
import { exampleDocument, placed, specOf, specs } from './example-graph.js';

const wires = (document) => [...document.links.values()].map(({ from, output, to, input }) => `${from}.${output}>${to}.${input}`);
const saved = (document) => JSON.parse(JSON.stringify(writeWorkflow(document, specs)));
const boxes = (...list) => new Map(list.map(([x, y, width, height], index) => [index, { x, y, width, height }]));
const group = (id, x, y, width, height, rest = {}) => ({ id, title: `G${id}`, x, y, width, height, color: null, rest });

test('boxes line up by their edges and middles, and spread evenly', () => {
  const three = boxes([0, 0, 100, 50], [30, 200, 60, 50], [500, 90, 40, 20]);
  assert.deepEqual([...align(three, 'right').values()].map(({ x }) => x), [440, 480, 500]);
  assert.deepEqual([...align(three, 'middle').values()].map(({ y }) => y), [100, 100, 115]);
  assert.deepEqual([...distribute(three, 'x').values()].map(({ x }) => x), [0, 270, 500]);
  const crowded = distribute(boxes([0, 0, 100, 9], [10, 0, 100, 9], [20, 0, 100, 9]), 'x');
  assert.deepEqual([...crowded.values()].map(({ x }) => x), [0, 120, 240]);
});

test('a box snaps to the nearest edge within reach', () => {
  const box = { x: 103, y: 0, width: 50, height: 20 };
  const others = [{ x: 100, y: 90, width: 80, height: 20 }, { x: 300, y: 0, width: 9, height: 9 }];
  assert.deepEqual([snapAlong(box, others, 'x', 6)?.by, snapAlong(box, others, 'x', 6)?.at], [-3, 100]);
  assert.equal(snapAlong(box, others, 'x', 2), null);
  assert.equal(snapAlong({ ...box, x: 127 }, others, 'x', 6)?.at, 180);
});

test('a free place is the nearest above or below that covers nothing', () => {
  const others = [{ x: 0, y: 0, width: 100, height: 100 }, { x: 400, y: 0, width: 9, height: 900 }];
  const found = freePlace({ x: 50, y: 60, width: 80, height: 40 }, others);
  assert.ok(found.y >= 100 + 24 && found.y < 160);
});

test('points bend a link, go along with a shared stretch, and leave the link when they go', () => {
  const document = exampleDocument();
  const [first, second] = document.linksFrom('1', 1).concat(document.linksFrom('1', 0));
  const before = saved(document);
  const back = addPoint(first.id, 0, { x: 10.4, y: 20 }).apply(document);
  addPoint(first.id, 1, { x: 30, y: 40 }).apply(document);
  assert.deepEqual(pointsOf(readRoutes(document.rest), first.id).map(({ x, y }) => [x, y]), [[10, 20], [30, 40]]);
  assert.deepEqual([...passingLinks(document)], [[1, [first.id]], [2, [first.id]]]);
  movePoints(new Map([[1, { x: 7, y: 8 }]])).apply(document);
  removePoints([1]).apply(document);
  assert.deepEqual(saved(document).extra.reroutes, [{ id: 2, pos: [30, 40], linkIds: [first.id] }]);
  unlink(first.id).apply(document);
  assert.deepEqual(saved(document).extra.reroutes, []);
  assert.ok(second);
  const other = exampleDocument();
  const undone = addPoint(first.id, 0, { x: 1, y: 1 }).apply(other);
  undone.apply(other);
  assert.deepEqual(saved(other), before);
  assert.ok(back);
});

test('a point before one that several links share is shared too, and points that float stay', () => {
  const document = exampleDocument();
  const ids = [...document.links.keys()].slice(0, 2);
  const extra = {
    reroutes: [
      { id: 4, pos: [1, 1], linkIds: ids, note: 'kept' },
      { id: 9, pos: [5, 5], linkIds: [], floating: { slotType: 'output' } },
    ],
    linkExtensions: ids.map((id) => ({ id, parentId: 4 })),
  };
  document.replace({ ...document.contents(), rest: { extra } });
  addPoint(ids[0], 0, { x: 0, y: 0 }).apply(document);
  const { reroutes } = saved(document).extra;
  assert.deepEqual(reroutes, [
    { id: 4, parentId: 10, pos: [1, 1], linkIds: ids, note: 'kept' },
    { id: 9, pos: [5, 5], linkIds: [], floating: { slotType: 'output' } },
    { id: 10, pos: [0, 0], linkIds: ids },
  ].map((entry) => ({ ...entry })));
});

test('a broken tree of points hangs nothing', () => {
  const rest = { extra: { reroutes: [{ id: 1, parentId: 2, pos: [0, 0] }, { id: 2, parentId: 1, pos: {} }, 'no', { id: 'x' }], linkExtensions: [{ id: 5, parentId: 1 }, {}] } };
  assert.equal(pointsOf(readRoutes(rest), 5).length, 2);
});

test('a copy of nodes has the points of the links among them', () => {
  const document = exampleDocument();
  const inner = document.linkInto('4', 'latent').id;
  addPoint(inner, 0, { x: 5, y: 6 }).apply(document);
  putGroup(group(1, -50, -50, 900, 900)).apply(document);
  toggleCollapsed(document, 1, nodeBox).apply(document);
  const file = JSON.parse(JSON.stringify(copyNodes(document, new Set(['3', '4']), specs, new Set([1]))));
  const { edit, ids, groups } = pasteNodes(document, file, specs, { at: null, keepIncoming: false, shift: { x: 100, y: 0 } });
  const inverse = edit.apply(document);
  const copied = document.linkInto(ids[1], 'latent').id;
  assert.deepEqual(pointsOf(readRoutes(document.rest), copied).map(({ x, y }) => [x, y]), [[105, 6]]);
  assert.deepEqual(document.groups.get(groups[0]).rest.flags.content.nodes, ids);
  inverse.apply(document);
  assert.equal(readRoutes(document.rest).points.size, 1);
});

test('a group has what lies in it by its middle; a collapsed one keeps what it had', () => {
  const document = new GraphDocument();
  const node = (id, x, y) => placed('Empty', id, { x, y, width: 100, height: 70 });
  addNodes([node('1', 0, 30), node('2', 180, 30), node('3', 900, 30)]).apply(document);
  putGroup(group(1, -10, -10, 300, 200)).apply(document);
  putGroup(group(2, -5, -5, 120, 130)).apply(document);
  putGroup(group(3, 700, -40, 400, 400, { flags: { pinned: true } })).apply(document);
  assert.deepEqual([...contentOf(document, 1, nodeBox).nodes], ['1', '2']);
  assert.deepEqual([...contentOf(document, 1, nodeBox).groups], [2]);
  const back = toggleCollapsed(document, 1, nodeBox).apply(document);
  assert.ok(isCollapsed(document.groups.get(1)));
  assert.ok(groupBox(document.groups.get(1)).height < 60);
  addNodes([node('4', 50, 30)]).apply(document);
  assert.deepEqual([...wholeGroups(document, [1], nodeBox).nodes].sort(), ['1', '2']);
  // Other programs see the group as large as it was, and what they do not know is kept.
  const file = saved(document);
  assert.deepEqual(file.groups[0].bounding, [-10, -10, 300, 200]);
  const again = new GraphDocument();
  again.replace(readWorkflow(file, specs));
  assert.deepEqual([...contentOf(again, 1, nodeBox).nodes], ['1', '2']);
  back.apply(document);
  assert.deepEqual(document.groups.get(1).rest, {});
  fitGroup(document, 2, nodeBox).apply(document);
  assert.deepEqual(document.groups.get(2), group(2, -20, -48, 190, 168));
});

test('nodes are taken out of their links, and links lead past what is deleted', () => {
  const document = new GraphDocument();
  addNodes([placed('Picture', '1'), placed('Filter', '2'), placed('Filter', '3'), placed('Save', '4')]).apply(document);
  const wire = (id, from, to, input) => link({ id, from, output: 0, to, input, type: 'IMAGE' }).apply(document);
  wire(1, '1', '2', 'image');
  wire(2, '2', '3', 'image');
  wire(3, '3', '4', 'images');
  const inverse = extractNodes(document, specOf, new Set(['2', '3'])).apply(document);
  assert.deepEqual(wires(document).sort(), ['1.0>4.images', '2.0>3.image']);
  inverse.apply(document);
  dissolveNodes(document, specOf, new Set(['2'])).apply(document);
  assert.deepEqual(wires(document).sort(), ['1.0>3.image', '3.0>4.images']);
  assert.equal(extractNodes(exampleDocument(), specOf, new Set()), null);
});

test('a node is put into a link where it fits, and only there', () => {
  const document = new GraphDocument();
  addNodes([placed('Picture', '1'), placed('Filter', '2'), placed('Save', '4'), placed('Empty', '5')]).apply(document);
  link({ id: 1, from: '1', output: 0, to: '4', input: 'images', type: 'IMAGE' }).apply(document);
  addPoint(1, 0, { x: 1, y: 1 }).apply(document);
  addPoint(1, 1, { x: 2, y: 2 }).apply(document);
  assert.equal(insertNode(document, specOf, '5', 1), null);
  assert.equal(insertNode(document, specOf, '4', 1), null);
  const before = saved(document);
  const inverse = insertNode(document, specOf, '2', 1, 1).apply(document);
  assert.deepEqual(wires(document), ['1.0>2.image', '2.0>4.images']);
  const routes = readRoutes(document.rest);
  const xs = [...document.links.keys()].map((id) => pointsOf(routes, id).map(({ x }) => x));
  assert.deepEqual(xs, [[1], [2]]);
  inverse.apply(document);
  assert.deepEqual(saved(document), before);
});

test('all links of an output move to another, or none with the reason', () => {
  const document = exampleDocument();
  addNodes([placed('Loader', '9')]).apply(document);
  const moved = moveOutput(document, specOf, { from: '1', output: 0 }, { from: '9', output: 0 });
  moved.edit.apply(document);
  assert.equal(document.linkInto('4', 'model').from, '9');
  assert.equal(moveOutput(document, specOf, { from: '1', output: 1 }, { from: '9', output: 2 }).key, 'link.refused.type');
});

test('selected nodes are connected from left to right without a circle', () => {
  const document = new GraphDocument();
  addNodes([placed('Picture', '1'), placed('Filter', '2'), placed('Filter', '3'), placed('Save', '4')]).apply(document);
  link({ id: 1, from: '3', output: 0, to: '2', input: 'image', type: 'IMAGE' }).apply(document);
  connectNodes(document, specOf, ['1', '2', '3', '4']).apply(document);
  assert.deepEqual(wires(document), ['3.0>2.image', '1.0>3.image', '3.0>4.images']);
  assert.equal(connectNodes(document, specOf, ['4', '1']), null);
  assert.deepEqual([...linkedNodes(document, ['2'], 'up')], ['3', '1']);
  assert.deepEqual([...linkedNodes(document, ['1'], 'down', false)], ['3']);
});

test('what converts one type into another is offered, with something for its further socket', () => {
  const names = (source, target) => converters(specs.values(), source, target).map(({ spec }) => spec.type);
  assert.deepEqual(names('LATENT', 'IMAGE'), ['Decode']);
  assert.deepEqual(names('CLIP', 'CONDITIONING'), ['Encode']);
  assert.deepEqual([names('IMAGE', 'MODEL'), names('*', 'IMAGE'), names('MASK', 'IMAGE')], [[], [], []]);
  const document = exampleDocument();
  assert.deepEqual(providerOf(document, specOf, 'VAE', new Set()), { from: '1', output: 2 });
  addNodes([placed('Loader', '9')]).apply(document);
  assert.equal(providerOf(document, specOf, 'VAE', new Set()), null);
  assert.deepEqual(providerOf(document, specOf, 'VAE', new Set(['9'])), { from: '9', output: 2 });
});

test('groups are arranged as wholes', () => {
  const sized = (id) => ({ id, width: 100, height: 60 });
  const links = [
    { from: 'a', to: 'b' },
    { from: 'b', to: 'c' },
    { from: 'c', to: 'd' },
  ];
  const { places, frames } = arrangeGroups(['a', 'b', 'c', 'd', 'e'].map(sized), links, [{ id: 7, members: ['b', 'c'] }], { x: 0, y: 0 });
  const frame = frames.get(7);
  for (const id of ['b', 'c']) {
    const { x, y } = places.get(id);
    assert.ok(x > frame.x && y > frame.y && x + 100 < frame.x + frame.width && y + 60 < frame.y + frame.height, id);
  }
  assert.ok(places.get('a').x + 100 < frame.x && frame.x + frame.width < places.get('d').x);
  assert.ok(places.get('e').y > frame.y);
});

test('the search takes filters in both languages, whatever else is typed', () => {
  assert.deepEqual(readQuery('up in:image 输出：latent'), {
    words: 'up',
    filters: [
      { kind: 'in', value: 'image' },
      { kind: 'out', value: 'latent' },
    ],
  });
  assert.deepEqual(readQuery('main: in:'), { words: 'main:', filters: [] });
  const candidates = [...specs.values()].map((spec) => ({ spec, names: [], category: '测试' }));
  const found = (query) => searchTypes(query, candidates).map(({ type }) => type).sort();
  assert.deepEqual(found('in:latent out:image'), ['Decode']);
  assert.deepEqual(found('save in:image'), ['Save']);
  assert.equal(found('分类:测试').length, found('').length);
  assert.deepEqual(found('pack:nobody'), []);
});

test('what is used often and of late comes first, and no clock decides', () => {
  let uses = readUses(null);
  for (const type of ['Save', 'Save', 'Save', 'Empty']) uses = withUse(uses, type);
  assert.ok(weightOf(uses, 'Save') > weightOf(uses, 'Empty'));
  for (let times = 0; times < 30; times += 1) uses = withUse(uses, 'Decode');
  uses = withUse(readUses(writeUses(uses)), 'Empty');
  assert.ok(weightOf(uses, 'Empty') > weightOf(uses, 'Save'));
  assert.equal(weightOf(uses, 'Nothing'), 0);
  assert.equal(readUses('broken{').count, 0);
  const candidates = [...specs.values()].map((spec) => ({ spec, names: [] }));
  const [first] = searchTypes('e', candidates, { uses: new Map([['Decode', 9]]) });
  assert.equal(first.type, 'Empty');
  assert.equal(searchTypes('', candidates, { uses: new Map([['Save', 2]]) })[0].type, 'Save');
});
