// The graph in LiteGraph, with its defaults.

import { LGraph, LGraphCanvas, LGraphNode, LiteGraph } from '@comfyorg/litegraph';
import '@comfyorg/litegraph/style.css';
import { painted, serve } from './frames.js';

class Block extends LGraphNode {
  constructor() {
    super('BenchBlock');
    for (const [name, type] of [['number', 'NUMBER'], ['words', 'BENCH_WORDS'], ['more', 'NUMBER']]) this.addInput(name, type);
    for (const [name, type] of [['number', 'NUMBER'], ['words', 'BENCH_WORDS']]) this.addOutput(name, type);
    this.addWidget('number', 'amount', 1, () => {}, { min: 0, max: 100, step: 5 });
    this.addWidget('combo', 'mode', 'add', () => {}, { values: ['add', 'multiply', 'keep'] });
  }
}
LiteGraph.registerNodeType('bench/block', Block);

const data = await (await fetch('graph.json')).json();
const element = document.querySelector('canvas');
element.width = innerWidth;
element.height = innerHeight;
const began = performance.now();
const graph = new LGraph();
const view = new LGraphCanvas(element, graph);
const nodes = data.nodes.map(({ x, y, width }) => {
  const node = LiteGraph.createNode('bench/block');
  node.pos = [x, y];
  node.size = [width, node.size[1]];
  graph.add(node);
  return node;
});
for (const [from, output, to, input] of data.links) nodes[from].connect(output, nodes[to], input);

const { ds } = view;
const moved = () => view.setDirty(true, true);
function look(scale) {
  ds.scale = scale;
  ds.offset = [innerWidth / scale / 2 - data.width / 2, innerHeight / scale / 2 - data.height / 2];
  moved();
}
ds.min_scale = 0.01;
look(data.fit);

let added = [];
serve({
  near: () => look(1),
  fit: () => look(data.fit),
  pan(dx, dy) {
    ds.offset = [ds.offset[0] - dx / ds.scale, ds.offset[1] - dy / ds.scale];
    moved();
  },
  zoom(factor) {
    ds.changeScale(ds.scale * factor, [innerWidth / 2, innerHeight / 2], false);
    moved();
  },
  edit(number) {
    if (number % 2 === 0) {
      const node = LiteGraph.createNode('bench/block');
      node.pos = [data.width / 2, data.height / 2];
      graph.add(node);
      added.push(node);
    } else {
      graph.remove(added.pop());
    }
    moved();
  },
});
await painted();
const paint = await painted();
globalThis.shown = { paint, opened: paint - began };
