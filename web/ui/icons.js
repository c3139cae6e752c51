/** The editor's own icons: strokes in a square of 16. */

const SVG = 'http://www.w3.org/2000/svg';

/** @type {Readonly<Record<string, string>>} */
const PATHS = {
  add: 'M8 3v10M3 8h10',
  align: 'M3 2.5v11M6 5h7M6 11h4',
  arrange: 'M2 3h4v3.5H2zM10 2.5h4V6h-4zM10 10h4v3.5h-4zM6 4.7h4M7.7 4.7v7h2.3',
  brush: 'M13.5 2.5c-3 1.500-5.500 4-6.800 6.300l1.500 1.500c2.300-1.300 4.800-3.800 6.300-6.800zM6.300 9.200c-2.100 0-2.300 1.700-2.5 2.800-.100.800-.700 1.200-1.600 1.300 2.800 1 6 .300 5.900-2.5',
  bucket: 'M6.500 2.5 13 9l-4.600 4.600a1.200 1.200 0 0 1-1.700 0L2.400 9.300a1.200 1.200 0 0 1 0-1.700L7 3M2.300 8.500h10.200M14 11.500c.800 1 .900 2 0 2s-.800-1 0-2z',
  bypass: 'M2 11h2.5c3.5 0 1-6 4.5-6H14M11.7 2.7 14 5l-2.3 2.3M2 5h1.5M10.5 11H14',
  cached: 'M9 2 4 9h3.5L7 14l5-7H8.5z',
  check: 'm3 8.5 3.2 3.2L13 4.8',
  'chevron-down': 'm4 6 4 4 4-4',
  'chevron-left': 'm10 4-4 4 4 4',
  'chevron-up': 'm4 10 4-4 4 4',
  'chevron-right': 'm6 4 4 4-4 4',
  clock: 'M8 14A6 6 0 1 0 8 2a6 6 0 0 0 0 12zM8 4.8V8l2.2 1.6',
  close: 'm4 4 8 8M12 4l-8 8',
  collapse: 'M3 8h10M5.5 3 8 5.5 10.5 3M5.5 13 8 10.5 10.5 13',
  copy: 'M6 5.5h7v8H6zM10 5.5v-3H3v8h3',
  cube: 'M8 1.8 13.5 4.9v6.2L8 14.2l-5.5-3.1V4.9zM2.5 4.9 8 8l5.5-3.1M8 8v6.2',
  star: 'M8 2.2l1.8 3.7 4 .6-2.9 2.8.7 4L8 11.4l-3.6 1.9.7-4-2.9-2.8 4-.6z',
  cut: 'M4.5 13.5a2 2 0 1 0 0-4 2 2 0 0 0 0 4zM11.5 13.5a2 2 0 1 0 0-4 2 2 0 0 0 0 4zM5.6 9.8 11 2.5M10.4 9.8 5 2.5',
  dice: 'M3 3h10v10H3zM5.8 5.8h.01M10.2 5.8h.01M8 8h.01M5.8 10.2h.01M10.2 10.2h.01',
  download: 'M8 2.5v7.5M4.8 7 8 10.2 11.2 7M3 13.3h10',
  edit: 'm3 13 .7-3L10.5 3.2l2.3 2.3L6 12.3z',
  enter: 'M2.5 2.5h11v11h-11zM5.5 8h5M8.2 5.7 10.5 8l-2.3 2.3',
  eraser: 'm8.500 3 4.5 4.5-5.300 5.300H5L2.5 10.300zM5.500 6 10 10.500M7.700 12.800H13',
  enlarge: 'M9.5 2.5h4v4M6.5 13.5h-4v-4M13.5 2.5 9 7M2.5 13.5 7 9',
  error: 'M8 14A6 6 0 1 0 8 2a6 6 0 0 0 0 12zM8 5v3.5M8 11h.01',
  eye: 'M1.7 8S4 3.7 8 3.7 14.3 8 14.3 8 12 12.3 8 12.3 1.7 8 1.7 8zM8 9.8a1.8 1.8 0 1 0 0-3.6 1.8 1.8 0 0 0 0 3.6z',
  eyedropper: 'm9.300 4.300 2.400 2.400M8.300 3.300l4.400 4.400M11 6l2.300-2.300a1.300 1.300 0 0 0-1.900-1.900L9 4M9.300 6.700 4.600 11.400l-1.800.600-.500 1.700 1.700-.500.600-1.800',
  file: 'M4 2h5l3.5 3.5V14H4zM9 2v3.5h3.5',
  fit: 'M2.5 6V2.5H6M10 2.5h3.5V6M13.5 10v3.5H10M6 13.5H2.5V10',
  flip: 'M8 2v12M6 4.5v7L2 11.500zM10 4.5v7l4 0z',
  folder: 'M2 4h4.3l1.4 1.7H14V13H2z',
  form: 'M3 3h10v3H3zM3 8.5h10M3 11h10M3 13.5h6',
  globe: 'M8 14A6 6 0 1 0 8 2a6 6 0 0 0 0 12zM2 8h12M8 2c4.3 4.3 4.3 7.7 0 12M8 2C3.7 6.3 3.7 9.7 8 14',
  grid: 'M2.5 2.5h4.5v4.5H2.5zM9 2.5h4.5V7H9zM2.5 9H7v4.5H2.5zM9 9h4.5v4.5H9z',
  group: 'M2.5 2.5h11v11h-11zM5 5.3h3.5v2.5H5zM7.5 9h3.5v2H7.5z',
  help: 'M8 14A6 6 0 1 0 8 2a6 6 0 0 0 0 12zM6.2 6.3a1.8 1.8 0 1 1 2.6 1.6c-.5.3-.8.6-.8 1.2M8 11.3h.01',
  image: 'M2.5 3h11v10h-11zM2.5 11l3.2-3.4 2.6 2.7 1.9-1.9 3.3 3.3M10.3 6.2h.01',
  info: 'M8 14A6 6 0 1 0 8 2a6 6 0 0 0 0 12zM8 7.3V11M8 5h.01',
  invert: 'M8 14A6 6 0 1 0 8 2a6 6 0 0 0 0 12zM8 2v12M8 5h3.200M8 8h4.5M8 11h3.200',
  keyboard: 'M1.5 4h13v8h-13zM4 6.5h.01M6.6 6.5h.01M9.3 6.5h.01M12 6.5h.01M5 9.5h6',
  lasso: 'M5.500 11.500C3.300 10.800 2 9.300 2 7.500 2 4.900 4.700 3 8 3s6 1.900 6 4.5S11.300 12 8 12c-.600 0-1.200 0-1.700-.100M5.800 13.800c-1.100 0-1.600-.700-1.600-1.500s.600-1.400 1.300-1.400 1.300.600 1.300 1.500c0 .800-.400 1.300-1 1.400z',
  link: 'M2.5 11c5.5 0 5.5-6 11-6M2.5 11h.01M13.5 5h.01',
  lock: 'M4 7.5h8V13H4zM5.5 7.5V5.3a2.5 2.5 0 0 1 5 0v2.2',
  mask: 'M2.5 3h11v10h-11zM8 10.700a2.700 2.700 0 1 0 0-5.400 2.700 2.700 0 0 0 0 5.400zM6.100 9.900l3.800-3.800M7.300 10.600l3.300-3.300M5.400 8.700 8.700 5.400',
  minus: 'M3 8h10',
  more: 'M4 8h.01M8 8h.01M12 8h.01',
  mute: 'M8 14A6 6 0 1 0 8 2a6 6 0 0 0 0 12zM3.8 3.8l8.4 8.4',
  outline: 'M2.5 3.5h5M5.5 8h8M5.5 12.5h8M2.5 3.5v9M2.5 8H4M2.5 12.5H4',
  paste: 'M5.5 3H4v11h8V3h-1.5M5.5 2h5v2.5h-5z',
  pin: 'M6 2.500h4l-.500 4.300 2.500 2.200H4l2.500-2.200zM8 9v4.800',
  play: 'M5 3v10l8-5z',
  puzzle: 'M6.2 4.5v-1a1.8 1.8 0 0 1 3.6 0v1h2.7v2.6h.4a1.8 1.8 0 0 1 0 3.6h-.4v2.8h-9v-9z',
  queue: 'M3 4h10M3 8h10M3 12h6',
  rectangle: 'M3 4.5V3h1.500M7 3h2M11.500 3H13v1.500M13 7v2M13 11.500V13h-1.500M9 13H7M4.5 13H3v-1.500M3 9V7',
  redo: 'M13 6.5H6.3a3.3 3.3 0 0 0 0 6.6H9M10.2 3.7 13 6.5l-2.8 2.8',
  refresh: 'M13.3 8A5.3 5.3 0 1 1 11.7 4.2L13.3 5.7M13.3 2.5v3.2h-3.2',
  save: 'M3 3h8l2 2v8H3zM5.5 3v3h4.5V3M5.5 13V9.5h5V13',
  search: 'M7 11.5a4.5 4.5 0 1 0 0-9 4.5 4.5 0 0 0 0 9zM10.3 10.3l3.4 3.4',
  settings: 'M3 4.5h5M12 4.5h1M3 11.5h1M8 11.5h5M10 6.3a1.8 1.8 0 1 0 0-3.6 1.8 1.8 0 0 0 0 3.6zM6 13.3a1.8 1.8 0 1 0 0-3.6 1.8 1.8 0 0 0 0 3.6z',
  shuffle: 'M2 4.5h2.3c3.7 0 3.7 7 7.4 7H14M2 11.5h2.3c1.200 0 2-.7 2.6-1.7M9.200 6.200c.6-1 1.3-1.7 2.5-1.7H14M12 2.5l2 2-2 2M12 9.5l2 2-2 2',
  sort: 'M3 4h10M3 8h6.5M3 12h3.5M12 7v6M9.8 10.8 12 13l2.2-2.2',
  stop: 'M4 4h8v8H4z',
  subgraph: 'M2.5 2.5h11v11h-11zM5 5.5h2.5V8H5zM8.5 8.5H11V11H8.5zM7.5 6.8h2.3v1.7',
  trash: 'M3 4.5h10M6.3 4.5V2.7h3.4v1.8M4.3 4.5l.6 9h6.2l.6-9M6.8 7v4M9.2 7v4',
  undo: 'M3 6.5h6.7a3.3 3.3 0 0 1 0 6.6H7M5.8 3.7 3 6.5l2.8 2.8',
  unlock: 'M4 7.5h8V13H4zM5.5 7.5V5.3a2.5 2.5 0 0 1 4.8-1',
  upload: 'M8 10.2V2.7M4.8 5.7 8 2.5l3.2 3.2M3 13.3h10',
  versions: 'M2.5 8a5.5 5.5 0 1 0 1.7-4L2.5 5.5M2.5 2.5v3h3M8 5v3.2l2.2 1.4',
  warning: 'M8 2.7 14.2 13H1.8zM8 6.5v3M8 11.2h.01',
  bolt: 'M9 2 4 9h3.5L7 14l5-7H8.5z',
  pause: 'M5.5 3.5v9M10.5 3.5v9',
  repeat: 'M3 7.5V6.3A2.3 2.3 0 0 1 5.3 4H13M10.7 1.8 13 4l-2.3 2.2M13 8.5v1.2a2.3 2.3 0 0 1-2.3 2.3H3M5.3 14.2 3 12l2.3-2.2',
  target: 'M8 13.5a5.500 5.500 0 1 0 0-11 5.500 5.500 0 0 0 0 11zM8 10a2 2 0 1 0 0-4 2 2 0 0 0 0 4z',
  'to-front': 'M3 3h10M8 13V6M5 8.5 8 5.5l3 3',
  grip: 'M6 4h.01M10 4h.01M6 8h.01M10 8h.01M6 12h.01M10 12h.01',
  terminal: 'M2.5 3h11v10h-11zM5 6.300 7 8 5 9.700M8.500 10h2.5',
  gallery: 'M2.5 2.5h4.700v4.700H2.5zM8.800 2.5h4.700v4.700H8.800zM2.5 8.800h4.700v4.700H2.5zM8.800 8.800h4.700v4.700H8.800z',
  gauge: 'M2.5 11.500a5.700 5.700 0 1 1 11 0M8 11l2.800-3.800',
  expand: 'M9.500 3H13v3.500M13 3 9 7M6.500 13H3V9.500M3 13l4-4',
  follow: 'M8 2.5v8M4.800 7.500 8 10.700l3.200-3.200M3 13.500h10',
  tag: 'M2.5 2.5h5l6 6-5 5-6-6zM5.300 5.300h.01',
  columns: 'M2.5 3h11v10h-11zM8 3v10M4.5 8h1.5M10 8h1.5',
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
