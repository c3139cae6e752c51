/** What is to be painted on: what opens the painter. */

import type { NodeId } from './document.d.ts';
import type { PictureRef } from './editor.d.ts';

export type LayerName = 'mask' | 'paint';

/** A picture, and which input of a node becomes what is painted; without an input a node is made that loads it. */
export interface PaintRequest {
  picture: PictureRef;
  node: NodeId | null;
  input: string | null;
  layer: LayerName;
}
