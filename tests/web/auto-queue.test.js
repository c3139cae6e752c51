import assert from 'node:assert/strict';
import { test } from 'node:test';
import { followRunMode } from '../../web/app/auto-queue.js';
import { runCommands } from '../../web/app/commands-run.js';
import { signal } from '../../web/core/signal.js';

const settled = async () => {
  for (let turn = 0; turn < 20; turn += 1) await Promise.resolve();
};

/** An editor whose document is a text that can be changed. */
function automatic() {
  const listeners = { change: [], counts: [] };
  const state = { contents: { nodes: [{ id: 'a' }], links: [] }, submitted: [], answer: true };
  const editor = {
    document: { contents: () => state.contents, onChange: (listener) => (listeners.change.push(listener), () => undefined) },
    runMode: signal('once'),
    repeating: signal(false),
    queue: { counts: signal({ running: 0, waiting: 0, ended: 0 }) },
    tabs: { switching: false },
    frames: new Set(),
    attempt: async (action) => action(),
    submit: async (options) => {
      state.submitted.push([state.contents.nodes[0].id, options]);
      return state.answer;
    },
  };
  const change = (text) => {
    state.contents = { nodes: [{ id: text }], links: [] };
    for (const listener of listeners.change) listener({ replaced: false });
  };
  const tell = (type, data = {}) => [...editor.frames].forEach((listener) => listener({ type, data }));
  return { editor, state, change, tell, end: followRunMode(editor) };
}

test('a change is queued once it has settled and nothing waits, and only if it matters', async (context) => {
  context.mock.timers.enable({ apis: ['setTimeout'] });
  const { editor, state, change, end } = automatic();
  change('b');
  context.mock.timers.tick(1000);
  assert.deepEqual(state.submitted, []);
  editor.runMode.set('change');
  change('c');
  context.mock.timers.tick(100);
  change('d');
  context.mock.timers.tick(350);
  assert.deepEqual(state.submitted, []);
  context.mock.timers.tick(100);
  await settled();
  assert.deepEqual(state.submitted, [['d', { quiet: true }]]);
  change('d');
  context.mock.timers.tick(1000);
  await settled();
  assert.equal(state.submitted.length, 1);
  editor.queue.counts.set({ running: 1, waiting: 1, ended: 0 });
  change('e');
  context.mock.timers.tick(1000);
  await settled();
  assert.equal(state.submitted.length, 1);
  editor.queue.counts.set({ running: 1, waiting: 0, ended: 0 });
  await settled();
  assert.equal(state.submitted.at(-1)[0], 'e');
  end();
});

test('a repeated job follows the last one until it fails, is stopped or refused', async (context) => {
  context.mock.timers.enable({ apis: ['setTimeout'] });
  const { editor, state, tell, end } = automatic();
  const done = async () => {
    tell('execution_success');
    context.mock.timers.tick(500);
    await settled();
  };
  editor.runMode.set('instant');
  await done();
  assert.equal(state.submitted.length, 0);
  editor.repeating.set(true);
  await done();
  await done();
  assert.equal(state.submitted.length, 2);
  tell('execution_error', { exception_type: 'ValueError' });
  assert.equal(editor.repeating.get(), false);
  editor.repeating.set(true);
  state.answer = false;
  await done();
  assert.equal(editor.repeating.get(), false);
  await done();
  assert.equal(state.submitted.length, 3);
  end();
});

test('repeating goes on when a job ended before the answer about it came, and when others wait', async (context) => {
  context.mock.timers.enable({ apis: ['setTimeout'] });
  const { editor, state, tell, end } = automatic();
  let answer = () => undefined;
  editor.submit = (options) => {
    state.submitted.push(options);
    return new Promise((resolve) => (answer = () => resolve(true)));
  };
  const done = async () => {
    tell('execution_success');
    context.mock.timers.tick(500);
    await settled();
  };
  editor.runMode.set('instant');
  const [queue] = runCommands(editor).filter(({ id }) => id === 'run.queue');
  void queue.run();
  await done();
  assert.equal(state.submitted.length, 2, 'the button queued the first, and that ended at once');
  await done();
  assert.equal(state.submitted.length, 2, 'the server has not answered yet');
  answer();
  await settled();
  assert.equal(state.submitted.length, 3);
  answer();
  editor.queue.counts.set({ running: 1, waiting: 1, ended: 0 });
  await done();
  assert.equal(state.submitted.length, 3, 'somebody else waits');
  editor.queue.counts.set({ running: 1, waiting: 0, ended: 1 });
  await settled();
  assert.equal(state.submitted.length, 4);
  end();
});
