/** ComfyUI's `app` object: what scripts register, and what they can ask of the editor. */

import { h } from '../ui/dom.js';
import { AddedWidgets } from './added-widgets.js';
import { ComfyApi } from './comfy-api.js';
import { ComfyGraph } from './comfy-graph.js';
import { ComfyNode } from './comfy-node.js';
import { ComfyDialog } from './comfy-ui.js';
import { registerParts } from './extension-parts.js';

/** @import { Application } from '../types/app.d.ts' */
/** @import { ComfyExtension, ComfyTab } from '../types/comfy.d.ts' */
/** @import { ObjectInfo, Json } from '../types/spec.d.ts' */
/** @import { NodeClass } from './comfy-graph.js' */

/** @typedef {'addCustomNodeDefs' | 'beforeConfigureGraph' | 'afterConfigureGraph' | 'beforeRegisterNodeDef' | 'init' | 'setup' | 'nodeCreated' | 'loadedGraphNode' | 'getCanvasMenuItems' | 'getNodeMenuItems'} Hook */

export class ComfyApp {
  /** @type {Application} */
  #editor;
  /** The extensions with the packs that they are of. @type {Map<ComfyExtension, string>} */
  #extensions = new Map();
  /** @type {Map<string, NodeClass>} */
  #classes = new Map();
  /** The pack whose script is running. */
  #pack = 'ComfyUI';

  /** @param {Application} editor */
  constructor(editor) {
    this.#editor = editor;
    this.api = new ComfyApi(editor);
    const guard = (/** @type {() => unknown} */ code) => this.#guard(this.#pack, code);
    this.graph = new ComfyGraph(
      { editor, guard, added: new AddedWidgets(editor) },
      (type) => this.#classOf(type),
      (node, loaded) => this.#tellNode(node, loaded),
    );
    this.ui = { dialog: new ComfyDialog() };
    this.extensionManager = {
      registerSidebarTab: (/** @type {ComfyTab} */ tab) => this.addTab(tab),
      toast: { add: toastInto(editor) },
      command: { execute: (/** @type {string} */ id) => editor.execute(id) },
      setting: {
        get: (/** @type {string} */ id) => editor.preferences.of(id).peek(),
        set: (/** @type {string} */ id, /** @type {Json} */ value) => editor.preferences.of(id).set(value),
      },
    };
  }

  get rootGraph() {
    return this.graph;
  }

  get extensions() {
    return [...this.#extensions.keys()];
  }

  get canvas() {
    const { selection, view } = this.#editor;
    const nodes = [...selection.ids.peek()].flatMap((id) => this.graph.getNodeById(id) ?? []);
    return {
      ...{ graph: this.graph, canvas: this.canvasEl },
      selected_nodes: Object.fromEntries(nodes.map((node) => [node.id, node])),
      centerOnNode: (/** @type {ComfyNode} */ node) => view?.fit([String(node.id)]),
      selectNodes: (/** @type {readonly ComfyNode[]} */ wanted) => selection.set(wanted.map(({ id }) => String(id))),
      setDirty: () => {},
    };
  }

  get canvasEl() {
    return document.querySelector('#canvas canvas');
  }

  /** What each node shows, by its id. */
  get nodeOutputs() {
    const { document: opened, run } = this.#editor;
    return Object.fromEntries(
      opened.order.map((id) => {
        const { pictures, texts } = run.node(id).peek();
        return [id, { images: pictures, text: texts }];
      }),
    );
  }

  get runningNodeId() {
    const { document: opened, run } = this.#editor;
    return opened.order.find((id) => run.node(id).peek().state === 'running') ?? null;
  }

  /** @param {ComfyExtension} extension */
  registerExtension(extension) {
    if (typeof extension?.name !== 'string') throw new Error('An extension needs a name.');
    this.#extensions.set(extension, this.#pack);
    registerParts(this.#editor, this.#pack, extension, (tab) => this.addTab(tab));
  }

  /** @param {ComfyTab} tab */
  addTab({ id, title = id, render, destroy }) {
    const { panels } = this.#editor;
    const mount = (/** @type {HTMLElement} */ host) => {
      const element = h('div', { class: 'comfy-tab' });
      host.append(element);
      this.#guard(this.#pack, () => render?.(element));
      return () => void this.#guard(this.#pack, () => destroy?.());
    };
    panels.set([...panels.peek(), { id: `comfy.${id}`, icon: 'puzzle', keys: [], title: () => title, load: async () => mount }]);
    this.#editor.commands.set(`view.comfy.${id}`, {
      ...{ id: `view.comfy.${id}`, keys: [], title: () => title },
      run: () => this.#editor.panel.set(this.#editor.panel.peek() === `comfy.${id}` ? null : `comfy.${id}`),
    });
  }

  /** @param {Json} file @param {boolean} [_clean] @param {boolean} [_restoreView] @param {string | { path?: string }} [workflow] */
  async loadGraphData(file, _clean, _restoreView, workflow) {
    this.#editor.files.openJson(file, typeof workflow === 'string' ? workflow : '');
  }

  /** @param {Json} file @param {string} [name] */
  async loadApiJson(file, name = '') {
    this.#editor.files.openJson(file, name);
  }

  /** @param {File} file */
  async handleFile(file) {
    await this.#editor.files.openFile(file);
  }

  async graphToPrompt() {
    const workflow = this.#editor.toFile();
    return { workflow, output: await this.#editor.client.compile(workflow) };
  }

  /** @param {number} number -1 puts it in front @param {number} [count] */
  async queuePrompt(number, count = 1) {
    for (let each = 0; each < count; each += 1) await this.#editor.submit({ front: number === -1 });
    return true;
  }

  refreshComboInNodes() {
    return this.#editor.reloadSpecs();
  }

  clean() {
    this.#editor.open({ nodes: [], links: [], groups: [], rest: {} }, '');
  }

  /** @param {[number, number]} place @returns {[number, number]} */
  clientPosToCanvasPos([x, y]) {
    const point = this.#editor.view?.toDocument({ x, y }) ?? { x, y };
    return [point.x, point.y];
  }

  /**
   * Run a pack's scripts, one after the other, so that it is known whose an extension is.
   * @param {string} pack
   * @param {() => Promise<unknown>} load
   */
  async of(pack, load) {
    this.#pack = pack;
    try {
      await load();
    } finally {
      this.#pack = 'ComfyUI';
    }
  }

  /** All scripts have run: tell them of the types and nodes, and of both from now on. */
  async begin() {
    const { document: opened, frames, menuParts, specs } = this.#editor;
    await this.#callAll('init');
    await this.#defineTypes();
    this.graph.follow({ nodes: new Set(opened.nodes.keys()), replaced: true, level: false });
    opened.onChange((change) => this.#follow(change));
    specs.subscribe(() => void this.#editor.attempt(() => this.#defineTypes()));
    frames.add((frame) => {
      if (frame.type === 'executed') this.graph.tell(String(frame.data.display_node ?? frame.data.node), 'onExecuted', frame.data.output);
    });
    const { menuPart } = await import('./menu.js');
    menuParts.push(menuPart(this.graph, (hook, ...values) => this.#callNow(hook, ...values)));
    await this.#callAll('setup');
  }

  /** @param {Parameters<ComfyGraph['follow']>[0]} change */
  #follow(change) {
    if (change.replaced) this.#callNow('beforeConfigureGraph', this.#editor.toFile(), []);
    this.graph.follow(change);
    if (change.replaced) this.#callNow('afterConfigureGraph', []);
  }

  /** Make the classes of types that are new, and let extensions change them. */
  async #defineTypes() {
    /** @type {Record<string, ObjectInfo>} */
    const definitions = await this.#editor.client.objectInfo();
    await this.#callAll('addCustomNodeDefs', definitions);
    for (const [type, definition] of Object.entries(definitions)) {
      if (this.#classes.has(type)) continue;
      const nodeType = classFor(type, definition);
      this.#classes.set(type, nodeType);
      await this.#callAll('beforeRegisterNodeDef', nodeType, definition);
    }
  }

  /** @param {string} type @returns {NodeClass} */
  #classOf(type) {
    return this.#classes.get(type) ?? ComfyNode;
  }

  /** @param {ComfyNode} node @param {boolean} loaded */
  #tellNode(node, loaded) {
    this.#callNow('nodeCreated', node);
    if (loaded) this.#callNow('loadedGraphNode', node);
  }

  /** @param {Hook} hook @param {...unknown} values */
  async #callAll(hook, ...values) {
    for (const [extension, pack] of this.#extensions) {
      const call = extension[hook];
      if (!call) continue;
      try {
        await call.call(extension, ...values, this);
      } catch (error) {
        this.#editor.reportPack(pack, error, extension.name);
      }
    }
  }

  /** @param {Hook} hook @param {...unknown} values @returns {unknown[]} what they gave */
  #callNow(hook, ...values) {
    return [...this.#extensions].flatMap(([extension, pack]) => {
      const call = extension[hook];
      return call ? [this.#guard(pack, () => call.call(extension, ...values, this))] : [];
    });
  }

  /** @param {string} pack @param {() => unknown} code */
  #guard(pack, code) {
    try {
      return code();
    } catch (error) {
      this.#editor.reportPack(pack, error);
      return undefined;
    }
  }
}

/** @param {string} type @param {ObjectInfo} definition @returns {NodeClass} */
function classFor(type, definition) {
  return class extends ComfyNode {
    static comfyClass = type;
    static title = definition.display_name;
    static nodeData = definition;
  };
}

/** @param {Application} editor */
const toastInto =
  ({ notify }) =>
  (/** @type {{ severity?: string, summary?: string, detail?: string }} */ { severity, summary = '', detail = '' }) => {
    const kind = severity === 'error' ? 'error' : severity === 'warn' ? 'warning' : 'info';
    notify(kind, [summary, detail].filter((text) => text !== '').join('\n'));
  };

