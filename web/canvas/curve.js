/** The curve of a link, for painting and for the pointer. */

const STEPS = 20;

/**
 * How far the control points reach out of the sockets: enough to leave a node straight, never a loop across the canvas.
 *
 * @param {number} dx
 * @param {number} dy
 */
export function reach(dx, dy) {
  const distance = Math.abs(dx) + Math.abs(dy) * 0.5;
  const straight = Math.abs(dx) * 0.5;
  return dx >= 0 ? Math.max(straight, Math.min(40, distance * 0.35)) : Math.min(160, Math.max(40, distance * 0.35));
}

/**
 * Add a link to the current path.
 *
 * @param {CanvasPath} path
 * @param {number} x1
 * @param {number} y1
 * @param {number} x2
 * @param {number} y2
 */
export function traceLink(path, x1, y1, x2, y2) {
  const control = reach(x2 - x1, y2 - y1);
  path.moveTo(x1, y1);
  path.bezierCurveTo(x1 + control, y1, x2 - control, y2, x2, y2);
}

/**
 * The distance of a point from a link, measured along its chords.
 *
 * @param {number} px
 * @param {number} py
 * @param {number} x1
 * @param {number} y1
 * @param {number} x2
 * @param {number} y2
 */
export function distanceToLink(px, py, x1, y1, x2, y2) {
  let best = Infinity;
  alongChords(x1, y1, x2, y2, (ax, ay, bx, by) => {
    best = Math.min(best, distanceToSegment(px, py, ax, ay, bx, by));
  });
  return best;
}

/**
 * Whether the straight line from `a` to `b` crosses a link.
 *
 * @param {{ x: number, y: number }} a
 * @param {{ x: number, y: number }} b
 * @param {number} x1
 * @param {number} y1
 * @param {number} x2
 * @param {number} y2
 */
export function crossesLink(a, b, x1, y1, x2, y2) {
  let found = false;
  alongChords(x1, y1, x2, y2, (cx, cy, dx, dy) => {
    const sides = side(a.x, a.y, b.x, b.y, cx, cy) !== side(a.x, a.y, b.x, b.y, dx, dy);
    found ||= sides && side(cx, cy, dx, dy, a.x, a.y) !== side(cx, cy, dx, dy, b.x, b.y);
  });
  return found;
}

/**
 * On which side of the line from `a` to `b` a point lies.
 *
 * @param {number} ax
 * @param {number} ay
 * @param {number} bx
 * @param {number} by
 * @param {number} px
 * @param {number} py
 */
const side = (ax, ay, bx, by, px, py) => (bx - ax) * (py - ay) - (by - ay) * (px - ax) > 0;

/**
 * @param {number} x1
 * @param {number} y1
 * @param {number} x2
 * @param {number} y2
 * @param {(ax: number, ay: number, bx: number, by: number) => void} visit is called for each chord of a link
 */
function alongChords(x1, y1, x2, y2, visit) {
  const control = reach(x2 - x1, y2 - y1);
  let ax = x1;
  let ay = y1;
  for (let step = 1; step <= STEPS; step += 1) {
    const t = step / STEPS;
    const u = 1 - t;
    const bx = u * u * u * x1 + 3 * u * u * t * (x1 + control) + 3 * u * t * t * (x2 - control) + t * t * t * x2;
    const by = u * u * (u + 3 * t) * y1 + t * t * (t + 3 * u) * y2;
    visit(ax, ay, bx, by);
    ax = bx;
    ay = by;
  }
}

/**
 * @param {number} px
 * @param {number} py
 * @param {number} ax
 * @param {number} ay
 * @param {number} bx
 * @param {number} by
 */
function distanceToSegment(px, py, ax, ay, bx, by) {
  const dx = bx - ax;
  const dy = by - ay;
  const length = dx * dx + dy * dy;
  const t = length === 0 ? 0 : Math.max(0, Math.min(1, ((px - ax) * dx + (py - ay) * dy) / length));
  return Math.hypot(px - ax - t * dx, py - ay - t * dy);
}
