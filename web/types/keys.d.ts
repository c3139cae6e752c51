/** Which keys run which commands. */

export interface KeyMap {
  /** The keys of a command as they hold; inside an effect it runs again when they change. */
  of(id: string): readonly string[];
  /** The keys that a command has unless the user changes them. */
  own(id: string): readonly string[];
  isChanged(id: string): boolean;
  anyChanged(): boolean;
  /** The commands that keys run. */
  commandsOf(keys: string): string[];
  set(id: string, keys: readonly string[]): void;
  reset(id: string): void;
  resetAll(): void;
}
