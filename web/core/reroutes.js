/**
 * Points on links, as files have them: `extra.reroutes` is a tree of points, each with its `parentId` nearer to the
 * output, and `extra.linkExtensions` says which point a link passes last. Links of one output may share points.
 */

import { changeRest } from './edits.js';
import { isRecord, listOf, pairOf, recordOf, without } from './json.js';

/** @import { Edit, LinkId, ReadonlyDocument } from '../types/document.d.ts' */
/** @import { Json } from '../types/spec.d.ts' */

/** @typedef {{ id: number, x: number, y: number, parent: number | null }} RoutePoint */
/** `last`: the point that each link passes last. @typedef {{ points: Map<number, RoutePoint>, last: Map<LinkId, number> }} Routes */

/**
 * @param {Readonly<Record<string, Json>>} rest the fields of the document's file
 * @returns {Routes}
 */
export function readRoutes(rest) {
  const extra = recordOf(rest['extra']);
  /** @type {Routes} */
  const routes = { points: new Map(), last: new Map() };
  for (const entry of listOf(extra['reroutes']).filter(isRecord)) {
    const id = entry['id'];
    if (typeof id !== 'number') continue;
    const [x, y] = pairOf(entry['pos'], 0, 0);
    const parent = entry['parentId'];
    routes.points.set(id, { id, x, y, parent: typeof parent === 'number' ? parent : null });
  }
  for (const { id, parentId } of listOf(extra['linkExtensions']).filter(isRecord)) {
    if (typeof id === 'number' && typeof parentId === 'number') routes.last.set(id, parentId);
  }
  return routes;
}

/**
 * The points that a link passes, from its output to its input.
 * @param {Routes} routes
 * @param {LinkId} link
 * @returns {RoutePoint[]}
 */
export function pointsOf({ points, last }, link) {
  /** @type {Set<RoutePoint>} */
  const chain = new Set();
  let point = points.get(last.get(link) ?? NaN);
  while (point && !chain.has(point)) {
    chain.add(point);
    point = points.get(point.parent ?? NaN);
  }
  return [...chain].reverse();
}

/**
 * The points that the document's links pass, each with these links.
 * @param {ReadonlyDocument} document
 * @param {Routes} [routes]
 * @returns {Map<number, LinkId[]>}
 */
export function passingLinks(document, routes = readRoutes(document.rest)) {
  return passing(routes, [...routes.last.keys()].filter((link) => document.links.has(link)));
}

/** @param {Routes} routes @param {Iterable<LinkId>} links @returns {Map<number, LinkId[]>} */
function passing(routes, links) {
  /** @type {Map<number, LinkId[]>} */
  const found = new Map();
  for (const link of links) {
    for (const { id } of pointsOf(routes, link)) found.set(id, [...(found.get(id) ?? []), link]);
  }
  return found;
}

/**
 * @param {string} label
 * @param {(routes: Routes) => void} change changes the routes in place
 * @param {string} [mergeKey]
 * @returns {Edit}
 */
function changeRoutes(label, change, mergeKey) {
  return changeRest(
    (rest) => {
      const before = readRoutes(rest);
      const after = { points: new Map(before.points), last: new Map(before.last) };
      change(after);
      return { ...rest, extra: writeRoutes(recordOf(rest['extra']), before, after) };
    },
    label,
    mergeKey,
  );
}

/**
 * What the file says of points beyond their places is kept, and so are points that float.
 * @param {Record<string, Json>} extra
 * @param {Routes} before
 * @param {Routes} after
 * @returns {Record<string, Json>}
 */
function writeRoutes(extra, before, after) {
  const was = passing(before, before.last.keys());
  const links = passing(after, after.last.keys());
  const raw = new Map(listOf(extra['reroutes']).filter(isRecord).map((entry) => [entry['id'], entry]));
  const reroutes = [...after.points.values()].flatMap((point) => {
    const entry = raw.get(point.id);
    const linkIds = links.get(point.id);
    if (!linkIds) return entry && (entry['floating'] !== undefined || !was.has(point.id)) ? [entry] : [];
    const parent = point.parent === null ? {} : { parentId: point.parent };
    return [{ ...without(entry ?? {}, ['parentId']), id: point.id, ...parent, pos: [point.x, point.y], linkIds }];
  });
  const extensions = new Map(listOf(extra['linkExtensions']).filter(isRecord).map((entry) => [entry['id'], entry]));
  const linkExtensions = [...after.last].map(([id, parentId]) => ({ ...extensions.get(id), id, parentId }));
  return { ...extra, reroutes, linkExtensions };
}

/** @param {Routes} routes */
const freshPoint = ({ points }) => Math.max(0, ...points.keys()) + 1;

/**
 * A new point on a link. Where other links share the stretch, they pass it too.
 * @param {LinkId} link
 * @param {number} index how many of the link's points stand before it
 * @param {{ x: number, y: number }} place
 */
export const addPoint = (link, index, { x, y }) =>
  changeRoutes('edit.add-point', (routes) => {
    const chain = pointsOf(routes, link);
    const id = freshPoint(routes);
    routes.points.set(id, { id, x: Math.round(x), y: Math.round(y), parent: chain[index - 1]?.id ?? null });
    const next = chain[index];
    if (next) routes.points.set(next.id, { ...next, parent: id });
    else routes.last.set(link, id);
  });

/** @param {ReadonlyMap<number, { x: number, y: number }>} places @param {string} [mergeKey] */
export const movePoints = (places, mergeKey) =>
  changeRoutes(
    'edit.move',
    ({ points }) => {
      for (const [id, { x, y }] of places) {
        const point = points.get(id);
        if (point) points.set(id, { ...point, x, y });
      }
    },
    mergeKey,
  );

/** Remove points; the links that pass them stay. @param {Iterable<number>} ids @param {string} [label] */
export const removePoints = (ids, label = 'edit.remove-point') =>
  changeRoutes(label, ({ points, last }) => {
    for (const id of ids) {
      const gone = points.get(id);
      if (!gone) continue;
      points.delete(id);
      for (const point of points.values()) if (point.parent === id) points.set(point.id, { ...point, parent: gone.parent });
      for (const [link, point] of [...last]) {
        if (point !== id) continue;
        if (gone.parent === null) last.delete(link);
        else last.set(link, gone.parent);
      }
    }
  });

/**
 * A link becomes two: `first` gets its points before an index, `second` has copies of the others of its own.
 * @param {LinkId} link
 * @param {number} index
 * @param {LinkId} first
 * @param {LinkId} second
 */
export const splitPoints = (link, index, first, second) =>
  changeRoutes('edit.insert', (routes) => {
    const chain = pointsOf(routes, link);
    routes.last.delete(link);
    const before = chain[index - 1];
    if (before) routes.last.set(first, before.id);
    /** @type {number | null} */
    let parent = null;
    for (const { x, y } of chain.slice(index)) {
      const id = freshPoint(routes);
      routes.points.set(id, { id, x, y, parent });
      parent = id;
    }
    if (parent !== null) routes.last.set(second, parent);
  });

/**
 * The points of copied links, for their copies.
 * @param {Routes} copied
 * @param {ReadonlyMap<LinkId, LinkId>} links the copy of each link
 * @param {{ x: number, y: number }} shift
 */
export const addCopiedPoints = (copied, links, shift) =>
  changeRoutes('edit.paste', (routes) => {
    /** @type {Map<number, number>} */
    const ids = new Map();
    let fresh = freshPoint(routes);
    for (const [original, copy] of links) {
      const chain = pointsOf(copied, original);
      for (const { id } of chain) if (!ids.has(id)) ids.set(id, fresh++);
      for (const { id, x, y, parent } of chain) {
        const own = ids.get(id) ?? 0;
        const above = parent === null ? null : (ids.get(parent) ?? null);
        routes.points.set(own, { id: own, x: x + shift.x, y: y + shift.y, parent: above });
      }
      const last = ids.get(copied.last.get(original) ?? NaN);
      if (last !== undefined) routes.last.set(copy, last);
    }
  });

/**
 * @param {Record<string, Json>} extra
 * @param {ReadonlySet<LinkId>} links ids of the links that the document has
 * @returns {Record<string, Json>}
 */
export function keepLiveReroutes(extra, links) {
  /** @param {Json | undefined} id */
  const live = (id) => typeof id === 'number' && links.has(id);
  const kept = { ...extra };
  if (Array.isArray(extra['linkExtensions'])) {
    kept['linkExtensions'] = extra['linkExtensions'].filter((entry) => live(recordOf(entry)['id']));
  }
  if (Array.isArray(extra['reroutes'])) {
    kept['reroutes'] = extra['reroutes'].filter(isRecord).flatMap((reroute) => {
      const before = listOf(reroute['linkIds']);
      const linkIds = before.filter(live);
      const emptied = linkIds.length === 0 && before.length > 0 && reroute['floating'] === undefined;
      return emptied ? [] : [{ ...reroute, linkIds }];
    });
  }
  return kept;
}

/**
 * Version 1 keeps a link's last reroute on the link and the reroutes at the top; version 0.4 keeps both in `extra`.
 * @param {Record<string, Json>} file of version 1
 * @returns {Record<string, Json>} its `extra` as version 0.4 has it
 */
export function extraOfVersion1(file) {
  const extra = { ...recordOf(file['extra']) };
  const extensions = listOf(file['links'])
    .filter(isRecord)
    .flatMap(({ id, parentId }) => {
      return typeof id === 'number' && typeof parentId === 'number' ? [{ id, parentId }] : [];
    });
  if (extensions.length > 0) extra['linkExtensions'] = extensions;
  if (listOf(file['reroutes']).length > 0) extra['reroutes'] = listOf(file['reroutes']);
  return extra;
}
