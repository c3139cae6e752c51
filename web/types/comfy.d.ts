/** What scripts for ComfyUI's editor bring: the parts of their contract that this editor honours. */

import type { ComfyApi } from '../comfy/comfy-api.js';
import type { ComfyApp } from '../comfy/comfy-app.js';
import type { ComfyDialog, element } from '../comfy/comfy-ui.js';

/** A function of theirs, of which nothing is known. */
export type Foreign = (...values: unknown[]) => unknown;

export interface ComfyCommand {
  id: string;
  label?: string;
  function: Foreign;
}

export interface ComfyKeybinding {
  combo: { key: string; ctrl?: boolean; alt?: boolean; shift?: boolean; meta?: boolean };
  commandId: string;
}

export interface ComfySetting {
  id: string;
  name: string;
  type: unknown;
  defaultValue?: unknown;
  options?: readonly (string | { text: string; value?: unknown })[];
  attrs?: { min?: number; max?: number; step?: number };
  onChange?: Foreign;
}

export interface ComfyTab {
  id: string;
  title?: string;
  render?: (element: HTMLElement) => void;
  destroy?: () => void;
}

export interface ComfyMenuItem {
  content?: string;
  title?: string;
  disabled?: boolean;
  callback?: Foreign;
  has_submenu?: boolean;
  submenu?: { options: readonly (ComfyMenuItem | null)[] };
}

/** What `app.registerExtension` is given; hooks that are not named here are not called. */
export interface ComfyExtension {
  name: string;
  init?: Foreign;
  setup?: Foreign;
  addCustomNodeDefs?: Foreign;
  beforeRegisterNodeDef?: Foreign;
  nodeCreated?: Foreign;
  loadedGraphNode?: Foreign;
  beforeConfigureGraph?: Foreign;
  afterConfigureGraph?: Foreign;
  getCanvasMenuItems?: Foreign;
  getNodeMenuItems?: Foreign;
  commands?: readonly ComfyCommand[];
  keybindings?: readonly ComfyKeybinding[];
  settings?: readonly ComfySetting[];
  bottomPanelTabs?: readonly ComfyTab[];
}

/** A widget that a script has put on a node; it is the page's, not the document's. */
export interface AddedWidget {
  name: string;
  kind: 'button' | 'toggle' | 'number' | 'combo' | 'text' | 'element';
  value: unknown;
  options: Record<string, unknown>;
  callback: Foreign | null;
  element: HTMLElement | null;
  height: number;
}

/** The modules of ComfyUI's editor that scripts can import, by their names. */
export interface ComfyModules {
  app: { app: ComfyApp };
  api: { api: ComfyApi };
  ui: { $el: typeof element; ComfyDialog: typeof ComfyDialog };
}

declare global {
  interface Window {
    comfyAPI: ComfyModules;
    app: ComfyApp;
  }
}
