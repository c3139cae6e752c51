import assert from 'node:assert/strict';
import { test } from 'node:test';
import { clock, duration, speed } from '../../web/core/durations.js';
import { JobClock } from '../../web/core/job-clock.js';
import { factsOf } from '../../web/core/job-facts.js';
import { LogLines } from '../../web/core/log-lines.js';
import { meaningOf } from '../../web/core/meaning.js';
import { Pace } from '../../web/core/pace.js';
import { PagedList } from '../../web/core/paged-list.js';
import { plannedNodes } from '../../web/core/planned.js';
import { restOfQueue } from '../../web/core/queue-estimate.js';
import { Course } from '../../web/core/sparkline.js';
import { fitted, held, zoomedAt } from '../../web/core/zoom-pan.js';
import { ServerError } from '../../web/net/server-error.js';
import { randomNumbers } from './example-graph.js';

// How long things take.

test('the pace is that of the last steps, and the first one does not count once there are others', () => {
  const pace = new Pace();
  assert.equal(pace.perStep, null);
  pace.mark(0, 100);
  assert.deepEqual([pace.perStep, pace.rest(20, 101)], [null, null]);
  pace.mark(1, 109);
  assert.equal(pace.perStep, 9);
  pace.mark(2, 110);
  assert.equal(pace.perStep, 1);
  assert.equal(pace.rest(20, 110), 18);
  assert.equal(pace.rest(20, 110.5), 17.5);
  assert.equal(pace.rest(20, 500), 0);
  for (let step = 3; step < 40; step += 1) pace.mark(step, 110 + (step - 2) * 2);
  assert.equal(pace.perStep, 2);
  pace.mark(0, 300);
  assert.equal(pace.perStep, null);
});

test('a job lasts as long as its steps and as the nodes that are still to come took the last time', () => {
  const known = new Map();
  const first = new JobClock(known);
  assert.equal(first.rest(0), null);
  first.follow('load', { value: 0, max: 1, state: 'running' }, 0);
  assert.equal(first.rest(1), null);
  first.follow('load', { value: 1, max: 1, state: 'finished', seconds: 3 }, 3);
  for (const [step, time] of [[0, 3], [1, 4], [2, 5]]) first.follow('sample', { value: step, max: 4, state: 'running' }, time);
  assert.equal(first.rest(5), 2);
  first.follow('sample', { value: 4, max: 4, state: 'finished', seconds: 4 }, 7);
  first.follow('save', { value: 1, max: 1, state: 'finished', seconds: 0.5 }, 8);
  assert.deepEqual([...known], [['load', 3], ['sample', 4], ['save', 0.5]]);

  const second = new JobClock(known);
  assert.equal(second.rest(10), 7.5);
  second.skip('load');
  second.follow('sample', { value: 0, max: 4, state: 'running' }, 10);
  assert.equal(second.rest(11), 3.5);
  second.follow('sample', { value: 1, max: 4, state: 'running' }, 12);
  second.follow('sample', { value: 2, max: 4, state: 'running' }, 14);
  assert.equal(second.rest(14), 4.5);
});

test('a result from the cache says nothing of how long its node takes', () => {
  const known = new Map([['a', 8]]);
  const job = new JobClock(known);
  job.follow('a', { value: 1, max: 1, state: 'finished', cached: true, seconds: 0.1 }, 1);
  assert.deepEqual([known.get('a'), job.rest(1)], [8, null]);
});

test('all that waits takes as long as jobs usually do', () => {
  assert.equal(restOfQueue(5, 1, 0, []), 5);
  assert.equal(restOfQueue(5, 1, 3, [10]), null);
  assert.equal(restOfQueue(5, 1, 3, [10, 90, 12]), 41);
  assert.equal(restOfQueue(null, 1, 3, [10, 90, 12]), 48);
  assert.equal(restOfQueue(null, 0, 2, [10, 90, 12]), 24);
  assert.equal(restOfQueue(null, 0, 0, [1, 2]), null);
});

test('times and speeds are read at a glance', () => {
  assert.deepEqual([clock(7.4), clock(67), clock(3723), clock(-1)], ['0:07', '1:07', '1:02:03', '0:00']);
  assert.deepEqual([duration(3.21), duration(12.4), duration(59.4), duration(75)].map(({ value }) => value), ['3.2', '12', '59', '1:15']);
  assert.deepEqual([speed(0.05), speed(0.4), speed(2.5)].map(({ value, unit }) => `${value} ${unit}`), ['20 it/s', '2.5 it/s', '2.5 s/it']);
});

// Long lists.

/** A server with so many entries, which counts what it is asked. */
function entries(count) {
  const server = { items: Array.from({ length: count }, (_, index) => index), asked: [], failing: false };
  const load = async (offset, most) => {
    server.asked.push(offset);
    if (server.failing) throw new ServerError('gone', 0);
    return { items: server.items.slice(offset, offset + most), total: server.items.length };
  };
  return { server, list: new PagedList(load) };
}

test('of a long list only what is in sight is read, once', async () => {
  const { server, list } = entries(10_000);
  await list.want(0, 12);
  assert.deepEqual([list.total.get(), list.at(12), list.at(50), server.asked], [10_000, 12, null, [0]]);
  await Promise.all([list.want(5_020, 5_060), list.want(5_020, 5_060)]);
  assert.deepEqual([list.at(5_020), list.at(5_060), server.asked], [5_020, 5_060, [0, 5_000, 5_050]]);
  await list.want(0, 12);
  assert.equal(server.asked.length, 3);
  for (let first = 0; first < 10_000; first += 50) await list.want(first, first + 40);
  assert.ok(list.loaded().length <= 50 * 10);
});

test('a list that is read again has what there is now, and an answer that comes late changes nothing', async () => {
  const waiting = [];
  const list = new PagedList((offset) => new Promise((resolve) => waiting.push({ offset, resolve })));
  const first = list.want(0, 10);
  const second = list.refresh();
  waiting[1].resolve({ items: ['new'], total: 1 });
  await second;
  waiting[0].resolve({ items: ['old', 'older'], total: 2 });
  await first;
  assert.deepEqual([list.at(0), list.total.get()], ['new', 1]);
});

test('a page that could not be read can be asked for again', async () => {
  const { server, list } = entries(3);
  server.failing = true;
  await assert.rejects(list.want(0, 2));
  server.failing = false;
  await list.want(0, 2);
  assert.equal(list.at(2), 2);
});

// Documents.

test('where things are does not matter for what they give', () => {
  const document = (node, inner = node) => ({
    contents: () => ({ nodes: [node], links: [], groups: [], rest: {}, definitions: new Map([['s', { nodes: [inner], links: [] }]]) }),
  });
  const node = { id: '1', type: 'A', x: 0, y: 0, width: 1, height: 1, color: null, title: null, collapsed: false, mode: 0, values: { a: 1, color: 'red' } };
  const meaning = meaningOf(document(node));
  assert.equal(meaningOf(document({ ...node, x: 5, color: 'red', title: 'T', collapsed: true })), meaning);
  assert.notEqual(meaningOf(document({ ...node, values: { a: 1, color: 'blue' } })), meaning);
  assert.notEqual(meaningOf(document(node, { ...node, mode: 4 })), meaning);
  assert.notEqual(meaningOf(document({ ...node, mode: 2 })), meaning);
});

test('only what an end needs is planned, sources first', () => {
  const nodes = new Map(['save', 'sample', 'load', 'lonely', 'muted'].map((id) => [id, { id, mode: id === 'muted' ? 2 : 0 }]));
  const links = [['load', 'sample'], ['sample', 'save'], ['muted', 'save']].map(([from, to], index) => ({ id: index, from, to }));
  const document = {
    nodes,
    order: [...nodes.keys()],
    links: new Map(links.map((link) => [link.id, link])),
    linksInto: (id) => links.filter(({ to }) => to === id),
    linksOf: (id) => links.filter(({ from, to }) => from === id || to === id),
  };
  const spec = ({ id }) => ({ outputNode: id === 'save' });
  assert.deepEqual(plannedNodes(document, spec), ['load', 'sample', 'save']);
  assert.deepEqual(plannedNodes(document, spec, ['sample']), ['load', 'sample']);
});

// Pictures, log, meters.

test('a picture is fitted, zoomed where the pointer is, and never lost', () => {
  const view = { width: 800, height: 600 };
  const large = { width: 4000, height: 1500 };
  assert.equal(fitted(large, view).scale, 0.2);
  assert.equal(fitted({ width: 128, height: 128 }, view).scale, 4);
  const placing = zoomedAt(fitted(large, view), 1, { x: 100, y: 50 }, large, view);
  assert.deepEqual(placing, { scale: 1, x: -400, y: -200 });
  const random = randomNumbers(3);
  for (let step = 0; step < 200; step += 1) {
    const point = { x: random() * 800 - 400, y: random() * 600 - 300 };
    const { scale, x, y } = zoomedAt({ ...placing, x: point.x * 9, y: point.y * 9 }, random() * 8, point, large, view);
    assert.ok(Math.abs(x) <= Math.max(0, (large.width * scale - view.width) / 2) + 1e-6);
    assert.ok(Math.abs(y) <= Math.max(0, (large.height * scale - view.height) / 2) + 1e-6);
  }
  assert.deepEqual(held({ scale: 0.1, x: 50, y: -50 }, large, view), { scale: 0.1, x: 0, y: 0 });
});

test('a prompt tells its texts, seed, models and size', () => {
  const facts = factsOf({
    4: { class_type: 'CheckpointLoaderSimple', inputs: { ckpt_name: 'base.safetensors' } },
    7: { class_type: 'LoraLoader', inputs: { lora_name: 'style.safetensors', strength_model: 1, model: ['4', 0] } },
    5: { class_type: 'EmptyLatentImage', inputs: { width: 512, height: 768, batch_size: 1 } },
    6: { class_type: 'CLIPTextEncode', inputs: { text: ['9', 0], clip: ['4', 1] } },
    8: { class_type: 'CLIPTextEncode', inputs: { text: 'blurry', clip: ['4', 1] } },
    9: { class_type: 'Text', inputs: { text: 'a cat' } },
    3: {
      class_type: 'KSampler',
      inputs: { seed: ['10', 0], steps: 20, cfg: 7.5, sampler_name: 'euler', scheduler: 'normal', positive: ['6', 0], negative: ['8', 0] },
    },
    10: { class_type: 'Seed', inputs: { seed: 42 } },
  });
  assert.deepEqual(facts.map(({ key, value }) => `${key} ${value}`), [
    'prompt a cat',
    'negative blurry',
    'seed 42',
    'steps 20',
    'cfg 7.5',
    'sampler euler',
    'scheduler normal',
    'model base.safetensors',
    'lora style.safetensors',
    'size 512 × 768',
  ]);
  assert.deepEqual(factsOf({}), []);
  const round = { 1: { inputs: { seed: 1, positive: ['2', 0] } }, 2: { inputs: { a: ['3', 0] } }, 3: { inputs: { b: ['2', 0], text: 'x' } } };
  assert.equal(factsOf(round)[0].value, 'x');
});

test('lines of the log come once each, also when the server begins anew, and old ones go', () => {
  const lines = new LogLines();
  const line = (number, second) => ({ number, t: `2026-01-01T00:${String(second).padStart(2, '0')}`, m: 'x', level: 'info' });
  assert.equal(lines.add([line(1, 1), line(2, 2)]).length, 2);
  assert.deepEqual(lines.add([line(1, 1), line(2, 2), line(3, 3)]).map(({ number }) => number), [3]);
  assert.deepEqual(lines.add([line(1, 9), line(2, 9)]).map(({ number }) => number), [1, 2]);
  lines.add(Array.from({ length: 5000 }, (_, index) => line(index + 3, 10)));
  assert.equal(lines.all().length, lines.most);
  lines.clear();
  assert.equal(lines.add([line(5002, 10)]).length, 0);
});

test('the course of a figure ends at the right edge', () => {
  const course = new Course(5);
  for (const value of [9, 0, 0.5, 2]) course.add(value);
  assert.equal(course.line(40, 10, 1), '10,0 20,10 30,5 40,0');
  assert.equal(course.last, 2);
});
