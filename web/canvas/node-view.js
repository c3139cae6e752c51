/** The element of a node that is near enough to read. Made for a type, bound to one node after another. */

import { setTitle, setValue } from '../core/edits.js';
import { shownValue } from '../core/subgraph-values.js';
import { isPinned } from '../core/groups.js';
import { defaultValue, isAdvanced, showsAdvanced } from '../core/spec.js';
import { h } from '../ui/dom.js';
import { icon } from '../ui/icons.js';
import { incomingText } from '../widgets/incoming.js';
import { widgetFor } from '../widgets/index.js';
import { isReroute, shownInputs } from './layout.js';
import { PAD, ROW, TITLE } from './metrics.js';
import { showProblems, showTitleState } from './node-state.js';
import { showMarks } from './node-marks.js';
import { isPromoted, showSubgraphPart } from './subgraph-part.js';
import { NodeResults } from './node-results.js';
import { categoryToken, typeToken } from './palette.js';
import { socketRow } from './socket-row.js';

/** @import {NodeLayout, Stage} from '../types/canvas.d.ts' */
/** @import {GraphNode, NodeId} from '../types/document.d.ts' */
/** @import {Widget, WidgetHost} from '../types/editor.d.ts' */
/** @import {InputSpec} from '../types/spec.d.ts' */

export class NodeView {
  /** @type {NodeId} */
  id;
  element;
  /** What it can be bound to again: nodes with the same inputs and outputs. @type {string} */
  kind;
  /** @type {Stage} */
  #stage;
  #title = h('div', { class: 'node-title' });
  #name = h('span', { class: 'node-name' });
  #marks = h('span', { class: 'node-marks', hidden: true });
  #state = h('span', { class: 'node-state' });
  #pin = h('span', { class: 'node-pin', hidden: true }, icon('pin'));
  #chevron = h('span', { class: 'node-chevron' }, icon('chevron-down'));
  #advanced;
  #progress = h('div', { class: 'node-progress', hidden: true }, h('i'));
  #body = h('div', { class: 'node-body' });
  #problems = h('div', { class: 'node-problems' });
  #note = h('p', { class: 'node-note', hidden: true });
  /** @type {Map<string, HTMLElement>} */
  #sockets = new Map();
  /** @type {Map<string, { widget: Widget, row: HTMLElement }>} */
  #widgets = new Map();
  /** @type {NodeLayout | null} */
  #layout = null;
  #results;
  #endRun = () => {};
  #order = -1;

  /**
   * @param {Stage} stage
   * @param {Readonly<GraphNode>} node
   * @param {string} kind
   */
  constructor(stage, node, kind) {
    this.#stage = stage;
    this.id = node.id;
    this.kind = kind;
    this.#results = new NodeResults(stage.editor);
    this.#advanced = titleButton(stage.editor, 'edit.advanced', 'settings');
    this.#title.append(this.#chevron, this.#name, this.#pin, this.#marks, this.#advanced, titleButton(stage.editor, 'view.node-help', 'help'), this.#state);
    this.element = h(
      'div',
      { class: 'node', role: 'group' },
      this.#title,
      this.#progress,
      this.#body,
      h('span', { class: 'node-corner', 'aria-hidden': true }),
      this.#problems,
    );
    this.#body.append(this.#note);
    this.#buildSockets();
    for (const input of shownInputs(stage.editor, node)) if (input.widget) this.#buildWidget(input, node);
    for (const input of stage.editor.addedWidgets.get(node.id) ?? []) this.#buildWidget(input, node);
    this.#body.append(this.#results.element);
  }

  /**
   * Show another node of the same kind.
   *
   * @param {NodeId} id
   */
  bind(id) {
    this.#endRun();
    this.id = id;
    this.#layout = null;
    this.#endRun = this.#stage.editor.run.node(id).subscribe(() => this.showRun());
    this.update();
    this.showRun();
  }

  destroy() {
    this.#endRun();
    for (const { widget } of this.#widgets.values()) widget.destroy();
    this.#results.destroy();
    this.element.remove();
  }

  /** Show the node as the document and the scene have it now. */
  update() {
    const { editor, scene } = this.#stage;
    const node = editor.document.nodes.get(this.id);
    if (!node) return;
    const layout = scene.layout(this.id);
    const spec = editor.spec(node);
    const reroute = isReroute(node);
    const title = reroute && node.title === null ? editor.outputType(node.id, 0) : editor.nodeTitle(node);
    const { element } = this;
    element.dataset['node'] = node.id;
    element.dataset['type'] = node.type;
    element.setAttribute('aria-label', title);
    element.classList.toggle('reroute', reroute);
    element.classList.toggle('collapsed', node.collapsed || reroute);
    element.classList.toggle('muted', node.mode === 2);
    element.classList.toggle('bypassed', node.mode === 4);
    this.#pin.hidden = !isPinned(node);
    this.#showFolded(node);
    element.classList.toggle('placeholder', spec === null);
    const stripe = reroute ? typeToken(title) : spec ? categoryToken(spec.category) : '--danger';
    element.style.setProperty('--stripe', `var(${stripe})`);
    element.style.setProperty('--title', node.color);
    this.#title.toggleAttribute('data-colored', node.color !== null);
    this.#name.textContent = title;
    showMarks(this.#marks, editor, node);
    this.#note.hidden = spec !== null;
    if (!spec) this.#note.textContent = editor.t('node.not_installed', { type: node.type });
    if (layout !== this.#layout) this.#arrange(layout);
    this.#layout = layout;
    // What an instance of a subgraph has no value for, it shows as it is inside.
    const defaults = new Map(spec?.subgraph && spec.inputs.map((input) => [input.name, input.options.default]));
    showSubgraphPart(element, this.#title, editor, node, spec);
    for (const [name, { widget, row }] of this.#widgets) {
      row.classList.toggle('promoted', isPromoted(editor, node.id, name));
      const source = incomingText(editor, node.id, name);
      row.classList.toggle('linked', source !== null);
      row.toggleAttribute('inert', source !== null);
      if (source === null) delete row.dataset['source'];
      else row.dataset['source'] = source;
      widget.set(node.values[name] ?? defaults.get(name) ?? null);
    }
    this.#showLinked(node);
    this.place();
  }

  /** Whether the node has more options than it shows, and whether one of them is not as it comes. @param {Readonly<GraphNode>} node */
  #showFolded(node) {
    const { editor } = this.#stage;
    const advanced = node.collapsed ? [] : editor.inputs(node).filter(isAdvanced);
    this.#advanced.hidden = advanced.length === 0 || Boolean(editor.spec(node)?.subgraph);
    if (this.#advanced.hidden) return;
    this.#advanced.setAttribute('aria-expanded', String(showsAdvanced(node)));
    const isOwn = (/** @type {InputSpec} */ input) => (node.values[input.name] ?? defaultValue(input)) !== defaultValue(input);
    this.#advanced.classList.toggle('changed', !showsAdvanced(node) && advanced.some(isOwn));
  }

  /** Put the element where the scene has the node. */
  place() {
    const { x, y } = this.#stage.scene.origin(this.id);
    this.element.style.left = `${x}px`;
    this.element.style.top = `${y - TITLE}px`;
  }

  /** @param {number} order higher is in front */
  stack(order) {
    if (order === this.#order) return;
    this.#order = order;
    this.element.style.zIndex = String(order);
  }

  /** Show what is known of the node's run. */
  showRun() {
    const { editor } = this.#stage;
    const run = editor.run.node(this.id).peek();
    this.element.dataset['state'] = run.state;
    this.element.classList.toggle('wrong', run.state === 'error' || run.problems.length > 0);
    showTitleState(this.#state, run, editor.t);
    this.#progress.hidden = run.state !== 'running';
    const part = run.total > 0 ? run.value / run.total : 0;
    this.#progress.classList.toggle('unknown', run.total === 0);
    this.#progress.style.setProperty('--part', String(part));
    showProblems(this.#problems, run, editor.t);
    const blamed = new Set(run.problems.map((problem) => problem.input));
    for (const [name, row] of this.#sockets) row.classList.toggle('blamed', name.startsWith('input ') && blamed.has(name.slice(6)));
    for (const [name, { row }] of this.#widgets) row.classList.toggle('blamed', blamed.has(name));
    this.#results.show(run);
  }

  /** @param {boolean} selected */
  select(selected) {
    this.element.classList.toggle('selected', selected);
  }

  /**
   * Mark the sockets that take the dragged link; null when none is dragged.
   *
   * @param {{ side: 'input' | 'output', names: readonly string[] } | null} fitting
   */
  markFitting(fitting) {
    this.element.classList.toggle('dimmed', fitting !== null && fitting.names.length === 0);
    const taken = new Set(fitting?.names.map((name) => `${fitting.side} ${name}`));
    for (const [key, row] of this.#sockets) {
      row.classList.toggle('fits', taken.has(key));
      row.classList.toggle('unfit', fitting !== null && !taken.has(key));
    }
  }

  /** Let the user type a title in its place. */
  rename() {
    const { editor } = this.#stage;
    const node = editor.document.nodes.get(this.id);
    if (!node) return;
    const box = h('input', { class: 'node-rename', type: 'text', value: editor.nodeTitle(node), 'aria-label': editor.t('node.rename') });
    let done = false;
    const finish = (/** @type {boolean} */ keep) => {
      if (done) return;
      done = true;
      const title = box.value.trim();
      this.#title.classList.remove('renamed');
      box.replaceWith(this.#name);
      if (keep && title !== editor.nodeTitle(node)) editor.perform(setTitle(node.id, title === '' ? null : title));
    };
    box.addEventListener('blur', () => finish(true));
    box.addEventListener('keydown', (event) => {
      event.stopPropagation();
      if (event.isComposing) return;
      if (event.key === 'Enter' || event.key === 'Escape') finish(event.key === 'Enter');
    });
    this.#title.classList.add('renamed');
    this.#name.replaceWith(box);
    box.select();
    box.focus({ preventScroll: true });
  }

  /** @param {string} input */
  focusWidget(input) {
    this.#widgets.get(input)?.widget.focus();
  }

  #buildSockets() {
    const { editor, scene } = this.#stage;
    const { inputs, outputs } = scene.layout(this.id);
    for (const [side, places] of /** @type {const} */ ([['input', inputs], ['output', outputs]])) {
      for (const place of places) {
        const row = socketRow(side, place, editor.t);
        this.#sockets.set(`${side} ${place.name}`, row);
        this.#body.append(row);
      }
    }
  }

  /**
   * @param {InputSpec} input
   * @param {Readonly<GraphNode>} node
   */
  #buildWidget(input, node) {
    const view = this;
    const { editor } = this.#stage;
    /** @type {WidgetHost} */
    const host = {
      input,
      value: shownValue(node, input),
      editor,
      get node() {
        return view.id;
      },
      onChange(value, final = true) {
        editor.perform(setValue(view.id, input.name, value, `value ${view.id} ${input.name} ${view.#stage.gesture}`));
        if (final) view.#stage.gesture += 1;
      },
    };
    const widget = widgetFor(input, editor.packWidgets)(host);
    const row = h('div', { class: 'node-widget', 'data-widget': input.name }, widget.element);
    this.#widgets.set(input.name, { widget, row });
    this.#body.append(row);
  }

  /** @param {NodeLayout} layout */
  #arrange(layout) {
    this.element.style.width = `${layout.width}px`;
    this.#body.style.height = `${layout.height}px`;
    this.#body.hidden = layout.height === 0;
    for (const [side, places] of /** @type {const} */ ([['input', layout.inputs], ['output', layout.outputs]])) {
      for (const place of places) this.#sockets.get(`${side} ${place.name}`)?.style.setProperty('top', `${place.y}px`);
    }
    for (const { input, y, height } of layout.widgets) {
      const row = this.#widgets.get(input.name)?.row;
      row?.style.setProperty('top', `${y}px`);
      row?.style.setProperty('height', `${height}px`);
    }
    this.#note.style.setProperty('top', `${PAD + Math.max(layout.inputs.length, layout.outputs.length) * ROW}px`);
    this.#results.place(layout.results);
  }

  /** @param {Readonly<GraphNode>} node */
  #showLinked(node) {
    const { document } = this.#stage.editor;
    for (const [key, row] of this.#sockets) {
      const space = key.indexOf(' ');
      const name = key.slice(space + 1);
      const linked = key.startsWith('input') ? document.linkInto(node.id, name) : document.linksFrom(node.id, Number(name))[0];
      row.classList.toggle('linked', Boolean(linked));
    }
  }
}

/** Its node is selected by the press. @param {Stage['editor']} editor @param {string} command @param {string} image */
const titleButton = (editor, command, image) =>
  h(
    'button',
    {
      class: `node-button node-${image}`,
      type: 'button',
      tabindex: -1,
      'aria-label': editor.t(`command.${command}`),
      'data-tip': editor.t(`command.${command}`),
      onclick: () => editor.execute(command),
    },
    icon(image),
  );
