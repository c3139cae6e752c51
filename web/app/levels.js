/** Going from one level of the document to another: into subgraphs and back. */

import { isGroupNode } from '../core/virtual.js';

/** @import { Application } from '../types/app.d.ts' */
/** @import { EditableDocument, NodeId } from '../types/document.d.ts' */

/** @typedef {'showLevel' | 'enterSubgraph' | 'reveal' | 'show'} LevelAction */

/**
 * @param {Application} editor
 * @param {EditableDocument} document
 * @returns {Pick<Application, LevelAction>}
 */
export const createLevelActions = (editor, document) => ({
  showLevel: (path) => document.show(path),
  enterSubgraph(id) {
    const node = document.nodes.get(id);
    if (node && isGroupNode(node)) editor.execute('subgraph.convert-groups');
    if (!node || !document.definitions.has(node.type)) return false;
    if (passedTypes(document).includes(node.type)) {
      editor.notify('warning', editor.t('subgraph.recursive', { name: editor.nodeTitle({ ...node, title: null }) }));
    } else document.show([...document.path, id]);
    return true;
  },
  reveal(places) {
    const [first] = places;
    if (first === undefined) return;
    const way = first.split(':').slice(0, -1);
    const prefix = way.map((id) => `${id}:`).join('');
    document.show(way);
    show(editor, places.filter((place) => place.startsWith(prefix)).map((place) => place.slice(prefix.length)));
  },
  show(ids) {
    if (ids.some((id) => id.includes(':'))) editor.reveal(ids);
    else show(editor, ids);
  },
});

/** @param {Application} editor @param {readonly NodeId[]} ids of the shown level */
function show(editor, ids) {
  editor.selection.set(ids.filter((id) => editor.document.nodes.has(id)));
  editor.view?.fit(ids);
}

/** The subgraphs on the way to what is shown. @param {EditableDocument} document */
const passedTypes = (document) =>
  document.path.map((_, index) => document.nodeAt(document.path.slice(0, index + 1).join(':'))?.type);

/** Back to the level that has the instance, which is selected then. @param {Application} editor */
export function leaveSubgraph({ document, selection, showLevel }) {
  const last = document.path.at(-1);
  if (last === undefined) return;
  showLevel(document.path.slice(0, -1));
  selection.set([last]);
}

/**
 * Show the way to what is shown, over the canvas, while that is not the root.
 * @param {Application} editor
 * @param {HTMLElement} host
 * @returns {() => void} ends it
 */
export function followLevels(editor, host) {
  /** @type {(() => void) | null} */
  let unmount = null;
  let loading = false;
  return editor.document.onChange((change) => {
    if (!change.level || unmount || loading || editor.document.path.length === 0) return;
    loading = true;
    void editor.attempt(async () => {
      unmount = (await import('../panels/breadcrumb.js')).mountBreadcrumb(host, editor);
    });
  });
}
