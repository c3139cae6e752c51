import assert from 'node:assert/strict';
import { test } from 'node:test';
import { differenceOf, equal, isSame } from '../../web/core/difference.js';
import { textDifference } from '../../web/core/text-difference.js';

/** Numbers that look random and are the same each time (mulberry32). */
function randomFrom(seed) {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

const node = (id, more = {}) => ({
  id,
  type: 'A',
  title: null,
  x: 0,
  y: 0,
  width: 200,
  height: 80,
  mode: 0,
  collapsed: false,
  color: null,
  values: { steps: 20, text: 'a cat' },
  savedInputs: [],
  savedOutputs: [],
  rest: {},
  ...more,
});
const link = (id, from, to, input, output = 0) => ({ id, from, output, to, input, type: 'X' });
const contents = (nodes, links = [], groups = [], rest = {}, definitions = new Map()) => ({
  nodes,
  links,
  groups,
  rest,
  definitions,
});

const withoutDefinitions = ({ definitions: _, ...level }) => level;

/** Any workflow with ids up to eight, so that two of them have much in common. */
function anyContents(random, depth = 1) {
  const whole = (most) => Math.floor(random() * most);
  const some = (list) => list.filter(() => random() < 0.6).sort(() => random() - 0.5);
  const nodes = some(['1', '2', '3', '4', '5', '6', '7', '8']).map((id) =>
    node(id, {
      type: ['A', 'B'][whole(2)],
      title: [null, 'one', 'two'][whole(3)],
      x: whole(3),
      mode: [0, 2, 4][whole(3)],
      values: Object.fromEntries(some(['steps', 'text', 'seed']).map((name) => [name, whole(3)])),
      rest: random() < 0.3 ? { properties: { a: [whole(2)] } } : {},
    }),
  );
  const ends = new Map();
  for (const id of some([1, 2, 3, 4, 5, 6])) {
    const [from, to] = [nodes[whole(nodes.length)], nodes[whole(nodes.length)]];
    if (from && to) ends.set(`${to.id} ${id % 3}`, link(id, from.id, to.id, String(id % 3), whole(2)));
  }
  const groups = some([1, 2, 3]).map((id) => ({
    id,
    title: `g${whole(2)}`,
    x: whole(2),
    y: 0,
    width: 9,
    height: 9,
    color: null,
    rest: {},
  }));
  const rest = { extra: { ds: whole(2) }, ...(random() < 0.5 ? { name: 'x' } : {}) };
  const definitions = new Map(
    depth > 0 ? some(['s', 't']).map((id) => [id, withoutDefinitions(anyContents(random, depth - 1))]) : [],
  );
  return contents(nodes, [...ends.values()], groups, rest, definitions);
}

/** The state to which a difference leads. */
function applyDifference(contents, difference) {
  const definitions = new Map(contents.definitions);
  for (const { id, after, inside } of difference.subgraphs) {
    const before = definitions.get(id);
    if (before && inside) definitions.set(id, applyLevel(before, inside));
    else if (after) definitions.set(id, after);
  }
  const kept = difference.definitions.flatMap((id) => {
    const definition = definitions.get(id);
    return definition ? [[id, definition]] : [];
  });
  return { ...applyLevel(contents, difference), definitions: new Map(kept) };
}

const applyLevel = (level, { nodes, links, groups, rest }) => ({
  nodes: applyParts(level.nodes, nodes),
  links: applyParts(level.links, links),
  groups: applyParts(level.groups, groups),
  rest: applyFields(level.rest, rest),
});

function applyParts(before, { added, removed, changed, order }) {
  const gone = new Set(removed.map(({ id }) => id));
  const now = new Map(changed.map(({ after }) => [after.id, after]));
  const all = [...before.filter(({ id }) => !gone.has(id)).map((part) => now.get(part.id) ?? part), ...added];
  if (!order) return all;
  const byId = new Map(all.map((part) => [part.id, part]));
  return order.flatMap((id) => byId.get(id) ?? []);
}

function applyFields(fields, changes) {
  const applied = { ...fields };
  for (const { name, after } of changes) {
    if (after === undefined) delete applied[name];
    else applied[name] = after;
  }
  return applied;
}

test('a difference makes the one state the other, whatever they are', () => {
  for (let seed = 0; seed < 3000; seed += 1) {
    const random = randomFrom(seed);
    const [before, after] = [anyContents(random), anyContents(random)];
    assert.deepEqual(applyDifference(before, differenceOf(before, after)), after, `seed ${seed}`);
    assert.deepEqual(applyDifference(after, differenceOf(after, before)), before, `seed ${seed}`);
    assert.ok(isSame(differenceOf(before, structuredClone(before))), `seed ${seed}`);
  }
});

test('it says which values changed, from what to what', () => {
  const before = contents([node('1'), node('2')]);
  const after = contents([node('1', { values: { steps: 30, cfg: 7 }, x: 5, title: 'mine' }), node('2')]);
  const { nodes } = differenceOf(before, after);
  assert.deepEqual(nodes.changed[0].values, [
    { name: 'steps', before: 20, after: 30 },
    { name: 'text', before: 'a cat', after: undefined },
    { name: 'cfg', before: undefined, after: 7 },
  ]);
  assert.deepEqual([nodes.changed[0].fields, nodes.added, nodes.removed], [['title', 'x'], [], []]);
});

test('a node that is of another type is one that went and one that came', () => {
  const { nodes } = differenceOf(contents([node('1')]), contents([node('1', { type: 'B' })]));
  assert.deepEqual([nodes.removed[0].type, nodes.added[0].type, nodes.changed], ['A', 'B', []]);
});

test('links are compared by what they mean, not by their ids', () => {
  const nodes = ['1', '2', '3'].map((id) => node(id));
  const before = contents(nodes, [link(1, '1', '3', 'a'), link(2, '1', '3', 'b')]);
  const same = contents(nodes, [link(8, '1', '3', 'a'), link(9, '1', '3', 'b')]);
  const after = contents(nodes, [link(1, '2', '3', 'a'), link(3, '2', '3', 'c')]);
  assert.deepEqual(differenceOf(before, same).wires, []);
  assert.deepEqual(
    differenceOf(before, after).wires.map((wire) => [wire.input, wire.before?.from, wire.after?.from]),
    [
      ['a', '1', '2'],
      ['b', '1', undefined],
      ['c', undefined, '2'],
    ],
  );
});

test('subgraphs are compared inside', () => {
  const inside = (nodes) => ({ nodes, links: [], groups: [], rest: { name: 'Upscale' } });
  const before = contents(
    [],
    [],
    [],
    {},
    new Map([
      ['s', inside([node('1'), node('2')])],
      ['gone', inside([])],
    ]),
  );
  const after = contents(
    [],
    [],
    [],
    {},
    new Map([
      ['s', inside([node('1', { mode: 4 }), node('3')])],
      ['new', inside([])],
    ]),
  );
  const [changed, gone, made] = differenceOf(before, after).subgraphs;
  assert.deepEqual([changed.name, gone.id, gone.after, made.id, made.before], ['Upscale', 'gone', null, 'new', null]);
  assert.deepEqual(
    [changed.inside.nodes.changed[0].fields, changed.inside.nodes.added[0].id, changed.inside.nodes.removed[0].id],
    [['mode'], '3', '2'],
  );
});

test('values are equal whatever the order of their fields', () => {
  assert.ok(equal({ a: 1, b: [{ c: 2, d: undefined }] }, { b: [{ c: 2 }], a: 1 }));
  assert.ok(!equal([1, 2], [2, 1]));
  assert.ok(!equal({ a: undefined, b: 1 }, { a: 1 }));
  assert.ok(!equal(null, {}));
});

test('texts are compared word by word, and their pieces are both texts', () => {
  const pieces = textDifference('a large red heart, 3d', 'a small red heart on blue, 3d');
  assert.deepEqual(
    pieces.filter(({ kind }) => kind !== 'same').map(({ kind, text }) => `${kind} ${text}`),
    ['removed large', 'added small', 'added  on blue'],
  );
  assert.deepEqual(
    textDifference('一只红猫', '一只蓝猫').map(({ kind, text }) => kind + text),
    ['same一只', 'removed红', 'added蓝', 'same猫'],
  );
  const random = randomFrom(1);
  const any = () =>
    Array.from({ length: Math.floor(random() * 12) }, () => ['a', 'b', ' ', ',', '猫'][Math.floor(random() * 5)]).join(
      '',
    );
  for (let round = 0; round < 2000; round += 1) {
    const [before, after] = [any(), any()];
    const parts = textDifference(before, after);
    const without = (kind) =>
      parts
        .filter((part) => part.kind !== kind)
        .map(({ text }) => text)
        .join('');
    assert.deepEqual([without('added'), without('removed')], [before, after]);
  }
});
