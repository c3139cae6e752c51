/** ComfyUI's `api` object: the server's routes, and what the WebSocket says as events. */

/** @import { Application } from '../types/app.d.ts' */
/** @import { Frame } from '../types/net.d.ts' */

export class ComfyApi extends EventTarget {
  /** @type {Application} */
  #editor;
  /** @type {(() => void)[]} */
  #ends;

  /** @param {Application} editor */
  constructor(editor) {
    super();
    this.#editor = editor;
    const { document, frames, run } = editor;
    const onFrame = (/** @type {Frame} */ frame) => this.#tell(frame.type, detailOf(frame));
    frames.add(onFrame);
    this.#ends = [
      () => frames.delete(onFrame),
      document.onChange(() => this.#tell('graphChanged', null)),
      run.connection.subscribe((state) => {
        if (state !== 'connecting') this.#tell(state === 'open' ? 'reconnected' : 'reconnecting', null);
      }),
    ];
  }

  /** @param {string} type @param {unknown} detail */
  #tell(type, detail) {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }

  destroy() {
    for (const end of this.#ends) end();
  }

  get clientId() {
    return this.#editor.client.id;
  }

  /** @param {string} route */
  apiURL(route) {
    return `/api${route}`;
  }

  /** @param {string} route */
  fileURL(route) {
    return route;
  }

  /** @param {string} route @param {RequestInit} [options] */
  fetchApi(route, options) {
    const headers = { 'Comfy-User': '', ...options?.headers };
    return fetch(this.apiURL(route), { cache: 'no-cache', ...options, headers });
  }

  /** @param {string} route */
  async #read(route) {
    return (await this.fetchApi(route)).json();
  }

  /** @param {string} route @param {unknown} body */
  #send(route, body) {
    const headers = { 'Content-Type': 'application/json' };
    return this.fetchApi(route, { method: 'POST', headers, body: JSON.stringify(body) });
  }

  getNodeDefs() {
    return this.#read('/object_info');
  }

  getEmbeddings() {
    return this.#read('/embeddings');
  }

  /** @param {string} kind */
  getModels(kind) {
    return this.#read(`/experiment/models/${encodeURIComponent(kind)}`);
  }

  getSystemStats() {
    return this.#read('/system_stats');
  }

  async getQueue() {
    const { queue_running: running, queue_pending: pending } = await this.#read('/queue');
    return { Running: running, Pending: pending };
  }

  /** @param {number} [most] */
  async getHistory(most = 200) {
    return { History: Object.values(await this.#read(`/history?max_items=${most}`)) };
  }

  /**
   * @param {number} number -1 puts it in front, others are ComfyUI's priorities
   * @param {{ output: unknown, workflow: unknown }} prompt
   */
  async queuePrompt(number, { output, workflow }) {
    const extra = { extra_pnginfo: { workflow } };
    const place = number === -1 ? { front: true } : number === 0 ? {} : { number };
    const answer = await this.#send('/prompt', { client_id: this.clientId, prompt: output, extra_data: extra, ...place });
    const content = await answer.json();
    if (!answer.ok) throw Object.assign(new Error(content.error?.message ?? answer.statusText), { response: content });
    this.#tell('promptQueued', { number });
    return content;
  }

  /** @param {string} [prompt] */
  interrupt(prompt) {
    return this.#send('/interrupt', prompt ? { prompt_id: prompt } : {});
  }

  getSettings() {
    return this.#read('/settings');
  }

  /** @param {string} id */
  getSetting(id) {
    return this.#read(`/settings/${encodeURIComponent(id)}`);
  }

  /** @param {Record<string, unknown>} settings */
  storeSettings(settings) {
    return this.#send('/settings', settings);
  }

  /** @param {string} id @param {unknown} value */
  storeSetting(id, value) {
    return this.#send(`/settings/${encodeURIComponent(id)}`, value);
  }

  /** @param {string} file @param {RequestInit} [options] */
  getUserData(file, options) {
    return this.fetchApi(`/userdata/${encodeURIComponent(file)}`, options);
  }

  /** @param {string} file @param {unknown} data @param {{ stringify?: boolean, overwrite?: boolean }} [options] */
  storeUserData(file, data, { stringify = true, overwrite = true } = {}) {
    const body = stringify ? JSON.stringify(data) : /** @type {BodyInit} */ (data);
    return this.fetchApi(`/userdata/${encodeURIComponent(file)}?overwrite=${overwrite}`, { method: 'POST', body });
  }

  /** @param {string} file */
  deleteUserData(file) {
    return this.fetchApi(`/userdata/${encodeURIComponent(file)}`, { method: 'DELETE' });
  }

  /** @param {string} from @param {string} to @param {{ overwrite?: boolean }} [options] */
  moveUserData(from, to, { overwrite = false } = {}) {
    const route = `/userdata/${encodeURIComponent(from)}/move/${encodeURIComponent(to)}?overwrite=${overwrite}`;
    return this.fetchApi(route, { method: 'POST' });
  }

  /** @param {string} folder */
  listUserDataFullInfo(folder) {
    return this.#read(`/userdata?dir=${encodeURIComponent(folder)}&recurse=true&split=false&full_info=true`);
  }
}

/** What ComfyUI's events carry: the node's id where the frame is `executing`, its data otherwise. @param {Frame} frame */
const detailOf = (frame) => (frame.type === 'executing' ? (frame.data.display_node ?? frame.data.node) : frame.data);
