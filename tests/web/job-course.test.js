import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RunStates } from '../../web/app/run-state.js';
import { signal } from '../../web/core/signal.js';
import { pick, randomNumbers } from './example-graph.js';

/** A run of a job of `size` nodes, of a document that has the nodes 5, 7 and a:b. */
function runOf(size) {
  const queue = { items: signal([]), size: () => size, refresh: async () => undefined };
  const run = new RunStates(queue, (id) => ['5', '7', 'a:b'].includes(id));
  run.onFrame({ type: 'execution_start', data: { prompt_id: 'j' } });
  return run;
}

const send = (run, type, data) => run.onFrame({ type, data: { prompt_id: 'j', ...data } });
const states = (run, nodes) => send(run, 'progress_state', { nodes });
const inner = (state, more = {}) => ({
  value: 0,
  max: 1,
  state,
  display_node_id: '5',
  real_node_id: '5',
  parent_node_id: '5',
  ...more,
});
const outer = (state, more = {}) => ({ value: 0, max: 1, state, display_node_id: '5', real_node_id: '5', ...more });
const shown = (run, id) => {
  const { state, value, total } = run.node(id).get();
  return [state, value, total];
};

test('a node that makes others runs until its own end, and shows their steps', () => {
  const run = runOf(1);
  states(run, { 5: outer('running') });
  assert.deepEqual(shown(run, '5'), ['running', 0, 0]);
  send(run, 'executing', { node: '5.0.1', display_node: '5' });
  states(run, { '5.0.1': inner('running', { value: 3, max: 20 }) });
  assert.deepEqual(shown(run, '5'), ['running', 3, 20]);
  states(run, { '5.0.2': inner('running') });
  states(run, { '5.0.2': inner('finished', { seconds: 9, cached: true }) });
  assert.deepEqual(shown(run, '5'), ['running', 3, 20]);
  states(run, { '5.0.1': inner('finished', { seconds: 2 }) });
  assert.deepEqual(shown(run, '5'), ['running', 0, 0]);
  states(run, { 5: outer('finished', { seconds: 4, cached: false }) });
  assert.deepEqual([run.node('5').get().state, run.node('5').get().seconds], ['done', 4]);
  assert.equal(run.node('5.0.1').get().state, 'idle');
});

test('what is made while a job runs is not counted, and the whole never runs backwards', () => {
  for (let seed = 0; seed < 50; seed += 1) {
    const random = randomNumbers(seed);
    const run = runOf(3);
    let before = 0;
    for (let step = 0; step < 40; step += 1) {
      const state = pick(random, ['running', 'running', 'finished']);
      const [id, real] = pick(random, [['5', '5'], ['7', '7'], ['7:2', '7:2'], ['5.0.1', '5'], ['5.0.1.0.2', '5']]);
      const value = Math.floor(random() * 5);
      states(run, { [id]: { value, max: 4, state, display_node_id: real, real_node_id: real } });
      assert.ok(run.progress.get() >= before, `seed ${seed}`);
      assert.ok(run.progress.get() <= 1, `seed ${seed}`);
      before = run.progress.get();
    }
  }
  const run = runOf(2);
  for (let count = 0; count < 50; count += 1) states(run, { [`5.0.${count}`]: inner('finished') });
  assert.equal(run.progress.get(), 0);
});

test('a node that asks for an input begins twice, and has not lost what it did', () => {
  const run = runOf(2);
  states(run, { 5: { value: 2, max: 4, state: 'running' } });
  states(run, { 7: { value: 1, max: 1, state: 'finished', cached: true } });
  send(run, 'executing', { node: '5' });
  states(run, { 5: { value: 0, max: 1, state: 'running' } });
  assert.deepEqual([run.node('5').get().state, run.node('7').get().state], ['running', 'cached']);
  assert.equal(run.progress.get(), 0.75);
});

test('a drawn subgraph is reused when all of it is, and takes the time of all of it', () => {
  const run = runOf(2);
  states(run, { '7:1': { value: 1, max: 1, state: 'finished', cached: true, seconds: 1 } });
  assert.equal(run.node('7').get().state, 'cached');
  states(run, { '7:2': { value: 1, max: 1, state: 'running' } });
  assert.equal(run.node('7').get().state, 'running');
  states(run, { '7:2': { value: 1, max: 1, state: 'finished', cached: false, seconds: 2 } });
  assert.deepEqual([run.node('7').get().state, run.node('7').get().seconds, run.progress.get()], ['done', 3, 1]);
});

test('a node whose own id has a colon is no part of another', () => {
  const run = runOf(1);
  states(run, { 'a:b': { value: 1, max: 2, state: 'running' }, 'x:y:z': { value: 1, max: 2, state: 'running' } });
  assert.deepEqual([run.node('a:b').get().state, run.node('x').get().state, run.node('a').get().state], [
    'running',
    'running',
    'idle',
  ]);
});

test('all that is made inside of a node is seen on it, and replaces what the last job made', () => {
  const run = runOf(1);
  run.restorePictures([['5', [{ filename: 'old.png' }]]]);
  const executed = (node, display, output) => send(run, 'executed', { node, display_node: display, output });
  executed('5.0.1', '5', { images: [{ filename: 'a.png' }] });
  executed('5.0.2', '5', { images: [{ filename: 'b.png' }], text: [7] });
  executed('5.0.1', '5', { images: [{ filename: 'c.png' }] });
  const { pictures, texts } = run.node('5').get();
  assert.deepEqual([pictures.map(({ filename }) => filename), texts], [['c.png', 'b.png'], ['7']]);
  send(run, 'execution_warning', { node: '5.0.2', text: 'Careful.' });
  assert.deepEqual(run.node('5').get().warnings, ['Careful.']);
});

test('a node that is skipped says why, and its job has not failed', () => {
  const run = runOf(2);
  const skip = { node_id: '7:2', exception_type: 'ExecutionBlocked', exception_message: 'It is odd.', traceback: [] };
  send(run, 'execution_error', skip);
  send(run, 'execution_error', skip);
  states(run, { '7:2': { value: 1, max: 1, state: 'finished' } });
  const { skipped, problems, state } = run.node('7').get();
  assert.deepEqual([skipped, problems, state], [['It is odd.'], [], 'done']);
  assert.deepEqual([run.problems.get().size, run.failure.get(), run.running.get()], [0, null, true]);
  run.onFrame({ type: 'execution_start', data: { prompt_id: 'k' } });
  assert.deepEqual(run.node('7').get().skipped, []);
});

test('what is wrong inside of a drawn subgraph is listed with the node that can be shown', () => {
  const run = runOf(2);
  const wrong = (message) => ({ message, advice: '', input: null, detail: '' });
  run.setProblems(new Map([['7:1', [wrong('a')]], ['7:2:3', [wrong('b')]], ['5', [wrong('c')]]]));
  assert.deepEqual([...run.problems.get().keys()], ['7', '5']);
  assert.deepEqual(run.node('7').get().problems.map(({ message }) => message), ['a', 'b']);
  const failure = { node_id: '7:2', exception_type: 'ValueError', exception_message: 'No.', traceback: [] };
  send(run, 'execution_error', failure);
  assert.deepEqual(run.node('7').get().problems.map(({ message }) => message), ['No.']);
  assert.equal(run.node('5').get().problems.length, 1);
});
