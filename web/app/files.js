/** Opening and saving of workflows: files of this computer, the server's folder, templates, pictures. */

import { isApiPrompt, readApiPrompt } from '../core/api-format.js';
import { FormatError, isWorkflow, readWorkflow } from '../core/format.js';
import { readPictureTexts } from './picture-metadata.js';

/** @import { Application, FileControl } from '../types/app.d.ts' */
/** @import { Contents } from '../types/document.d.ts' */
/** @import { Json } from '../types/spec.d.ts' */

const FOLDER = 'workflows';
/** The name under which the server has our own templates. */
export const TEMPLATE_PACK = 'safelight';
const LARGEST_FILE = 64 << 20;

/** @implements {FileControl} */
export class Files {
  #editor;

  /** @param {Application} editor */
  constructor(editor) {
    this.#editor = editor;
  }

  /** @param {File} file */
  async openFile(file) {
    if (file.size > LARGEST_FILE) throw new FormatError('format.too-large', { name: file.name });
    const name = file.name.replace(/\.[^.]+$/, '');
    if (/\.json$/i.test(file.name) || file.type === 'application/json') {
      this.openJson(parse(await file.text(), file.name), name);
      return true;
    }
    const texts = await readPictureTexts(new Uint8Array(await file.arrayBuffer()));
    const text = texts.get('workflow') ?? texts.get('prompt');
    if (text === undefined) return false;
    this.openJson(parse(text, file.name), name);
    return true;
  }

  /** @param {Json} file @param {string} name */
  openJson(file, name) {
    this.#editor.open(this.#read(file), name);
    this.#editor.storedAs.set(null);
    this.#tellMissing();
  }

  #tellMissing() {
    const { missingTypes, notify, t } = this.#editor;
    const types = [...missingTypes.peek().keys()];
    if (types.length > 1) notify('warning', t('problems.missing.some', { count: types.length }));
    else if (types.length === 1) notify('warning', t('problems.missing.one', { type: types[0] ?? '' }));
  }

  /** @param {Json} file @returns {Contents} */
  #read(file) {
    const specs = this.#editor.specs.peek();
    if (isWorkflow(file)) return readWorkflow(file, specs);
    if (isApiPrompt(file)) return readApiPrompt(file, specs);
    throw new FormatError('format.not-a-workflow');
  }

  /** @param {string} path */
  async openStored(path) {
    const name = path.replace(/\.json$/i, '');
    this.openJson(await this.#editor.client.readStored(`${FOLDER}/${path}`), name);
    this.#editor.storedAs.set(name);
  }

  /** @param {string} pack @param {string} name */
  async openTemplate(pack, name) {
    const { t, has } = this.#editor.translator;
    const title = has(`template.${name}`) ? t(`template.${name}`) : name;
    this.openJson(await this.#editor.client.template(pack, name), title);
  }

  async openDefault() {
    await this.openTemplate(TEMPLATE_PACK, 'default');
  }

  choose() {
    const input = document.createElement('input');
    input.type = 'file';
    input.accept = '.json,image/png,image/webp';
    input.onchange = () => {
      const file = input.files?.[0];
      if (file) void this.#editor.attempt(() => this.#openChosen(file));
    };
    input.click();
  }

  /** @param {File} file */
  async #openChosen(file) {
    if (!(await this.openFile(file))) throw new FormatError('format.no-workflow-inside', { name: file.name });
  }

  async save() {
    await this.saveAs(this.#editor.name.peek(), true);
  }

  /** @param {string} name @param {boolean} overwrite */
  async saveAs(name, overwrite) {
    const editor = this.#editor;
    if (!overwrite && (await this.stored()).some((file) => file.name === name)) return false;
    await editor.client.store(`${FOLDER}/${name}.json`, editor.toFile(), overwrite);
    editor.storedAs.set(name);
    editor.name.set(name);
    editor.history.markSaved();
    editor.notify('info', editor.t('files.saved', { name }));
    return true;
  }

  /** @param {'workflow' | 'api'} format */
  async download(format) {
    const editor = this.#editor;
    const file = editor.toFile();
    const content = format === 'api' ? await editor.client.compile(file) : file;
    const link = document.createElement('a');
    link.href = URL.createObjectURL(new Blob([JSON.stringify(content, null, 2)], { type: 'application/json' }));
    link.download = `${editor.name.peek() || editor.t('files.untitled')}${format === 'api' ? '-api' : ''}.json`;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
  }

  async stored() {
    const files = await this.#editor.client.stored(FOLDER);
    return files
      .filter(({ path }) => /\.json$/i.test(path))
      .map(({ path, modified }) => ({ path, name: path.replace(/\.json$/i, ''), modified }))
      .sort((a, b) => b.modified - a.modified);
  }

  async templates() {
    const packs = await this.#editor.client.templates();
    return Object.entries(packs).flatMap(([pack, names]) => names.map((name) => ({ pack, name })));
  }
}

/** @param {string} text @param {string} name @returns {Json} */
function parse(text, name) {
  try {
    return JSON.parse(text);
  } catch {
    throw new FormatError('format.not-json', { name });
  }
}
