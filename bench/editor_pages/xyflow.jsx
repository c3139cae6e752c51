// The graph in React Flow: a memoised node with the same content, and its defaults otherwise.

import { Background, Handle, Position, ReactFlow, useEdgesState, useNodesState } from '@xyflow/react';
import '@xyflow/react/dist/style.css';
import { memo } from 'react';
import { createRoot } from 'react-dom/client';
import { painted, serve } from './frames.js';

const INPUTS = ['number', 'words', 'more'];
const OUTPUTS = ['number', 'words'];

const Row = ({ name, side, row }) => (
  <div className={`row ${side}`} style={{ top: 37 + row * 21 }}>
    <Handle type={side === 'in' ? 'target' : 'source'} position={side === 'in' ? Position.Left : Position.Right} id={name} />
    <span>{name}</span>
  </div>
);

const Block = memo(() => (
  <div className="block">
    <div className="title">BenchBlock</div>
    {INPUTS.map((name, row) => <Row key={name} name={name} side="in" row={row} />)}
    {OUTPUTS.map((name, row) => <Row key={name} name={name} side="out" row={row} />)}
    <label className="field first">amount<input className="nodrag" type="number" defaultValue={1} step={0.5} /></label>
    <label className="field second">mode
      <select className="nodrag" defaultValue="add"><option>add</option><option>multiply</option><option>keep</option></select>
    </label>
  </div>
));
const TYPES = { block: Block };

const data = await (await fetch('graph.json')).json();
const began = performance.now();
const first = data.nodes.map(({ x, y }, index) => ({ id: String(index), type: 'block', position: { x, y }, data: {} }));
const edges = data.links.map(([from, output, to, input], index) => ({
  id: `e${index}`,
  source: String(from),
  sourceHandle: OUTPUTS[output],
  target: String(to),
  targetHandle: INPUTS[input],
}));

let view;
let change;

function Flow() {
  const [nodes, setNodes, onNodesChange] = useNodesState(first);
  const [links, , onEdgesChange] = useEdgesState(edges);
  change = setNodes;
  return (
    <ReactFlow
      nodes={nodes}
      edges={links}
      nodeTypes={TYPES}
      onNodesChange={onNodesChange}
      onEdgesChange={onEdgesChange}
      minZoom={0.01}
      onlyRenderVisibleElements={new URLSearchParams(location.search).has('visible')}
      defaultViewport={at(data.fit)}
      onInit={(instance) => { view = instance; }}
    >
      <Background />
    </ReactFlow>
  );
}

function at(zoom) {
  return { x: innerWidth / 2 - (data.width / 2) * zoom, y: innerHeight / 2 - (data.height / 2) * zoom, zoom };
}

createRoot(document.querySelector('#root')).render(<Flow />);

serve({
  near: () => void view.setViewport(at(1)),
  fit: () => void view.setViewport(at(data.fit)),
  pan(dx, dy) {
    const { x, y, zoom } = view.getViewport();
    void view.setViewport({ x: x - dx, y: y - dy, zoom });
  },
  zoom(factor) {
    const { x, y, zoom } = view.getViewport();
    const [cx, cy] = [innerWidth / 2, innerHeight / 2];
    void view.setViewport({ x: cx - (cx - x) * factor, y: cy - (cy - y) * factor, zoom: zoom * factor });
  },
  edit(number) {
    if (number % 2 === 0) {
      const node = { id: 'more', type: 'block', position: { x: data.width / 2, y: data.height / 2 }, data: {} };
      change((nodes) => [...nodes, node]);
    } else {
      change((nodes) => nodes.slice(0, -1));
    }
  },
});

// Links are drawn once the nodes have been measured.
while (document.querySelector('.react-flow__edge path') === null) await painted();
await painted();
const paint = await painted();
globalThis.shown = { paint, opened: paint - began };
