/** A small drawing of a workflow that is not open: its nodes and what links them. */

import { h } from '../ui/dom.js';

/** @import { Application } from '../types/app.d.ts' */
/** @import { Contents, GraphNode } from '../types/document.d.ts' */
/** @import { SpecOf } from '../core/sockets.js' */

const SVG = 'http://www.w3.org/2000/svg';
const MARGIN = 40;

/**
 * @param {Application} editor
 * @param {Contents} contents
 * @param {SpecOf} specOf
 */
export function drawThumbnail(editor, { nodes, links, groups }, specOf) {
  const boxes = [...nodes.map(boxOf), ...groups];
  if (boxes.length === 0) return h('div', { class: 'template-empty' }, editor.t('files.untitled'));
  const left = Math.min(...boxes.map(({ x }) => x)) - MARGIN;
  const top = Math.min(...boxes.map(({ y }) => y)) - MARGIN;
  const width = Math.max(...boxes.map((box) => box.x + box.width)) + MARGIN - left;
  const height = Math.max(...boxes.map((box) => box.y + box.height)) + MARGIN - top;
  const svg = element('svg', {
    class: 'graph-thumbnail',
    viewBox: `${left} ${top} ${width} ${height}`,
    'aria-hidden': 'true',
  });
  const byId = new Map(nodes.map((node) => [node.id, boxOf(node)]));
  for (const { x, y, width: wide, height: high } of groups)
    svg.append(element('rect', { class: 'group', x, y, width: wide, height: high, rx: 10 }));
  for (const { from, to } of links) {
    const [a, b] = [byId.get(from), byId.get(to)];
    if (!a || !b) continue;
    const [x1, y1, x2, y2] = [a.x + a.width, a.y + a.height / 2, b.x, b.y + b.height / 2];
    const reach = Math.max(40, Math.abs(x2 - x1) / 2);
    svg.append(
      element('path', { class: 'link', d: `M${x1} ${y1}C${x1 + reach} ${y1} ${x2 - reach} ${y2} ${x2} ${y2}` }),
    );
  }
  for (const node of nodes) {
    const { x, y, width: wide, height: high } = boxOf(node);
    const category = specOf(node)?.category.split('/')[0] ?? '';
    svg.append(element('rect', { class: 'node', x, y, width: wide, height: high, rx: 10 }));
    svg.append(
      element('rect', {
        class: `stripe category-${category}`,
        x,
        y,
        width: wide,
        height: Math.max(10, height / 60),
        rx: 5,
      }),
    );
  }
  return svg;
}

/** @param {Readonly<GraphNode>} node */
const boxOf = ({ x, y, width, height, collapsed }) => ({ x, y: y - 30, width, height: collapsed ? 30 : height + 30 });

/** @param {string} name @param {Record<string, string | number>} attributes */
function element(name, attributes) {
  const made = document.createElementNS(SVG, name);
  for (const [attribute, value] of Object.entries(attributes)) made.setAttribute(attribute, String(value));
  return made;
}
