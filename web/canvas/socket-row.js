/** The element of a socket: its dot in the colours of its type, and its label. */

import { h } from '../ui/dom.js';
import { typeToken, typeTokens } from './palette.js';

/** @import {SocketPlace} from '../types/canvas.d.ts' */
/** @import {Translate} from './node-state.js' */

/**
 * @param {'input' | 'output'} side
 * @param {SocketPlace} place
 * @param {Translate} t
 */
export function socketRow(side, place, t) {
  const { label, list, name, type, widget } = place;
  const shown = type.replaceAll(/,\s*/g, ', ');
  const tip = list ? t(`socket.${side}.list`, { type: shown }) : widget ? null : shown;
  const row = h(
    'div',
    { class: `socket ${side}${widget ? ' of-widget' : ''}${list ? ' list' : ''}`, 'data-tip': tip },
    h('i', { class: 'socket-dot' }),
    widget ? null : h('span', { class: 'socket-label' }, label),
  );
  row.dataset[side] = name;
  row.style.setProperty('--type', `var(${typeToken(type)})`);
  const parts = typeTokens(type);
  if (parts.length > 1) {
    row.classList.add('union');
    row.style.setProperty('--parts', slices(parts));
  }
  return row;
}

/** Equal slices of a round socket. @param {readonly string[]} tokens */
function slices(tokens) {
  const end = (/** @type {number} */ index) => `${((index + 1) * 360) / tokens.length}deg`;
  return `conic-gradient(${tokens.map((token, index) => `var(${token}) 0 ${end(index)}`).join(', ')})`;
}
