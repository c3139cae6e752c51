/** What differs between two states of a workflow (`core/difference.js`). */

import type { GraphNode, Group, Level, Link, LinkId, NodeId } from './document.d.ts';
import type { Json } from './spec.d.ts';

/** A value that is another one now; undefined where there was none, or is none any more. */
export interface FieldChange {
  name: string;
  before: Json | undefined;
  after: Json | undefined;
}

export interface NodeChange {
  id: NodeId;
  before: Readonly<GraphNode>;
  after: Readonly<GraphNode>;
  /** Widget values by input name. */
  values: readonly FieldChange[];
  /** Of the node's other fields those that differ. */
  fields: readonly (keyof GraphNode)[];
}

/** What feeds an input: another output, or nothing. */
export interface WireChange {
  to: NodeId;
  input: string;
  before: Readonly<Link> | null;
  after: Readonly<Link> | null;
}

export interface GroupChange {
  before: Readonly<Group>;
  after: Readonly<Group>;
}

/** A subgraph that differs. `inside` is what differs in it, where both states have it. */
export interface SubgraphChange {
  id: string;
  name: string;
  before: Level | null;
  after: Level | null;
  inside: LevelDifference | null;
}

/** Parts with ids: `order` has all ids as they stand afterwards, where that does not follow from the rest. */
export interface Parts<T, Changed, Id> {
  added: readonly Readonly<T>[];
  removed: readonly Readonly<T>[];
  changed: readonly Changed[];
  order: readonly Id[] | null;
}

/** What differs in one graph. */
export interface LevelDifference {
  nodes: Parts<GraphNode, NodeChange, NodeId>;
  links: Parts<Link, { before: Readonly<Link>; after: Readonly<Link> }, LinkId>;
  groups: Parts<Group, GroupChange, number>;
  /** Other fields of the file. */
  rest: readonly FieldChange[];
  /** What the links mean. */
  wires: readonly WireChange[];
}

export interface Difference extends LevelDifference {
  subgraphs: readonly SubgraphChange[];
  /** The ids of all subgraphs as they stand afterwards. */
  definitions: readonly string[];
}

/** A piece of a text that both have, or one of them. */
export interface TextPiece {
  kind: 'same' | 'added' | 'removed';
  text: string;
}
