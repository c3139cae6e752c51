import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as edits from '../../web/core/edits.js';
import { GraphDocument } from '../../web/core/document.js';
import { History } from '../../web/core/history.js';
import { createSelection } from '../../web/core/selection.js';
import { exampleDocument, pick, placed, randomNumbers } from './example-graph.js';

/** What must be equal after undo: everything but the version, in any order of links and groups. */
const state = (document) => {
  const { nodes, links, groups } = document.contents();
  const byId = (a, b) => a.id - b.id;
  return structuredClone({ nodes, links: [...links].sort(byId), groups: [...groups].sort(byId) });
};

function randomEdit(document, random) {
  const ids = [...document.nodes.keys()];
  const id = pick(random, ids) ?? null;
  const group = {
    id: 1 + Math.floor(random() * 3),
    title: 'g',
    x: random(),
    y: 0,
    width: 9,
    height: 9,
    color: null,
    rest: {},
  };
  const choices = [
    () => edits.addNodes([placed('Sampler', document.freshNodeId())]),
    () => edits.putGroup(group),
    () =>
      document.groups.size > 0 ? edits.removeGroup(pick(random, [...document.groups.keys()])) : edits.putGroup(group),
    () => edits.replaceAll(exampleDocument().contents()),
  ];
  if (id !== null) {
    choices.push(
      () => edits.removeNodes([id, pick(random, ids)].filter((each, index, all) => all.indexOf(each) === index)),
      () => edits.moveNodes(new Map(ids.map((each) => [each, { x: random(), y: random() }]))),
      () => edits.setValue(id, pick(random, ['seed', 'new', 'steps']), Math.floor(random() * 9)),
      () => edits.setMode(ids, pick(random, [0, 2, 4])),
      () => edits.raiseNodes([id]),
      () => edits.setTitle(id, pick(random, ['a', null])),
      () =>
        edits.link({
          id: document.freshLinkId(),
          from: id,
          output: 0,
          to: pick(random, ids),
          input: 'latent',
          type: 'LATENT',
        }),
    );
  }
  if (document.links.size > 0) choices.push(() => edits.unlink(pick(random, [...document.links.keys()])));
  return pick(random, choices)();
}

test('undo restores each state, redo makes it again, for random edits', () => {
  for (let seed = 0; seed < 60; seed += 1) {
    const random = randomNumbers(seed);
    const document = exampleDocument();
    const history = new History(document);
    const states = [state(document)];
    for (let step = 0; step < 25; step += 1) {
      history.perform(randomEdit(document, random));
      states.push(state(document));
    }
    for (const expected of states.slice(0, -1).reverse()) {
      history.undo();
      assert.deepEqual(state(document), expected, `undo, seed ${seed}`);
    }
    for (const expected of states.slice(1)) {
      history.redo();
      assert.deepEqual(state(document), expected, `redo, seed ${seed}`);
    }
  }
});

test('the indexes of links agree with the links after random edits', () => {
  const random = randomNumbers(7);
  const document = exampleDocument();
  const history = new History(document);
  for (let step = 0; step < 200; step += 1) {
    history.perform(randomEdit(document, random));
    const links = [...document.links.values()];
    for (const id of document.nodes.keys()) {
      const own = links.filter((link) => link.from === id || link.to === id);
      assert.deepEqual(new Set(document.linksOf(id)), new Set(own));
      assert.deepEqual(
        new Set(document.linksFrom(id, 0)),
        new Set(links.filter((link) => link.from === id && link.output === 0)),
      );
    }
    for (const link of links) assert.equal(document.linkInto(link.to, link.input), link);
    assert.deepEqual(new Set(document.order), new Set(document.nodes.keys()));
  }
});

test('a new link replaces the one that the input had, and undo brings that back', () => {
  const document = exampleDocument();
  const before = document.linkInto('4', 'latent');
  edits.addNodes([placed('Empty', '9')]).apply(document);
  const inverse = edits
    .link({ id: 99, from: '9', output: 0, to: '4', input: 'latent', type: 'LATENT' })
    .apply(document);
  assert.equal(document.linkInto('4', 'latent').id, 99);
  assert.equal(document.links.has(before.id), false);
  inverse.apply(document);
  assert.deepEqual(document.linkInto('4', 'latent'), before);
});

test('edits with the same key in a row are one step, and undo goes back before all of them', () => {
  const document = exampleDocument();
  const history = new History(document);
  for (const steps of [21, 22, 23]) history.perform(edits.setValue('4', 'steps', steps, 'drag'));
  history.perform(edits.setValue('4', 'steps', 40, 'another drag'));
  history.undo();
  assert.equal(document.nodes.get('4').values.steps, 23);
  history.undo();
  assert.equal(document.nodes.get('4').values.steps, 20);
  assert.equal(history.undoLabel.get(), null);
  history.redo();
  assert.equal(document.nodes.get('4').values.steps, 23);
});

test('a document is dirty from its first edit until it is saved or undone to what was saved', () => {
  const document = exampleDocument();
  const history = new History(document);
  assert.equal(history.dirty.get(), false);
  history.perform(edits.setTitle('4', 'a'));
  assert.equal(history.dirty.get(), true);
  history.markSaved();
  assert.equal(history.dirty.get(), false);
  history.undo();
  assert.equal(history.dirty.get(), true);
  history.redo();
  assert.equal(history.dirty.get(), false);
  history.perform(edits.setValue('4', 'steps', 1, 'key'));
  history.markSaved();
  history.perform(edits.setValue('4', 'steps', 2, 'key'));
  assert.equal(history.dirty.get(), true);
});

test('a compound edit is announced once, with all that it touched', () => {
  const document = exampleDocument();
  const history = new History(document);
  const changes = [];
  document.onChange((change) => changes.push(change));
  history.perform(edits.removeNodes(['4', '5']));
  assert.equal(changes.length, 1);
  assert.equal(changes[0].structure, true);
  assert.deepEqual(changes[0].nodes, new Set(['1', '2', '3', '4', '5', '6']));
  history.perform(edits.setTitle('6', 'x'));
  assert.deepEqual([...changes[1].nodes], ['6']);
  assert.equal(changes[1].structure, false);
});

test('ids of deleted nodes are not given again', () => {
  const document = exampleDocument();
  edits.removeNodes(['6']).apply(document);
  assert.equal(document.freshNodeId(), '7');
});

test('what leaves the document leaves the selection', () => {
  const document = exampleDocument();
  const selection = createSelection(document);
  selection.set(['4', '5']);
  edits.removeNodes(['4']).apply(document);
  assert.deepEqual([...selection.ids.get()], ['5']);
  selection.selectLink(document.linkInto('2', 'clip').id);
  assert.equal(selection.ids.get().size, 0);
  edits.unlink(selection.link.get()).apply(document);
  assert.equal(selection.link.get(), null);
});

test('the history forgets its oldest steps, and knows that the saved state is among them', () => {
  const document = new GraphDocument();
  const history = new History(document);
  for (let step = 0; step < 1005; step += 1) history.perform(edits.addNodes([placed('Empty', document.freshNodeId())]));
  while (history.undoLabel.get() !== null) history.undo();
  assert.equal(document.nodes.size, 5);
  assert.equal(history.dirty.get(), true);
});
