/** Values that can be watched: signals, values computed from them, and effects that run again when they change. */

/** @import { ReadonlySignal, Signal } from '../types/signal.d.ts' */

/**
 * Something that reads signals: a computed value or an effect.
 * @typedef {{ invalidate(): void, sources: Set<Source> }} Observer
 */
/** @typedef {Set<Observer>} Source */

/** @type {Observer | null} */
let reader = null;
/**
 * Ends of the effects that were made inside the running effect: they end when it runs again.
 * @type {(() => void)[] | null}
 */
let inner = null;
let depth = 0;
/** @type {Set<() => void>} */
const waiting = new Set();

/** @param {Source} source */
function track(source) {
  if (!reader) return;
  source.add(reader);
  reader.sources.add(source);
}

/** @param {Observer} observer */
function forget(observer) {
  for (const source of observer.sources) source.delete(observer);
  observer.sources.clear();
}

/**
 * @template T
 * @param {Observer | null} observer
 * @param {() => T} read
 * @returns {T}
 */
function readAs(observer, read) {
  const outer = reader;
  reader = observer;
  try {
    return read();
  } finally {
    reader = outer;
  }
}

/** @param {Source} source */
function invalidate(source) {
  for (const observer of [...source]) observer.invalidate();
}

/**
 * Run `change` and let effects follow once at its end, however many signals it set.
 * @template T
 * @param {() => T} change
 * @returns {T}
 */
export function batch(change) {
  depth += 1;
  try {
    return change();
  } finally {
    depth -= 1;
    if (depth === 0) flush();
  }
}

function flush() {
  while (waiting.size > 0 && depth === 0) {
    const [run] = waiting;
    if (!run) return;
    waiting.delete(run);
    run();
  }
}

/**
 * Run `action` now, and again whenever a signal that it read has changed. Effects that it makes end when it runs again.
 * @param {() => void} action
 * @returns {() => void} ends the effect
 */
export function effect(action) {
  /** @type {Observer} */
  const observer = {
    sources: new Set(),
    invalidate: () => waiting.add(run),
  };
  /** @type {(() => void)[]} */
  let nested = [];
  function stop() {
    for (const end of nested) end();
    nested = [];
    forget(observer);
  }
  function run() {
    stop();
    const outer = inner;
    inner = nested;
    try {
      readAs(observer, action);
    } finally {
      inner = outer;
    }
  }
  function end() {
    waiting.delete(run);
    stop();
  }
  inner?.push(end);
  run();
  return end;
}

/**
 * Run code that belongs to nobody: what it reads and the effects that it makes are its own.
 * @param {() => void} action
 */
function untracked(action) {
  const outer = inner;
  inner = null;
  try {
    readAs(null, action);
  } finally {
    inner = outer;
  }
}

/**
 * @template T
 * @param {{ get(): T, peek(): T }} signal
 * @param {(value: T) => void} listener
 */
function subscribe(signal, listener) {
  let last = signal.peek();
  return effect(() => {
    const value = signal.get();
    if (Object.is(value, last)) return;
    last = value;
    untracked(() => listener(value));
  });
}

/**
 * @template T
 * @param {T} initial
 * @returns {Signal<T>}
 */
export function signal(initial) {
  /** @type {Source} */
  const source = new Set();
  let value = initial;
  /** @type {Signal<T>} */
  const self = {
    get() {
      track(source);
      return value;
    },
    peek: () => value,
    set(next) {
      if (Object.is(next, value)) return;
      value = next;
      batch(() => invalidate(source));
    },
    subscribe: (listener) => subscribe(self, listener),
  };
  return self;
}

/**
 * A value made from other signals; made again only when it is read after one of them has changed.
 * @template T
 * @param {() => T} compute
 * @returns {ReadonlySignal<T>}
 */
export function computed(compute) {
  /** @type {Source} */
  const source = new Set();
  /** @type {{ value: T } | null} */
  let kept = null;
  /** @type {Observer} */
  const observer = {
    sources: new Set(),
    invalidate() {
      if (!kept) return;
      kept = null;
      forget(observer);
      invalidate(source);
    },
  };
  function read() {
    kept ??= { value: readAs(observer, compute) };
    return kept.value;
  }
  /** @type {ReadonlySignal<T>} */
  const self = {
    get() {
      track(source);
      return read();
    },
    peek: read,
    subscribe: (listener) => subscribe(self, listener),
  };
  return self;
}
