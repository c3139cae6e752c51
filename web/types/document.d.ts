/** A workflow in memory. Files (ComfyUI's editor format 0.4, API format) are read and written by `core/format.js`. */

import type { Json } from './spec.d.ts';

export type NodeId = string;
export type LinkId = number;

/** 0 runs, 2 is muted, 4 is bypassed; others are kept as they were. */
export type NodeMode = number;

export interface Slot {
  /** Unique among the node's inputs. */
  name: string;
  type: string;
  label?: string;
  /** What else the file said of it; written back unchanged. */
  rest: Record<string, Json>;
}

export interface GraphNode {
  id: NodeId;
  type: string;
  /** Given by the user; null shows the type's own title. */
  title: string | null;
  x: number;
  y: number;
  /** The user's size; the height is at least what the content needs. */
  width: number;
  height: number;
  mode: NodeMode;
  collapsed: boolean;
  color: string | null;
  /** Widget values by input name, the seed's control under `<name>/control`. */
  values: Record<string, Json>;
  /** Sockets as the file had them: what is drawn when the type is not installed. */
  savedInputs: readonly Slot[];
  savedOutputs: readonly Slot[];
  /** Everything of the file's node that the editor does not know; written back unchanged. */
  rest: Record<string, Json>;
}

export interface Link {
  id: LinkId;
  from: NodeId;
  output: number;
  to: NodeId;
  input: string;
  type: string;
}

export interface Group {
  id: number;
  title: string;
  x: number;
  y: number;
  width: number;
  height: number;
  color: string | null;
  rest: Record<string, Json>;
}

/** All of a document, as it is loaded, replaced and compared. */
export interface Contents {
  /** From back to front. */
  nodes: readonly GraphNode[];
  links: readonly Link[];
  groups: readonly Group[];
  /** Everything of the file that the editor does not know; written back unchanged. */
  rest: Record<string, Json>;
}

/** What an edit has touched, for views that redraw only that. */
export interface Change {
  nodes: ReadonlySet<NodeId>;
  links: ReadonlySet<LinkId>;
  groups: ReadonlySet<number>;
  /** True when nodes or links were added or removed, or everything was replaced. */
  structure: boolean;
}

/** A change of a document that can be undone: `apply` makes it and returns its inverse. */
export interface Edit {
  /** Key of the history entry's name in the locales, e.g. `edit.move`. */
  label: string;
  apply(document: EditableDocument): Edit;
  /** Edits with the same key in a row become one history entry (typing, dragging a number). */
  mergeKey?: string;
}

export interface ReadonlyDocument {
  readonly nodes: ReadonlyMap<NodeId, Readonly<GraphNode>>;
  readonly links: ReadonlyMap<LinkId, Readonly<Link>>;
  readonly groups: ReadonlyMap<number, Readonly<Group>>;
  /** Nodes from back to front. */
  readonly order: readonly NodeId[];
  /** Grows with every change. */
  readonly version: number;
  /** Fields of the file beside nodes, links and groups. */
  readonly rest: Readonly<Record<string, Json>>;
  /** Ids that nothing has or had since the document was opened. */
  freshNodeId(): NodeId;
  freshLinkId(): LinkId;
  freshGroupId(): number;
  contents(): Contents;
  linkInto(node: NodeId, input: string): Readonly<Link> | null;
  linksInto(node: NodeId): readonly Readonly<Link>[];
  linksFrom(node: NodeId, output: number): readonly Readonly<Link>[];
  linksOf(node: NodeId): readonly Readonly<Link>[];
  onChange(listener: (change: Change) => void): () => void;
}

/** The primitives that edits are made of; only `core/edits.js` uses them. */
export interface EditableDocument extends ReadonlyDocument {
  putNode(node: GraphNode, index?: number): void;
  dropNode(id: NodeId): void;
  patchNode(id: NodeId, patch: Partial<GraphNode>): void;
  putLink(link: Link): void;
  dropLink(id: LinkId): void;
  putGroup(group: Group): void;
  dropGroup(id: number): void;
  /** Sets the order from back to front. */
  reorder(order: readonly NodeId[]): void;
  replace(contents: Contents): void;
}
