/** Points on links (`extra.reroutes` of files): the editor keeps them, and forgets those whose links are gone. */

import { isRecord, listOf, recordOf } from './json.js';

/** @import { LinkId } from '../types/document.d.ts' */
/** @import { Json } from '../types/spec.d.ts' */

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
