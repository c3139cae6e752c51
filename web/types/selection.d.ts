import type { LinkId, NodeId } from './document.d.ts';
import type { ReadonlySignal } from './signal.d.ts';

/** What is selected: nodes, groups and points of links, or one link. */
export interface Selection {
  readonly ids: ReadonlySignal<ReadonlySet<NodeId>>;
  readonly groups: ReadonlySignal<ReadonlySet<number>>;
  /** Points on links, by the ids that the file gives them. */
  readonly points: ReadonlySignal<ReadonlySet<number>>;
  readonly link: ReadonlySignal<LinkId | null>;
  set(ids: Iterable<NodeId>, more?: { groups?: Iterable<number>; points?: Iterable<number> }): void;
  toggle(id: NodeId): void;
  toggleGroup(id: number): void;
  togglePoint(id: number): void;
  selectLink(id: LinkId | null): void;
  clear(): void;
}
