/** What `ui/dom.js` takes, and the menus and dialogs built on it. */

export type Child = Node | string | number | null | undefined | false | readonly Child[];

type Handlers = {
  [K in keyof HTMLElementEventMap as `on${K}`]?: ((event: HTMLElementEventMap[K]) => void) | null | undefined;
};

type Attribute = string | number | boolean | null | undefined;

/** Attributes and listeners of an element. `false`, null and undefined leave an attribute out. */
export type Props = Handlers & {
  class?: string | null | undefined;
  /** Style properties by their CSS names, custom properties too. */
  style?: Record<string, string | number | null>;
  value?: string | number | undefined;
  checked?: boolean | undefined;
  disabled?: boolean | undefined;
  hidden?: boolean | undefined;
  id?: string;
  role?: string;
  title?: Attribute;
  type?: string;
  name?: string;
  for?: string;
  href?: string;
  src?: string;
  alt?: string;
  lang?: string;
  list?: string;
  accept?: string;
  placeholder?: Attribute;
  download?: Attribute;
  target?: string;
  rel?: string;
  tabindex?: number;
  min?: Attribute;
  max?: Attribute;
  step?: Attribute;
  rows?: number;
  multiple?: boolean;
  readonly?: boolean;
  required?: boolean;
  open?: boolean;
  selected?: boolean;
  draggable?: 'true' | 'false';
  spellcheck?: 'true' | 'false';
  autocomplete?: string;
  inputmode?: 'none' | 'text' | 'decimal' | 'numeric' | 'search';
  loading?: 'lazy' | 'eager';
  decoding?: 'async' | 'sync';
  [aria: `aria-${string}`]: Attribute;
  [data: `data-${string}`]: Attribute;
};

export interface MenuItem {
  label: string;
  /** A name of `ui/icons.js`. */
  icon?: string;
  /** The keys shown at the right. */
  keys?: string;
  checked?: boolean;
  disabled?: boolean;
  danger?: boolean;
  run?: () => void;
  items?: readonly MenuEntry[];
}

export type MenuEntry = MenuItem | 'separator';
