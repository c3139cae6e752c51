/** Opening and saving of workflows: files of this computer, the server's folder, templates, pictures. */

import { isApiPrompt, readApiPrompt } from '../core/api-format.js';
import { parseExactly } from '../core/exact-integer.js';
import { FormatError, isWorkflow, readWorkflow } from '../core/format.js';
import { recordOf } from '../core/json.js';
import { textIn } from '../core/localized.js';
import { isAnythingMissing } from '../core/wanted-files.js';
import { ServerError } from '../net/server-error.js';
import { isReadInPart, isWeights, readTexts } from './file-texts.js';
import { fileOf, plainName, rememberWorkflow, storedWorkflows } from './stored-workflows.js';

/** @import { Application, FileControl } from '../types/app.d.ts' */
/** @import { Contents } from '../types/document.d.ts' */
/** @import { OpenOptions, Template } from '../types/files.d.ts' */
/** @import { Json } from '../types/spec.d.ts' */

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
    const found = await this.readFile(file);
    if (found === null) return false;
    this.openJson(found, file.name.replace(/\.[^.]+$/, ''));
    return true;
  }

  /** @param {File} file */
  async readFile(file) {
    if (file.size > LARGEST_FILE && !isReadInPart(file.name)) throw new FormatError('format.too-large', { name: file.name });
    if (/\.json$/i.test(file.name) || file.type === 'application/json') return parse(await file.text(), file.name);
    const texts = await readTexts(file, file.name);
    const text = texts.get('workflow') ?? texts.get('prompt');
    if (text !== undefined) return parse(text, file.name);
    return (await import('./infotext.js')).workflowOfTexts(this.#editor, texts);
  }

  /** @param {Json} file @param {string} name @param {Partial<OpenOptions>} [options] */
  openJson(file, name, options = {}) {
    this.#editor.tabs.open(this.readContents(file), { name, ...options });
    this.#tellMissing();
  }

  #tellMissing() {
    const { document, spec } = this.#editor;
    if (isAnythingMissing(document.contents(), spec)) void this.#editor.attempt(() => this.showMissing());
  }

  async showMissing() {
    await (await import('../panels/missing.js')).openMissing(this.#editor);
  }

  /** @param {Json} file @returns {Contents} */
  readContents(file) {
    const specs = this.#editor.specs.peek();
    if (isWorkflow(file)) return readWorkflow(file, specs);
    if (isApiPrompt(file)) return readApiPrompt(file, specs);
    throw new FormatError('format.not-a-workflow');
  }

  /** @param {string} path */
  async openStored(path) {
    const name = path.replace(/\.json$/i, '');
    const open = this.#editor.tabs.withFile(name);
    rememberWorkflow(this.#editor, name);
    if (open) return this.#editor.tabs.show(open.id);
    const { content, etag } = await this.#editor.userFiles.read(fileOf(name));
    this.openJson(content, name, { storedAs: name, etag });
  }

  /** @param {string} pack @param {string} name @param {Partial<OpenOptions>} [options] */
  async openTemplate(pack, name, options = {}) {
    const { client, translator } = this.#editor;
    const file = await client.template(pack, name);
    const title = titleOf(aboutOf(file), name, translator.locale.peek());
    this.openJson(withoutAbout(file), title, options);
  }

  async openDefault() {
    await this.openTemplate(TEMPLATE_PACK, 'default', { pristine: true });
  }

  choose() {
    const input = document.createElement('input');
    input.type = 'file';
    input.multiple = true;
    input.accept = '.json,image/png,image/webp,image/jpeg,image/gif,video/mp4,video/webm,.safetensors';
    input.onchange = () => {
      for (const file of input.files ?? []) void this.#editor.attempt(() => this.#openChosen(file));
    };
    input.click();
  }

  /** @param {File} file */
  async #openChosen(file) {
    if (await this.openFile(file)) return;
    if (isWeights(file.name)) throw await this.#onlyWeights(file);
    throw new FormatError('format.no-workflow-inside', { name: file.name });
  }

  /** @param {File} file */
  async #onlyWeights(file) {
    const { aboutWeights, readWeightHeader } = await import('./weight-header.js');
    const about = aboutWeights(this.#editor, await readWeightHeader(file));
    return new FormatError('format.no-workflow-in-weights', { name: file.name, about });
  }

  async save() {
    const { tabs, name } = this.#editor;
    const { etag } = tabs.shown.peek();
    try {
      await this.#store(name.peek(), { match: etag });
    } catch (error) {
      if (!(error instanceof ServerError && error.status === 412)) throw error;
      (await import('../panels/save-conflict.js')).askConflict(this.#editor);
    }
  }

  /** @param {string} wanted @param {boolean} overwrite */
  async saveAs(wanted, overwrite) {
    const name = plainName(wanted);
    if (!overwrite && (await this.stored()).some((file) => file.name === name)) return false;
    try {
      await this.#store(name, { overwrite });
      return true;
    } catch (error) {
      if (error instanceof ServerError && error.status === 409) return false;
      throw error;
    }
  }

  /** Without a word, and as a version that makes room for the next one. */
  async saveQuietly() {
    const { tabs, name } = this.#editor;
    await this.#store(name.peek(), { match: tabs.shown.peek().etag, automatic: true });
  }

  /** @param {string} name @param {{ overwrite?: boolean, match?: string | null, automatic?: boolean }} options */
  async #store(name, options) {
    const editor = this.#editor;
    const tab = editor.tabs.shown.peek();
    const { state } = editor.history;
    const { etag } = await editor.userFiles.write(fileOf(name), editor.toFile(), options);
    editor.tabs.saved(tab, state, name, etag);
    rememberWorkflow(editor, name);
    if (!options.automatic) editor.notify('info', editor.t('files.saved', { name }));
  }

  /** @param {'workflow' | 'api' | 'picture'} format */
  async download(format) {
    const editor = this.#editor;
    const name = editor.name.peek().split('/').at(-1) || editor.t('files.untitled');
    if (format === 'picture') {
      const { workflowPicture } = await import('./workflow-picture.js');
      return offer(await workflowPicture(editor), `${name}.png`);
    }
    const file = editor.toFile();
    const content = format === 'api' ? await editor.client.compile(file) : file;
    const blob = new Blob([JSON.stringify(content, null, 2)], { type: 'application/json' });
    offer(blob, `${name}${format === 'api' ? '-api' : ''}.json`);
  }

  stored() {
    return storedWorkflows(this.#editor);
  }

  async templates() {
    const locale = this.#editor.translator.locale.peek();
    const templates = await this.#editor.userFiles.templates();
    return templates.map((template) => ({ ...template, title: titleOf(template.about, template.name, locale) }));
  }
}

/** @param {Blob} blob @param {string} name */
function offer(blob, name) {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

/** @param {string} text @param {string} name @returns {Json} */
function parse(text, name) {
  try {
    return parseExactly(text);
  } catch {
    throw new FormatError('format.not-json', { name });
  }
}

/** What a template says of itself. @param {Json} file @returns {Template['about']} */
const aboutOf = (file) => recordOf(recordOf(recordOf(file)['extra'])['template']);

/** A workflow that was made from a template is not a template. @param {Json} file @returns {Json} */
function withoutAbout(file) {
  const { template: _, ...extra } = recordOf(recordOf(file)['extra']);
  return 'extra' in recordOf(file) ? { ...recordOf(file), extra } : file;
}

/**
 * @param {Template['about']} about
 * @param {string} name
 * @param {string} locale
 */
function titleOf(about, name, locale) {
  return textIn(about['title'], locale) || name;
}
