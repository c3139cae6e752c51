/** Lengths of the canvas in document units (CSS pixels at zoom 1), where not said otherwise. */

/** The title lies above a node's `y`, as in ComfyUI's files. */
export { TITLE } from '../core/boxes.js';
export const PAD = 7;
/** A line with an input at the left and an output at the right. */
export const ROW = 21;
export const GAP = 4;
export const SOCKET_RADIUS = 5;
/** How near a pointer has to be to take a socket, and to take a link (CSS pixels). */
export const SOCKET_REACH = 12;
export const LINK_REACH = 7;
/** Points on links: how they are drawn, and how near a pointer has to be. */
export const POINT_RADIUS = 6;
export const POINT_REACH = 10;
export const CORNER = 16;
export const CHEVRON = 26;
export const LEAST_WIDTH = 140;
/** The least height of result pictures. */
export const LEAST_RESULTS = 96;
/** The height of a live preview in a node that has no room for it. */
export const PREVIEW = 160;
export const GRID = 20;
export { GROUP_TITLE } from '../core/groups.js';

/** From this zoom on nodes are elements; below they are painted. */
export const NEAR = 0.55;
export const LEAST_SCALE = 0.02;
export const MOST_SCALE = 3;
