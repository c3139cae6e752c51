/** Sentences that the server says in English, in another language: by templates with numbered places for what varies. */

/** The node and input with which the sentence of a failure begins. */
export const PLACE = /^.{0,200}? \(node [^()]*\)(, input '[^']*')?: /;

/** Where one sentence ends and another begins. */
const BETWEEN = /(?<=[.!?]) (?=[A-Z])/;
/** What stands for a place: all of it within one sentence. */
const VALUE = '((?:(?![.!?] [A-Z])[^])+?)';

export class Sentences {
  #texts;
  /** @type {{ pattern: RegExp, order: number[], text: string }[] | null} */
  #templates = null;

  /** @param {Readonly<Record<string, string>>} texts of the other language by English templates, as `{0} is {1}.` */
  constructor(texts) {
    this.#texts = texts;
  }

  /**
   * What is not known stays as it is: file names, sentences of packs.
   * @param {string} text one or more sentences, behind the place that they are about
   * @returns {string}
   */
  translate(text) {
    const place = PLACE.exec(text)?.[0] ?? '';
    const said = text.slice(place.length);
    const whole = this.#whole(said);
    if (whole !== null) return place + whole;
    const parts = said.split(BETWEEN);
    const known = parts.map((part) => this.#whole(part));
    return known.every((part) => part === null) ? text : place + known.map((part, at) => part ?? `${parts[at]} `).join('').trim();
  }

  /** @param {string} text @returns {string | null} */
  #whole(text) {
    this.#templates ??= Object.entries(this.#texts).map(([template, text]) => compile(template, text)).sort(byWords);
    for (const { pattern, order, text: other } of this.#templates) {
      const values = pattern.exec(text)?.slice(1);
      if (!values) continue;
      const byNumber = new Map(values.map((value, at) => [order[at], this.#whole(value) ?? value]));
      return other.replace(/\{(\d)\}/g, (place, number) => byNumber.get(Number(number)) ?? place);
    }
    return null;
  }
}

/** @param {string} template @param {string} text */
function compile(template, text) {
  const order = [...template.matchAll(/\{(\d)\}/g)].map(([, number]) => Number(number));
  const words = template.split(/\{\d\}/);
  const source = words.map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')).join(VALUE);
  return { pattern: new RegExp(`^${source}$`), order, text, length: words.join('').length };
}

/** What says more in its own words fits more exactly. @param {{ length: number }} a @param {{ length: number }} b */
const byWords = (a, b) => b.length - a.length;
