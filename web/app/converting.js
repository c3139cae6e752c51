/** Putting a node between the ends of a link that is refused for its type. */

import { freePlace, nodeBox, TITLE } from '../core/boxes.js';
import { converters, providerOf } from '../core/convert.js';
import { createNode } from '../core/create.js';
import { addNodes } from '../core/edits.js';
import { inputType, linkedNodes } from '../core/rewire.js';
import { outputType } from '../core/sockets.js';
import { boxOf } from './chosen.js';

/** @import { Application } from '../types/app.d.ts' */
/** @import { Link } from '../types/document.d.ts' */
/** @import { Wanted } from '../types/editor.d.ts' */
/** @import { Converter } from '../core/convert.js' */

/**
 * @param {Application} editor
 * @returns {Pick<Application, 'converters'>}
 */
export function createConverting(editor) {
  const { document } = editor;
  let last = { source: '', target: '', specs: editor.specs.peek(), found: /** @type {Converter[]} */ ([]) };
  return {
    converters({ from, output, to, input }) {
      const source = outputType(document, editor.spec, from, output);
      const target = inputType(document, editor.spec, to, input);
      const specs = editor.specs.peek();
      // A dragged link asks with each movement.
      if (last.source !== source || last.target !== target || last.specs !== specs) {
        last = { source, target, specs, found: converters(specs.values(), source, target) };
      }
      return last.found;
    },
  };
}

/**
 * @param {Application} editor
 * @param {Wanted} wanted
 * @param {Converter} converter
 */
export function insertConverter(editor, { from, output, to, input }, { spec, input: taking, output: giving, others }) {
  const { document } = editor;
  const source = document.nodes.get(from);
  const target = document.nodes.get(to);
  if (!source || !target) return;
  const made = createNode(spec, document.freshNodeId(), { x: 0, y: 0 });
  const [left, right] = [editor.view?.bounds([from]) ?? nodeBox(source), editor.view?.bounds([to]) ?? nodeBox(target)];
  const x = Math.round((left.x + left.width + right.x - made.width) / 2);
  const y = Math.round((source.y + target.y) / 2);
  const node = { ...made, x, y: freePlace(nodeBox({ ...made, x, y }), [...document.nodes.values()].map(boxOf(editor))).y + TITLE };
  const before = new Set([from, ...linkedNodes(document, [from], 'up')]);
  const given = others.flatMap((other) => {
    const provider = providerOf(document, editor.spec, other.type, before);
    return provider ? [{ ...provider, to: node.id, input: other.name, type: other.type }] : [];
  });
  const ends = [
    { from, output, to: node.id, input: taking.name, type: taking.type },
    { from: node.id, output: giving, to, input, type: spec.outputs[giving]?.type ?? '*' },
    ...given,
  ];
  /** @type {Link[]} */
  const links = ends.map((each) => ({ id: document.freshLinkId(), ...each }));
  editor.perform(addNodes([node], links, 'edit.convert'));
  editor.selection.set([node.id]);
}
