/** Watches the runs of all nodes, so that painted nodes and layouts follow them as elements do. */

/** @import {Editor} from '../types/editor.d.ts' */
/** @import {NodeId} from '../types/document.d.ts' */

export class RunWatch {
  /** @type {Editor} */
  #editor;
  /** @type {(id: NodeId) => void} */
  #onRun;
  /** @type {Map<NodeId, () => void>} */
  #ends = new Map();

  /**
   * @param {Editor} editor
   * @param {(id: NodeId) => void} onRun
   */
  constructor(editor, onRun) {
    this.#editor = editor;
    this.#onRun = onRun;
    this.follow();
  }

  /** To be called when nodes came or went. */
  follow() {
    const { nodes } = this.#editor.document;
    for (const [id, end] of this.#ends) {
      if (nodes.has(id)) continue;
      end();
      this.#ends.delete(id);
    }
    for (const id of nodes.keys()) {
      if (!this.#ends.has(id)) this.#ends.set(id, this.#editor.run.node(id).subscribe(() => this.#onRun(id)));
    }
  }

  destroy() {
    for (const end of this.#ends.values()) end();
    this.#ends.clear();
  }
}
