import assert from 'node:assert/strict';
import { test } from 'node:test';
import { GraphDocument } from '../../web/core/document.js';
import { unlink } from '../../web/core/edits.js';
import { FormatError, readWorkflow, writeWorkflow } from '../../web/core/format.js';
import { exampleDocument, pick, placed, randomNumbers, specs } from './example-graph.js';

const load = (file) => {
  const document = new GraphDocument();
  document.replace(readWorkflow(structuredClone(file), specs));
  return document;
};
const save = (document) => JSON.parse(JSON.stringify(writeWorkflow(document, specs)));
const nodeOf = (file, id) => file.nodes.find((node) => node.id === id);

const unknownNode = {
  id: 7,
  type: 'Pack//Unknown',
  pos: [10.5, 20],
  size: [210, 130],
  flags: { pinned: true },
  order: 0,
  mode: 4,
  inputs: [
    { name: 'image', type: 'IMAGE', link: 3, localized_name: '图像' },
    { name: 'any', type: '*', link: null, shape: 7 },
    { name: 'any', type: '*', link: null },
  ],
  outputs: [{ name: 'out', type: 'WEIRD', links: null, slot_index: 0, label: 'x' }],
  properties: { 'Node name for S&R': 'Pack//Unknown', cnr_id: 'some-pack', ver: '1.2.3' },
  widgets_values: [1, 'two', null, [3], { four: 4 }],
  bgcolor: '#123',
  shape: 1,
};

const file = {
  id: 'a-uuid',
  revision: 3,
  last_node_id: 20,
  last_link_id: 30,
  nodes: [
    {
      id: 1,
      type: 'Picture',
      pos: { 0: 1, 1: 2 },
      size: { 0: 3, 1: 4 },
      flags: {},
      order: 0,
      mode: 0,
      outputs: [],
      widgets_values: ['two.png', 'image'],
    },
    unknownNode,
  ],
  links: [[3, 1, 0, 7, 0, 'IMAGE']],
  groups: [{ id: 5, title: 'G', bounding: [0, 1, 2, 3], color: '#3f789e', font_size: 24, flags: {} }],
  definitions: { subgraphs: [{ id: 'b-uuid', name: 'Inner', nodes: [], links: [] }] },
  config: { links_ontop: true },
  extra: {
    ds: { scale: 1, offset: [0, 0] },
    reroutes: [{ id: 1, pos: [5, 5], linkIds: [3] }],
    linkExtensions: [{ id: 3, parentId: 1 }],
  },
  models: [{ name: 'm', url: 'u', directory: 'd' }],
  version: 0.4,
};

test('what the editor does not know is written back as it was', () => {
  const saved = save(load(file));
  for (const key of ['id', 'revision', 'groups', 'definitions', 'config', 'extra', 'models', 'version', 'links']) {
    assert.deepEqual(saved[key], file[key], key);
  }
  assert.deepEqual({ ...nodeOf(saved, 7), order: 0 }, unknownNode);
});

test('a node of an unknown type stays linked and has its sockets', () => {
  const document = load(file);
  assert.equal(document.linkInto('7', 'image').from, '1');
  assert.deepEqual(
    document.nodes.get('7').savedInputs.map((slot) => slot.name),
    ['image', 'any', 'any (2)'],
  );
});

test('a reroute goes with the last of its links', () => {
  const document = load(file);
  unlink(3).apply(document);
  assert.deepEqual(save(document).extra, { ds: file.extra.ds, reroutes: [], linkExtensions: [] });
});

test('loading, saving and loading gives the same document, for random ones', () => {
  for (let seed = 0; seed < 80; seed += 1) {
    const random = randomNumbers(seed);
    const first = load(randomFile(random));
    const second = load(save(first));
    assert.deepEqual(meaning(second), meaning(first), `seed ${seed}`);
    assert.deepEqual(save(second), save(first), `seed ${seed}`);
  }
});

/** All of a document but what its types say of its nodes' sockets. */
function meaning(document) {
  const { nodes, links, groups } = document.contents();
  const own = nodes.map(({ savedInputs, savedOutputs, rest, ...node }) => ({
    ...node,
    flags: rest.flags,
    unknown: rest.unknown_field,
  }));
  return { nodes: own, links, groups };
}

function randomFile(random) {
  const count = 1 + Math.floor(random() * 8);
  const types = [...specs.keys(), 'Unknown', 'Reroute', 'Note', 'PrimitiveNode', 'b-uuid'];
  const socket = (type) => ({ name: pick(random, ['model', 'latent', 'seed', 'x', '']), type, link: null });
  const nodes = Array.from({ length: count }, (_, index) => ({
    id: index % 3 === 2 ? `text-${index}` : index + 1,
    type: pick(random, types),
    pos: [random() * 100, 7 - index],
    size: [200, 100],
    flags: random() < 0.3 ? { collapsed: true, pinned: random() < 0.5 } : {},
    mode: pick(random, [0, 2, 4, 3]),
    inputs: Array.from({ length: Math.floor(random() * 4) }, () =>
      socket(pick(random, ['LATENT', '*', -1, ['A', 'B']])),
    ),
    outputs: [{ name: 'o', type: pick(random, ['LATENT', 'INT', '*']), links: [] }],
    properties: random() < 0.5 ? { extra: [1, null] } : {},
    ...(random() < 0.7
      ? { widgets_values: pick(random, [[], [1, 'fixed', 2, 3, 4, 5], ['a', null], { text: 'b', new: 1 }]) }
      : {}),
    ...(random() < 0.3 ? { title: 'T', color: '#222', unknown_field: { deep: [1] } } : {}),
  }));
  const links = [];
  for (const node of nodes) {
    node.inputs.forEach((input, slot) => {
      const source = pick(random, nodes);
      if (random() < 0.5)
        links.push([links.length + 1, source.id, 0, node.id, slot, pick(random, ['LATENT', '*', 'A,B'])]);
    });
  }
  return {
    nodes,
    links,
    groups: [{ title: 'no id', bounding: [1, 2, 3, 4] }],
    extra: { x: 1 },
    definitions: file.definitions,
    version: 0.4,
  };
}

test('the example is written in the way that ComfyUI reads', () => {
  const saved = save(exampleDocument());
  const sampler = nodeOf(saved, 4);
  assert.deepEqual(sampler.widgets_values, [0, 'randomize', 20]);
  assert.deepEqual(sampler.properties, {
    'Node name for S&R': 'Sampler',
    'safelight.inputs': ['seed', 'seed/control', 'steps'],
  });
  assert.deepEqual(sampler.inputs, [
    { name: 'model', type: 'MODEL', link: 2 },
    { name: 'positive', type: 'CONDITIONING', link: 3 },
    { name: 'latent', type: 'LATENT', link: 4 },
  ]);
  assert.deepEqual(sampler.outputs, [{ name: 'LATENT', type: 'LATENT', links: [5] }]);
  assert.deepEqual(saved.links[3], [4, 3, 0, 4, 2, 'LATENT']);
  assert.deepEqual([saved.last_node_id, saved.last_link_id, saved.version], [6, 7, 0.4]);
  const order = Object.fromEntries(saved.nodes.map((node) => [node.id, node.order]));
  for (const [, from, , to] of saved.links) assert.ok(order[from] < order[to]);
});

test('a linked widget is written as an input of the widget, and keeps its value', () => {
  const document = exampleDocument();
  document.putNode(placed('Empty', '8', { type: 'Unknown', savedOutputs: [{ name: 'INT', type: 'INT', rest: {} }] }));
  document.putLink({ id: 50, from: '8', output: 0, to: '4', input: 'steps', type: 'INT' });
  const sampler = nodeOf(save(document), 4);
  assert.deepEqual(sampler.inputs.at(-1), { name: 'steps', type: 'INT', link: 50, widget: { name: 'steps' } });
  assert.deepEqual(sampler.widgets_values, [0, 'randomize', 20]);
  assert.equal(load(save(document)).linkInto('4', 'steps').from, '8');
});

const values = (node) => load({ nodes: [{ id: 1, pos: [0, 0], ...node }], links: [] }).nodes.get('1').values;

test('widget values are read by place, with what stands between them', () => {
  assert.deepEqual(values({ type: 'Sampler', widgets_values: [5, 'fixed', 30] }), {
    seed: 5,
    'seed/control': 'fixed',
    steps: 30,
  });
  assert.deepEqual(values({ type: 'Sampler', widgets_values: [5, true, 30] }), {
    seed: 5,
    'seed/control': 'randomize',
    steps: 30,
  });
  assert.deepEqual(values({ type: 'Sampler', widgets_values: [5, 30] }), {
    seed: 5,
    'seed/control': 'randomize',
    steps: 30,
  });
  assert.deepEqual(values({ type: 'Picture', widgets_values: ['a.png', 'image'] }), {
    image: 'a.png',
    'image/upload': 'image',
  });
  assert.deepEqual(values({ type: 'Empty', widgets_values: [64, 'pack'] }), { width: 64, '/0': 'pack' });
  assert.deepEqual(values({ type: 'Empty' }), { width: 512 });
});

test('widget values are read by name where the file gives the names', () => {
  const properties = { 'safelight.inputs': ['steps', 'seed'] };
  assert.deepEqual(values({ type: 'Sampler', properties, widgets_values: [9, 8] }), {
    seed: 8,
    'seed/control': 'randomize',
    steps: 9,
  });
  assert.deepEqual(values({ type: 'Sampler', widgets_values: { steps: 9, own: 1 } }), {
    seed: 0,
    'seed/control': 'randomize',
    steps: 9,
    own: 1,
  });
});

test('version 1 is read: links as objects, reroutes at the top', () => {
  const document = load({
    version: 1,
    state: { lastNodeId: 9, lastLinkId: 8, lastGroupId: 0, lastRerouteId: 4 },
    nodes: [
      { id: 3, type: 'Empty', pos: [0, 0] },
      { id: 4, type: 'Sampler', pos: [0, 0], inputs: [{ name: 'latent', type: 'LATENT', link: 8 }] },
    ],
    links: [{ id: 8, origin_id: 3, origin_slot: 0, target_id: 4, target_slot: 0, type: 'LATENT', parentId: 4 }],
    reroutes: [{ id: 4, pos: [1, 2], linkIds: [8] }],
  });
  assert.equal(document.linkInto('4', 'latent').from, '3');
  assert.equal(document.freshNodeId(), '10');
  const saved = save(document);
  assert.deepEqual(saved.extra, {
    linkExtensions: [{ id: 8, parentId: 4 }],
    reroutes: [{ id: 4, pos: [1, 2], linkIds: [8] }],
  });
  assert.equal('state' in saved || 'reroutes' in saved, false);
});

test('links without both ends, or into an input that is taken, are left out', () => {
  const sampler = { id: 2, type: 'Sampler', pos: [0, 0], inputs: [{ name: 'latent', type: 'LATENT' }] };
  const links = [
    [1, 9, 0, 2, 0, 'X'],
    [2, 1, 0, 2, 7, 'X'],
    [3, 1, 0, 2, 0, 'LATENT'],
    [4, 1, 0, 2, 0, 'LATENT'],
    [3, 1, 0, 2, 0, 'X'],
    null,
  ];
  assert.deepEqual([...load({ nodes: [{ id: 1, type: 'Empty' }, sampler], links }).links.keys()], [3]);
});

test('what is no workflow is refused with a reason', () => {
  const reason = (broken) => {
    try {
      readWorkflow(broken, specs);
    } catch (error) {
      return error instanceof FormatError && [error.key, error.values];
    }
    return null;
  };
  assert.deepEqual(reason([]), ['format.not-a-workflow', {}]);
  assert.deepEqual(reason({ nodes: {} }), ['format.not-a-workflow', {}]);
  assert.deepEqual(reason({ nodes: [{ id: 1, type: 'A' }, { id: 2 }] }), ['format.broken-node', { index: '2' }]);
  assert.deepEqual(
    reason({
      nodes: [
        { id: 1, type: 'A' },
        { id: '1', type: 'B' },
      ],
    }),
    ['format.same-id', { id: '1' }],
  );
});
