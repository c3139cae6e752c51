/** Finding and ordering models of the library. */

/** @import { ListedModel, ModelOrder } from '../types/library.d.ts' */

/** @param {string} text */
const plain = (text) => text.toLowerCase().normalize('NFKC');

/**
 * Those in which every word occurs: in the name, title, family, trigger words or note. Favourites come first.
 * @param {readonly ListedModel[]} models
 * @param {string} words
 * @param {string} family only those of this one; empty for all
 * @param {ModelOrder} order
 * @returns {ListedModel[]}
 */
export function findModels(models, words, family, order) {
  const wanted = plain(words).split(/\s+/).filter((word) => word !== '');
  const found = models.filter((model) => {
    const text = plain([model.name, model.title, model.family, model.note, ...model.words].join(' '));
    return (family === '' || model.family === family) && wanted.every((word) => text.includes(word));
  });
  return found.sort((a, b) => Number(b.favorite) - Number(a.favorite) || ORDERS[order](a, b) || a.name.localeCompare(b.name));
}

/** @type {Record<ModelOrder, (a: ListedModel, b: ListedModel) => number>} */
const ORDERS = {
  name: (a, b) => shownName(a).localeCompare(shownName(b), undefined, { numeric: true }),
  modified: (a, b) => b.modified - a.modified,
  size: (a, b) => b.size - a.size,
};

/** The families that there are, in alphabetical order. @param {readonly ListedModel[]} models */
export const familiesOf = (models) => [...new Set(models.map(({ family }) => family).filter((family) => family !== ''))].sort();

/** A file's name without folder and ending: files are what people know models by. @param {Pick<ListedModel, 'name'>} model */
export const shownName = ({ name }) => (name.split('/').at(-1) ?? name).replace(/\.[^.]+$/, '');
