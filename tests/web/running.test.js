import assert from 'node:assert/strict';
import { test } from 'node:test';
import { OwnJobs } from '../../web/app/own-jobs.js';
import { QueueList } from '../../web/app/queue-list.js';
import { catchUp, framesOf } from '../../web/app/replay.js';
import { RunStates } from '../../web/app/run-state.js';
import { submit } from '../../web/app/submit.js';
import { GraphDocument } from '../../web/core/document.js';
import { signal } from '../../web/core/signal.js';
import { ServerError } from '../../web/net/server-error.js';

const settled = async () => {
  for (let turn = 0; turn < 20; turn += 1) await Promise.resolve();
};

// The queue as the server tells it.

const job = (id, status, more = {}) => ({
  id,
  status,
  priority: 0,
  number: 1,
  name: 'Cat',
  tags: [],
  client_id: 'me',
  create_time: 1000,
  execution_start_time: 2000,
  execution_end_time: 3000,
  execution_error: null,
  pictures: [],
  nodes: null,
  ...more,
});

/** A client that answers `GET /jobs…` from lists, and notes everything else. */
function client(lists) {
  const asked = [];
  return {
    id: 'me',
    asked,
    pause: async (paused) => void (lists.paused = paused),
    async ask(path, { method = 'GET', body } = {}) {
      if (method !== 'GET') asked.push([method, path, body]);
      const [where, query] = path.split('?');
      if (where !== 'jobs') return { json: async () => lists.details?.[where.split('/')[1]] ?? { prompt_id: 'made' } };
      const status = new URLSearchParams(query).get('status');
      const group = status === 'in_progress' ? 'running' : status === 'pending' ? 'waiting' : 'ended';
      const jobs = lists[group] ?? [];
      const counts = { in_progress: (lists.running ?? []).length, pending: (lists.waiting ?? []).length, ended: (lists.ended ?? []).length };
      return { json: async () => ({ jobs, pagination: { total: jobs.length }, counts, paused: lists.paused ?? false, now: Date.now() + 60_000 }) };
    },
  };
}

test('the queue tells what runs, waits and has ended, whether it is paused, and why a job failed', async () => {
  const lists = {
    running: [job('r', 'in_progress', { nodes: 7 })],
    waiting: [job('w', 'pending', { client_id: 'other' })],
    ended: [job('e', 'failed', { execution_error: 'No.' })],
  };
  const queue = new QueueList(client(lists));
  await queue.refresh();
  const items = queue.items.get().map(({ id, state, own, error }) => [id, state, own, error]);
  assert.deepEqual(items, [['r', 'running', true, null], ['w', 'pending', false, null], ['e', 'error', true, 'No.']]);
  assert.deepEqual([queue.counts.get(), queue.size('r'), queue.paused.get()], [{ running: 1, waiting: 1, ended: 1 }, 7, false]);
  assert.ok(Math.abs(queue.now() - Date.now() - 60_000) < 5_000);
  await queue.pause(true);
  assert.equal(queue.paused.get(), true);
});

test('jobs are moved, labelled and run again by what the server understands', async () => {
  const server = client({});
  const queue = new QueueList(server);
  await queue.move('a b', { before: 'c' });
  await queue.label('a', { tags: ['x'] });
  assert.equal(await queue.again('a', 'new'), 'made');
  await queue.again('0123456789ab-01', 'same');
  const [again, sameTab] = server.asked.splice(2);
  assert.deepEqual(again.slice(0, 2), ['POST', 'jobs/a/again']);
  assert.deepEqual([again[2].seeds, again[2].client_id], ['new', 'me']);
  assert.match(again[2].prompt_id, /^[0-9a-f]{12}-[0-9a-f]+$/);
  assert.match(sameTab[2].prompt_id, /^0123456789ab-[0-9a-f]+$/);
  assert.deepEqual(server.asked, [
    ['PATCH', 'queue/a%20b', { before: 'c' }],
    ['PATCH', 'jobs/a', { tags: ['x'] }],
  ]);
});

// What was missed.

const detail = (id, status, more = {}) => ({
  id,
  status,
  name: '',
  tags: [],
  priority: 0,
  client_id: 'me',
  create_time: 1,
  execution_start_time: 1,
  execution_end_time: status === 'in_progress' ? null : 5,
  outputs: {},
  meta: {},
  nodes: {},
  messages: [],
  workflow: { prompt: { 1: {}, 2: {} }, extra_data: {}, targets: [] },
  now: 1,
  ...more,
});

const newRun = () => new RunStates({ items: signal([]), size: () => 2, refresh: async () => undefined }, (id) => ['1', '2'].includes(id));
const storage = (text = null) => ({ text, getItem: () => text, setItem: (_, value) => (storage.last = value) });

/** Catch up with what the server says of these jobs; those of `gone` it does not know. */
async function caughtUp(run, own, details) {
  const ownJobs = new OwnJobs('w', storage(JSON.stringify(own)));
  const server = {
    ask: async (path) => {
      const found = details[path.split('/')[1]];
      if (!found) throw new ServerError('unknown', 404);
      return { json: async () => found };
    },
  };
  await catchUp({ client: server, ownJobs, run }, (frame) => {
    run.onFrame(frame);
    if (frame.type === 'executing' && frame.data.node === null) ownJobs.end(frame.data.prompt_id);
  });
  return ownJobs.ids();
}

test('a job that ended while nobody listened shows its pictures and what was reused', async () => {
  const run = newRun();
  run.onFrame({ type: 'execution_start', data: { prompt_id: 'j' } });
  run.onFrame({ type: 'executing', data: { prompt_id: 'j', node: '2' } });
  run.setConnection('lost');
  assert.equal(run.node('2').get().state, 'running');
  const ended = detail('j', 'completed', {
    outputs: { 2: { images: [{ filename: 'a.png' }] } },
    meta: { 2: { display_node: '2' } },
    messages: [['execution_cached', { nodes: ['1'] }], ['execution_success', {}]],
  });
  assert.deepEqual(await caughtUp(run, ['j'], { j: ended }), []);
  const states = ['1', '2'].map((id) => run.node(id).get().state);
  assert.deepEqual([states, run.node('2').get().pictures.length, run.running.get()], [['cached', 'done'], 1, false]);
});

test('a job that failed while nobody listened marks its node', async () => {
  const run = newRun();
  const error = { node_id: '2', exception_type: 'ValueError', exception_message: 'No.', advice: 'Do.', traceback: ['t'], executed: ['1'] };
  await caughtUp(run, ['j'], { j: detail('j', 'failed', { messages: [['execution_error', error]] }) });
  assert.deepEqual(run.node('2').get().problems.map(({ message, advice }) => [message, advice]), [['No.', 'Do.']]);
  assert.deepEqual([run.node('1').get().state, run.running.get()], ['done', false]);
});

test('a job that still runs goes on where it is, after one that has ended meanwhile', async () => {
  const run = newRun();
  const running = detail('k', 'in_progress', {
    nodes: { 1: { value: 1, max: 1, state: 'finished', seconds: 2 }, 2: { value: 3, max: 9, state: 'running' } },
    outputs: { 1: { text: ['seen'] } },
  });
  const left = await caughtUp(run, ['j', 'k'], { j: detail('j', 'completed'), k: running });
  assert.deepEqual(left, ['k']);
  assert.deepEqual([run.job.get(), run.node('1').get().texts, run.node('1').get().seconds], ['k', ['seen'], 2]);
  const { state, value, total } = run.node('2').get();
  assert.deepEqual([state, value, total], ['running', 3, 9]);
});

test('a job that the server has put back into the queue, or does not know any more, does not run', async () => {
  for (const details of [{ j: detail('j', 'pending') }, {}]) {
    const run = newRun();
    run.onFrame({ type: 'execution_start', data: { prompt_id: 'j' } });
    run.onFrame({ type: 'executing', data: { prompt_id: 'j', node: '2' } });
    const left = await caughtUp(run, ['j'], details);
    assert.deepEqual([run.running.get(), run.node('2').get().state, left], [false, 'idle', details.j ? ['j'] : []]);
  }
});

test('the end of a job that was heard of while the server was asked is not undone', async () => {
  const run = newRun();
  assert.deepEqual(await caughtUp(run, [], {}), []);
  const ownJobs = new OwnJobs('w', storage('["j"]'));
  const server = {
    ask: async () => {
      ownJobs.end('j');
      return { json: async () => detail('j', 'in_progress', { nodes: { 1: { value: 0, max: 1, state: 'running' } } }) };
    },
  };
  await catchUp({ client: server, ownJobs, run }, (frame) => run.onFrame(frame));
  assert.equal(run.running.get(), false);
});

test('jobs of this window are remembered, and damaged memory is no harm', () => {
  const kept = storage();
  const jobs = new OwnJobs('w', kept);
  jobs.add('a');
  jobs.add('b');
  jobs.end('a');
  assert.deepEqual([jobs.ids(), jobs.has('b'), storage.last], [['b'], true, '["b"]']);
  assert.deepEqual(new OwnJobs('w', storage('{')).ids(), []);
});

test('frames that stand for a job begin it and end it', () => {
  assert.deepEqual(framesOf(detail('j', 'cancelled')).map(({ type }) => type), ['execution_start', 'progress_state', 'executing']);
});

test('what a quick job says before its queueing is answered stays, and what was wrong before goes', async () => {
  const run = newRun();
  const tab = { parked: null };
  const frames = (id) => [
    ['execution_start', {}],
    ['execution_error', { node_id: '2', exception_type: 'ValueError', exception_message: 'No.', traceback: [] }],
    ['executing', { node: null }],
  ].map(([type, data]) => ({ type, data: { prompt_id: id, ...data } }));
  const wanted = signal('auto');
  const sent = [];
  const editor = {
    ...{ run, document: new GraphDocument(), spec: () => null, queuedSeeds: new Map(), batch: signal(1), name: signal(''), toFile: () => ({}) },
    tabs: { shown: signal(tab), newJob: () => 'quick' },
    ownJobs: { add() {}, end() {} },
    widgets: { rememberSeeds() {} },
    preferences: { of: (id) => id === 'run.previews' && wanted },
    translator: { t: (key) => key, has: () => false },
    inputLabel: (_, input) => input,
    client: {
      async queue(_, { prompt_id: id, extra_data: extra }) {
        sent.push(extra);
        for (const frame of frames(id)) run.onFrame(frame);
        return { node_errors: {} };
      },
    },
  };
  run.setProblems(new Map([['1', [{ message: 'Old.', advice: '', input: null, detail: '' }]]]));
  assert.equal(await submit(editor, {}), true);
  const said = ['1', '2'].map((id) => run.node(id).get().problems.map(({ message }) => message));
  assert.deepEqual([said, run.node('2').get().state], [[[], ['No.']], 'error']);

  wanted.set('taesd');
  await submit(editor, {});
  assert.deepEqual(sent, [undefined, { preview_method: 'taesd' }]);
});

// Documents and levels.

test('what is known of a document comes back with it, and its job goes on', () => {
  const run = newRun();
  run.onFrame({ type: 'execution_start', data: { prompt_id: 'j' } });
  run.onFrame({ type: 'progress_state', data: { prompt_id: 'j', nodes: { 1: { value: 2, max: 4, state: 'running' } } } });
  const memory = run.take();
  run.put(null);
  assert.deepEqual([run.node('1').get().state, run.running.get()], ['idle', true]);
  run.put(memory);
  run.onFrame({ type: 'progress_state', data: { prompt_id: 'j', nodes: { 1: { value: 3, max: 4, state: 'running' } } } });
  assert.deepEqual([run.node('1').get().value, run.progress.get()], [3, 0.375]);
});

test('a job of another document moves the bar, and no node', () => {
  const run = new RunStates({ items: signal([]), size: () => 2, refresh: async () => undefined }, () => true, (id) => id === 'mine');
  run.onFrame({ type: 'execution_start', data: { prompt_id: 'other' } });
  run.onFrame({ type: 'progress_state', data: { prompt_id: 'other', nodes: { 1: { value: 1, max: 1, state: 'finished' } } } });
  assert.deepEqual([run.node('1').get().state, run.progress.get()], ['idle', 0.5]);
});

test('inside a subgraph its own nodes show what they do', () => {
  const run = new RunStates({ items: signal([]), size: () => 2, refresh: async () => undefined }, (id) => ['5', '5:2'].includes(id));
  run.onFrame({ type: 'execution_start', data: { prompt_id: 'j' } });
  run.onFrame({ type: 'progress_state', data: { prompt_id: 'j', nodes: { '5:2': { value: 2, max: 4, state: 'running' } } } });
  assert.deepEqual([run.node('5').get().value, run.node('2').get().state], [2, 'idle']);
  run.showLevel(['5']);
  assert.deepEqual([run.node('2').get().value, run.node('5').get().state], [2, 'idle']);
  run.onFrame({ type: 'executed', data: { prompt_id: 'j', node: '5:2', output: { text: ['deep'] } } });
  assert.deepEqual(run.node('2').get().texts, ['deep']);
  run.showLevel([]);
  assert.deepEqual([run.node('5').get().texts, run.node('2').get().texts], [['deep'], []]);
});

test('nodes that a job will come to wait in their order until they begin', () => {
  const run = newRun();
  run.claim('j', ['1', '2']);
  run.onFrame({ type: 'execution_start', data: { prompt_id: 'j' } });
  assert.deepEqual(['1', '2'].map((id) => [run.node(id).get().state, run.node(id).get().ahead]), [['waiting', 0], ['waiting', 1]]);
  run.onFrame({ type: 'execution_cached', data: { prompt_id: 'j', nodes: ['1'] } });
  run.onFrame({ type: 'executing', data: { prompt_id: 'j', node: null } });
  assert.deepEqual(['1', '2'].map((id) => [run.node(id).get().state, run.node(id).get().ahead]), [['cached', null], ['idle', null]]);
});

test('when a job has ended, each node says how its time compares with the longest', () => {
  const run = newRun();
  run.onFrame({ type: 'execution_start', data: { prompt_id: 'j' } });
  const nodes = { 1: { value: 1, max: 1, state: 'finished', seconds: 1 }, 2: { value: 1, max: 1, state: 'finished', seconds: 4 } };
  run.onFrame({ type: 'progress_state', data: { prompt_id: 'j', nodes } });
  run.onFrame({ type: 'executing', data: { prompt_id: 'j', node: null } });
  assert.deepEqual(['1', '2'].map((id) => run.node(id).get().heat), [0.25, 1]);
  run.onFrame({ type: 'execution_start', data: { prompt_id: 'k' } });
  assert.deepEqual(['1', '2'].map((id) => run.node(id).get().heat), [null, null]);
});

test('what a node shows while it runs grows, and it is told nothing more once it has ended', async () => {
  const run = newRun();
  const plots = (count) => [{ series: [{ y: Array(count).fill(1) }] }];
  const images = [{ filename: 'a.png', subfolder: '', type: 'temp', label: '7' }];
  const showing = (count, orders) => ({ prompt_id: 'j', node: '1', display_node: '1', output: { plots: plots(count), images }, orders });
  run.onFrame({ type: 'execution_start', data: { prompt_id: 'j' } });
  run.onFrame({ type: 'showing', data: showing(1, ['pause']) });
  const first = run.node('1').get();
  assert.deepEqual(first.orders, { job: 'j', node: '1', names: ['pause'] });
  run.onFrame({ type: 'showing', data: showing(2, ['pause']) });
  const grown = run.node('1').get();
  assert.deepEqual(grown.figures.plots, plots(2));
  assert.equal(grown.pictures, first.pictures); // the same object, so that nothing is drawn anew
  assert.equal(grown.orders, first.orders);

  const nodes = { 1: { value: 3, max: 9, state: 'running' } };
  await caughtUp(run, ['j'], { j: detail('j', 'in_progress', { nodes, showing: [showing(3, ['go_on'])] }) });
  assert.deepEqual(run.node('1').get().orders.names, ['go_on']);
  run.onFrame({ type: 'executed', data: { prompt_id: 'j', node: '1', output: { images, plots: plots(4) } } });
  assert.equal(run.node('1').get().orders, null);
});

test('a job that gave way to another is followed again when it has its turn', () => {
  const run = newRun();
  const showing = { prompt_id: 'j', node: '1', output: { text: ['x'] }, orders: ['pause'] };
  run.onFrame({ type: 'execution_start', data: { prompt_id: 'j' } });
  run.onFrame({ type: 'executing', data: { prompt_id: 'j', node: '1' } });
  run.onFrame({ type: 'showing', data: showing });
  run.onFrame({ type: 'execution_start', data: { prompt_id: 'guest' } });
  run.onFrame({ type: 'executing', data: { prompt_id: 'guest', node: '2' } });
  assert.equal(run.job.get(), 'guest');
  assert.deepEqual([run.node('1').get().state, run.node('1').get().orders], ['idle', null]);
  run.onFrame({ type: 'executing', data: { prompt_id: 'guest', node: null } });
  run.onFrame({ type: 'executing', data: { prompt_id: 'j', node: '1' } });
  run.onFrame({ type: 'showing', data: showing });
  assert.equal(run.job.get(), 'j');
  assert.equal(run.node('1').get().state, 'running');
  assert.deepEqual(run.node('1').get().orders.names, ['pause']);
});
