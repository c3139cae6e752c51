/** The editor's own icons: strokes in a square of 16. */

const SVG = 'http://www.w3.org/2000/svg';

/** @type {Readonly<Record<string, string>>} */
const PATHS = {
  add: 'M8 3v10M3 8h10',
  align: 'M3 2.500v11M6 5h7M6 11h4',
  arrange: 'M2 3h4v3.500H2zM10 2.500h4V6h-4zM10 10h4v3.500h-4zM6 4.700h4M7.700 4.700v7h2.300',
  bypass: 'M2 11h2.500c3.500 0 1-6 4.500-6H14M11.700 2.700 14 5l-2.300 2.300M2 5h1.500M10.500 11H14',
  cached: 'M9 2 4 9h3.500L7 14l5-7H8.500z',
  check: 'm3 8.500 3.200 3.200L13 4.800',
  'chevron-down': 'm4 6 4 4 4-4',
  'chevron-left': 'm10 4-4 4 4 4',
  'chevron-right': 'm6 4 4 4-4 4',
  clock: 'M8 14A6 6 0 1 0 8 2a6 6 0 0 0 0 12zM8 4.800V8l2.200 1.600',
  close: 'm4 4 8 8M12 4l-8 8',
  collapse: 'M3 8h10M5.500 3 8 5.500 10.500 3M5.500 13 8 10.500 10.500 13',
  copy: 'M6 5.500h7v8H6zM10 5.500v-3H3v8h3',
  cut: 'M4.500 13.500a2 2 0 1 0 0-4 2 2 0 0 0 0 4zM11.500 13.500a2 2 0 1 0 0-4 2 2 0 0 0 0 4zM5.600 9.800 11 2.500M10.400 9.800 5 2.500',
  dice: 'M3 3h10v10H3zM5.800 5.800h.01M10.200 5.800h.01M8 8h.01M5.800 10.200h.01M10.200 10.200h.01',
  download: 'M8 2.500v7.500M4.800 7 8 10.200 11.200 7M3 13.300h10',
  edit: 'm3 13 .7-3L10.500 3.200l2.300 2.300L6 12.300z',
  error: 'M8 14A6 6 0 1 0 8 2a6 6 0 0 0 0 12zM8 5v3.500M8 11h.01',
  eye: 'M1.700 8S4 3.700 8 3.700 14.300 8 14.300 8 12 12.300 8 12.300 1.700 8 1.700 8zM8 9.800a1.800 1.800 0 1 0 0-3.600 1.800 1.800 0 0 0 0 3.600z',
  file: 'M4 2h5l3.500 3.500V14H4zM9 2v3.500h3.500',
  fit: 'M2.500 6V2.500H6M10 2.500h3.500V6M13.500 10v3.500H10M6 13.500H2.500V10',
  folder: 'M2 4h4.300l1.400 1.700H14V13H2z',
  globe: 'M8 14A6 6 0 1 0 8 2a6 6 0 0 0 0 12zM2 8h12M8 2c4.300 4.300 4.300 7.700 0 12M8 2C3.700 6.300 3.700 9.700 8 14',
  group: 'M2.500 2.500h11v11h-11zM5 5.300h3.500v2.500H5zM7.500 9h3.500v2H7.500z',
  help: 'M8 14A6 6 0 1 0 8 2a6 6 0 0 0 0 12zM6.200 6.300a1.800 1.800 0 1 1 2.600 1.600c-.5.300-.8.600-.8 1.200M8 11.300h.01',
  image: 'M2.500 3h11v10h-11zM2.500 11l3.200-3.400 2.600 2.700 1.900-1.900 3.300 3.300M10.300 6.200h.01',
  info: 'M8 14A6 6 0 1 0 8 2a6 6 0 0 0 0 12zM8 7.300V11M8 5h.01',
  keyboard: 'M1.500 4h13v8h-13zM4 6.500h.01M6.600 6.500h.01M9.300 6.500h.01M12 6.500h.01M5 9.500h6',
  link: 'M2.500 11c5.500 0 5.500-6 11-6M2.500 11h.01M13.500 5h.01',
  lock: 'M4 7.500h8V13H4zM5.500 7.500V5.300a2.500 2.500 0 0 1 5 0v2.200',
  minus: 'M3 8h10',
  more: 'M4 8h.01M8 8h.01M12 8h.01',
  mute: 'M8 14A6 6 0 1 0 8 2a6 6 0 0 0 0 12zM3.800 3.800l8.400 8.400',
  paste: 'M5.500 3H4v11h8V3h-1.500M5.500 2h5v2.500h-5z',
  play: 'M5 3v10l8-5z',
  queue: 'M3 4h10M3 8h10M3 12h6',
  redo: 'M13 6.500H6.300a3.300 3.300 0 0 0 0 6.600H9M10.200 3.700 13 6.500l-2.800 2.800',
  refresh: 'M13.300 8A5.300 5.300 0 1 1 11.700 4.200L13.300 5.700M13.300 2.500v3.200h-3.200',
  save: 'M3 3h8l2 2v8H3zM5.500 3v3h4.500V3M5.500 13V9.500h5V13',
  search: 'M7 11.500a4.500 4.500 0 1 0 0-9 4.500 4.500 0 0 0 0 9zM10.300 10.300l3.400 3.400',
  settings: 'M3 4.500h5M12 4.500h1M3 11.500h1M8 11.500h5M10 6.300a1.800 1.800 0 1 0 0-3.600 1.800 1.800 0 0 0 0 3.600zM6 13.300a1.800 1.800 0 1 0 0-3.600 1.800 1.800 0 0 0 0 3.600z',
  stop: 'M4 4h8v8H4z',
  trash: 'M3 4.500h10M6.300 4.500V2.700h3.400v1.800M4.300 4.500l.6 9h6.200l.6-9M6.800 7v4M9.200 7v4',
  undo: 'M3 6.500h6.700a3.300 3.300 0 0 1 0 6.600H7M5.800 3.700 3 6.500l2.800 2.800',
  unlock: 'M4 7.500h8V13H4zM5.500 7.500V5.300a2.500 2.500 0 0 1 4.800-1',
  upload: 'M8 10.200V2.700M4.800 5.700 8 2.500l3.200 3.200M3 13.300h10',
  warning: 'M8 2.700 14.200 13H1.800zM8 6.500v3M8 11.200h.01',
};

/** The names that `icon` knows. */
export const ICONS = Object.freeze(Object.keys(PATHS));

/**
 * An icon that takes the colour of its text; hidden from screen readers, since a label stands beside it.
 *
 * @param {string} name one of `ICONS`
 * @returns {SVGSVGElement}
 */
export function icon(name) {
  const drawing = PATHS[name];
  if (drawing === undefined) throw new Error(`There is no icon named ${name}.`);
  const svg = document.createElementNS(SVG, 'svg');
  svg.setAttribute('class', `icon icon-${name}`);
  svg.setAttribute('viewBox', '0 0 16 16');
  svg.setAttribute('aria-hidden', 'true');
  const path = document.createElementNS(SVG, 'path');
  path.setAttribute('d', drawing);
  svg.append(path);
  return svg;
}
