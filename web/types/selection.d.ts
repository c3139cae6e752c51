import type { LinkId, NodeId } from './document.d.ts';
import type { ReadonlySignal } from './signal.d.ts';

/** What is selected: nodes, or one link. */
export interface Selection {
  readonly ids: ReadonlySignal<ReadonlySet<NodeId>>;
  readonly link: ReadonlySignal<LinkId | null>;
  set(ids: Iterable<NodeId>): void;
  toggle(id: NodeId): void;
  selectLink(id: LinkId | null): void;
  clear(): void;
}
