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

/** One graph: of the document itself, or of a subgraph, whose borders are nodes of it. */
export interface Level {
  /** From back to front. */
  nodes: readonly GraphNode[];
  links: readonly Link[];
  groups: readonly Group[];
  /** Everything of the file that the editor does not know, and a subgraph's id and name; written back unchanged. */
  rest: Record<string, Json>;
  /** What was read, which is written again where the level says the same. */
  source?: LevelSource;
}

export interface LevelSource extends Pick<Level, 'nodes' | 'links' | 'groups' | 'rest'> {
  file: Json;
}

/** Subgraphs by id, whatever contains what. */
export type Definitions = ReadonlyMap<string, Level>;

/** All of a document, seen from its root, as it is loaded, replaced and compared. */
export interface Contents extends Level {
  definitions?: Definitions;
}

/** What an edit has touched, for views that redraw only that. */
export interface Change {
  nodes: ReadonlySet<NodeId>;
  links: ReadonlySet<LinkId>;
  groups: ReadonlySet<number>;
  /** True when nodes or links were added or removed, or everything was replaced. */
  structure: boolean;
  /** True when another document took its place. */
  replaced: boolean;
  /** True when another level of the document is shown: none of its nodes was shown before. */
  level: boolean;
}

/** A change of a document that can be undone: `apply` makes it and returns its inverse. */
export interface Edit {
  /** Key of the history entry's name in the locales, e.g. `edit.move`. */
  label: string;
  apply(document: EditableDocument): Edit;
  /** Edits with the same key in a row become one history entry (typing, dragging a number). */
  mergeKey?: string;
}

/**
 * A document shows one of its levels at a time: `nodes`, `links`, `groups`, `order` and `rest` are those of the root, or of
 * the subgraph that `path` leads to.
 */
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
  /** The instances of subgraphs that lead from the root to what is shown. */
  readonly path: readonly NodeId[];
  /** The id of the subgraph that is shown; null at the root. */
  readonly shown: string | null;
  /** The one that is shown is in it as it was when it was shown; `contents()` has it as it is. */
  readonly definitions: Definitions;
  /** A node of any level by its ids from the root: `instance:inner`. */
  nodeAt(place: string): Readonly<GraphNode> | null;
  /** All of the document, whichever level is shown. */
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
  /** `place`: where the link stood among the others, as `dropLink` has told. */
  putLink(link: Link, place?: number): void;
  dropLink(id: LinkId): number;
  /** `index`: where the group stood among the others, as `dropGroup` has told. */
  putGroup(group: Group, index?: number): void;
  dropGroup(id: number): number;
  /** Sets the fields of the file beside nodes, links and groups. */
  setRest(rest: Record<string, Json>): void;
  /** Sets the order from back to front. */
  reorder(order: readonly NodeId[]): void;
  /** Show the level that these instances lead to, or the deepest on the way that there is. No change of the document. */
  show(path: readonly NodeId[]): void;
  setDefinitions(definitions: Definitions): void;
  /** Sets everything; the level that is shown stays where it can. */
  setContents(contents: Contents): void;
  /** Another document: its root is shown. */
  replace(contents: Contents): void;
}
