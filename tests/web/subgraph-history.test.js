import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { copyNodes, pasteNodes } from '../../web/core/clipboard.js';
import { GraphDocument } from '../../web/core/document.js';
import * as edits from '../../web/core/edits.js';
import { readWorkflow, writeWorkflow } from '../../web/core/format.js';
import { promote } from '../../web/core/promotion.js';
import { History } from '../../web/core/history.js';
import { FREE } from '../../web/core/subgraph-border.js';
import * as subgraphs from '../../web/core/subgraphs.js';
import { pick, placed, randomNumbers, specs } from './example-graph.js';
import { workflow } from './subgraph-examples.js';

const open = (file = workflow) => {
  const document = new GraphDocument();
  document.replace(readWorkflow(structuredClone(file), specs));
  return document;
};
const text = (document) => JSON.stringify(writeWorkflow(document, specs));
const change = (label, contents) => subgraphs.changeContents(label, contents);

function randomChange(document, random) {
  const ids = [...document.nodes.keys()];
  const id = pick(random, ids);
  const other = pick(random, ids);
  const contents = document.contents();
  const definition = pick(random, [...document.definitions.keys()]);
  const side = pick(random, ['inputs', 'outputs']);
  const port = Math.floor(random() * 3);
  const choices = [() => edits.addNodes([placed('Sampler', document.freshNodeId())])];
  if (id === undefined) return choices[0]();
  choices.push(
    () => edits.removeNodes([...new Set([id, other])]),
    () => edits.setValue(id, pick(random, ['steps', '5:seed', 'text']), Math.floor(random() * 9)),
    () => edits.setMode([id], pick(random, [0, 2, 4])),
    () => edits.moveNodes(new Map([[id, { x: Math.floor(random() * 99), y: 0 }]])),
    () => edits.link({ id: document.freshLinkId(), from: id, output: port, to: other, input: pick(random, ['latent', FREE]), type: 'LATENT' }),
    () => pasteNodes(document, copyNodes(document, new Set([id]), specs), specs, { at: null, keepIncoming: true }).edit,
  );
  if (definition !== undefined) {
    choices.push(
      () => change('edit.port', subgraphs.removePort(contents, definition, side, port)),
      () => change('edit.port', subgraphs.movePort(contents, definition, side, port, Math.floor(random() * 3))),
      () => change('edit.promote', promote(contents, definition, { node: '5', name: 'steps', source: '' }, random() < 0.5)),
      () => change('edit.rename-subgraph', subgraphs.renameSubgraph(contents, definition, String(random()))),
      () => change('edit.independent-subgraph', subgraphs.makeIndependent(contents, document.shown, id)),
      () => change('edit.drop-subgraphs', subgraphs.dropUnused(contents)),
    );
  }
  if (random() < 0.03 && definition !== undefined) return change('edit.delete-subgraph', subgraphs.dropSubgraph(contents, definition));
  return pick(random, choices)();
}

/** Somewhere in the document, at random. */
function wander(document, random) {
  document.show([]);
  while (random() < 0.6) {
    const instances = [...document.nodes.values()].filter(({ type }) => document.definitions.has(type));
    const next = pick(random, instances);
    if (!next) return;
    document.show([...document.path, next.id]);
  }
}

test('random changes on all levels, undone and made again, give the file back byte for byte', () => {
  for (let seed = 0; seed < 24; seed += 1) {
    const random = randomNumbers(seed);
    const document = open();
    const history = new History(document);
    const files = [text(document)];
    for (let step = 0; step < 25; step += 1) {
      if (random() < 0.4) wander(document, random);
      history.perform(randomChange(document, random));
      files.push(text(document));
    }
    for (let step = files.length - 2; step >= 0; step -= 1) {
      if (random() < 0.3) wander(document, random);
      history.undo();
      assert.equal(text(document), files[step], `undo to ${step}, seed ${seed}`);
    }
    for (let step = 1; step < files.length; step += 1) {
      if (random() < 0.3) wander(document, random);
      history.redo();
      assert.equal(text(document), files[step], `redo to ${step}, seed ${seed}`);
    }
    assert.equal(text(open(JSON.parse(text(document)))), text(document), `opened again, seed ${seed}`);
  }
});

const root = new URL('../../', import.meta.url);
const corpus = [
  'workflows/default.json',
  'custom_nodes/example_pack/workflows/Pictures and lists.json',
  'tools/pack_template/workflows/new_pack.json',
].map((path) => JSON.parse(readFileSync(new URL(path, root), 'utf8')));

/** Every program numbers the order of execution anew; an output without links has an empty list, or none. */
const plain = (file) => {
  const isEmpty = (key, value) => key === 'links' && value?.length === 0;
  return JSON.parse(JSON.stringify(file, (key, value) => (key === 'order' ? undefined : isEmpty(key, value) ? null : value)));
};

test('opening and saving loses nothing, whether the types of nodes are installed or not', () => {
  for (const file of [...corpus, workflow]) {
    const document = new GraphDocument();
    document.replace(readWorkflow(structuredClone(file), new Map()));
    const saved = JSON.parse(JSON.stringify(writeWorkflow(document, new Map())));
    assert.deepEqual(plain(saved), plain(file));
    assert.equal(text(open(JSON.parse(text(open(file))))), text(open(file)));
  }
});

test('of a subgraph that is changed the rest is written as it was read', () => {
  const file = structuredClone(workflow);
  const [, drawing] = file.definitions.subgraphs;
  Object.assign(drawing, {
    floatingLinks: [{ id: 99 }],
    unknown: { of: 'a program' },
    reroutes: [{ id: 1, pos: [5, 6], linkIds: [5] }],
    extra: { ds: { scale: 2, offset: [1, 2] } },
  });
  Object.assign(drawing.inputs[0], { localized_name: '模型', pos: [1, 2], shape: 7 });
  Object.assign(drawing.inputNode, { pinned: true });
  drawing.links[3].parentId = 1;
  drawing.nodes[2].bgcolor = '#123';
  const document = open(file);
  document.show(['2']);
  edits.setValue('5', 'steps', 21).apply(document);
  const saved = JSON.parse(text(document)).definitions.subgraphs[1];
  for (const key of ['floatingLinks', 'unknown', 'reroutes', 'extra', 'inputs', 'outputs', 'inputNode', 'outputNode', 'links', 'groups', 'name', 'config']) {
    assert.deepEqual(saved[key], drawing[key], key);
  }
  assert.equal(saved.nodes[2].bgcolor, '#123');
  assert.deepEqual(saved.nodes[2].widgets_values, [7, 'randomize', 21]);
});
