/** A value that can be watched (`core/signal.js`). */

export interface ReadonlySignal<T> {
  /** The value; inside an `effect` or `computed` the signal becomes one of its sources. */
  get(): T;
  /** The value, without becoming a source. */
  peek(): T;
  /** Calls the listener after each change, not at once. Returns the function that ends it. */
  subscribe(listener: (value: T) => void): () => void;
}

export interface Signal<T> extends ReadonlySignal<T> {
  set(value: T): void;
}
