/** A line of the server's log. `t` is ISO 8601; `number` counts since the server's start. */

export interface LogLine {
  t: string;
  m: string;
  level: 'info' | 'warning' | 'error';
  number: number;
}
