/** The log of the server and of its worker, as it is written. */

import { followLog, logLines } from '../net/jobs.js';
import { effect } from '../core/signal.js';
import { LogLines } from '../core/log-lines.js';
import { fill, h } from '../ui/dom.js';
import { icon } from '../ui/icons.js';
import { loadStyle } from '../ui/stylesheet.js';

/** @import { Application } from '../types/app.d.ts' */
/** @import { Frame } from '../types/net.d.ts' */
/** @import { LogLine } from '../types/run.d.ts' */

const LEVELS = /** @type {const} */ (['info', 'warning', 'error']);
/** So near to the end the view follows it. */
const SLACK = 24;
const TYPING_MS = 150;

/**
 * @param {HTMLElement} host
 * @param {Application} editor
 * @returns {() => void}
 */
export function mountLog(host, editor) {
  void loadStyle('log');
  const panel = new LogPanel(host, editor);
  return () => panel.destroy();
}

class LogPanel {
  #editor;
  #host;
  #lines = new LogLines();
  #filter = { level: /** @type {LogLine['level']} */ ('info'), text: '' };
  #list = h('div', { class: 'log-lines', role: 'log', tabindex: 0 });
  #follow;
  #following = true;
  #frame = 0;
  /** @type {LogLine[]} */
  #waiting = [];
  /** @type {LogLine[] | null} */
  #held = null;
  #end;

  /** @param {HTMLElement} host @param {Application} editor */
  constructor(host, editor) {
    const { t } = editor;
    this.#editor = editor;
    this.#host = host;
    this.#list.setAttribute('aria-label', t('panel.log'));
    const label = t('log.follow');
    this.#follow = h(
      'button',
      { class: 'icon-button small', type: 'button', 'aria-label': label, 'data-tip': label, onclick: () => this.#setFollowing(!this.#following) },
      icon('follow'),
    );
    host.classList.add('log');
    fill(host, this.#head(), this.#list);
    this.#list.addEventListener('scroll', () => this.#onScroll(), { passive: true });
    this.#setFollowing(true);
    editor.frames.add(this.#onFrame);
    // A connection that is new knows nothing of who follows the log.
    const endConnection = effect(() => {
      if (editor.run.connection.get() === 'open') void this.#open().catch(() => undefined);
    });
    this.#end = () => {
      endConnection();
      editor.frames.delete(this.#onFrame);
      cancelAnimationFrame(this.#frame);
      void followLog(editor.client, false).catch(() => undefined);
    };
  }

  destroy() {
    this.#end();
    this.#host.classList.remove('log');
  }

  /** Lines that come while the older ones are being read have their turn after them. */
  async #open() {
    this.#held = [];
    try {
      await followLog(this.#editor.client, true);
      this.#take(await logLines(this.#editor.client));
    } finally {
      const held = this.#held;
      this.#held = null;
      this.#take(held);
    }
  }

  #onFrame = (/** @type {Frame} */ frame) => {
    if (frame.type !== 'logs') return;
    if (this.#held) this.#held.push(...frame.data.entries);
    else this.#take(frame.data.entries);
  };

  #head() {
    const { t } = this.#editor;
    let timer = 0;
    const search = h('input', {
      class: 'field',
      type: 'search',
      placeholder: t('log.search'),
      'aria-label': t('log.search'),
      oninput: () => {
        clearTimeout(timer);
        timer = setTimeout(() => this.#show({ text: search.value.trim().toLowerCase() }), TYPING_MS);
      },
      onkeydown: (event) => event.stopPropagation(),
    });
    const level = h(
      'select',
      { class: 'field', 'aria-label': t('log.level'), onchange: () => this.#show({ level: /** @type {LogLine['level']} */ (level.value) }) },
      LEVELS.map((each) => h('option', { value: each }, t(`log.level.${each}`))),
    );
    const button = (/** @type {string} */ key, /** @type {string} */ mark, /** @type {() => void} */ onclick) =>
      h('button', { class: 'icon-button small', type: 'button', 'aria-label': t(key), 'data-tip': t(key), onclick }, icon(mark));
    return h(
      'div',
      { class: 'log-head' },
      search,
      level,
      this.#follow,
      button('log.copy', 'copy', () => void this.#copy()),
      button('log.clear', 'trash', () => this.#clear()),
    );
  }

  /** @param {boolean} following */
  #setFollowing(following) {
    this.#following = following;
    this.#follow.setAttribute('aria-pressed', String(following));
    if (following) this.#list.scrollTop = this.#list.scrollHeight;
  }

  #onScroll() {
    const { scrollHeight, scrollTop, clientHeight } = this.#list;
    const atEnd = scrollHeight - scrollTop - clientHeight < SLACK;
    if (atEnd !== this.#following && this.#frame === 0) this.#setFollowing(atEnd);
  }

  /** @param {readonly LogLine[]} lines */
  #take(lines) {
    this.#waiting.push(...this.#lines.add(lines));
    this.#frame ||= requestAnimationFrame(() => {
      this.#append(this.#waiting.splice(0));
      this.#frame = 0;
    });
  }

  /** @param {Partial<{ level: LogLine['level'], text: string }>} changes */
  #show(changes) {
    Object.assign(this.#filter, changes);
    this.#list.replaceChildren();
    this.#append(this.#lines.all());
  }

  /** @param {LogLine} line */
  #fits({ level, m }) {
    const { level: least, text } = this.#filter;
    return LEVELS.indexOf(level) >= LEVELS.indexOf(least) && (text === '' || m.toLowerCase().includes(text));
  }

  /** @param {readonly LogLine[]} lines */
  #append(lines) {
    const fitting = lines.filter((line) => this.#fits(line));
    this.#list.append(...fitting.map((line) => this.#row(line)));
    while (this.#list.childElementCount > this.#lines.most) this.#list.firstElementChild?.remove();
    if (this.#following) this.#list.scrollTop = this.#list.scrollHeight;
  }

  /** @param {LogLine} line */
  #row({ t: time, m: text, level }) {
    const clock = new Date(time).toLocaleTimeString(this.#editor.locale.peek(), { hour12: false });
    return h('div', { class: `log-line ${level}` }, h('time', { 'data-tip': time }, clock), h('span', null, text.trimEnd()));
  }

  #copy() {
    const { attempt, notify, t } = this.#editor;
    const text = this.#lines.all().filter((line) => this.#fits(line)).map(({ t: time, m }) => `${time} ${m.trimEnd()}`).join('\n');
    return attempt(async () => {
      await navigator.clipboard.writeText(text);
      notify('info', t('problems.copied'));
    });
  }

  /** Here, not on the server. */
  #clear() {
    this.#lines.clear();
    this.#list.replaceChildren();
  }
}
