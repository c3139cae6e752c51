/** Moments as people say them: how long ago, or the day. */

/** @import { Application } from '../types/app.d.ts' */

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/**
 * @param {Application} editor
 * @param {number} time milliseconds since the epoch
 * @param {number} [now]
 */
export function timeText({ locale }, time, now = Date.now()) {
  const language = locale.get();
  const ago = now - time;
  const relative = new Intl.RelativeTimeFormat(language, { numeric: 'auto' });
  if (ago < MINUTE) return relative.format(0, 'second');
  if (ago < HOUR) return relative.format(-Math.round(ago / MINUTE), 'minute');
  if (ago < 6 * HOUR) return relative.format(-Math.round(ago / HOUR), 'hour');
  const clock = new Intl.DateTimeFormat(language, { hour: '2-digit', minute: '2-digit' }).format(time);
  const days = Math.round((startOfDay(now) - startOfDay(time)) / DAY);
  if (days < 7) return `${relative.format(-days, 'day')} ${clock}`;
  return new Intl.DateTimeFormat(language, { dateStyle: 'medium' }).format(time);
}

/** @param {number} time */
const startOfDay = (time) => new Date(time).setHours(0, 0, 0, 0);

/** The time of the day, with the day where that is another one. @param {Application} editor @param {number} time */
export function clockText({ locale }, time, now = Date.now()) {
  const style = { timeStyle: /** @type {const} */ ('medium') };
  const day = startOfDay(now) === startOfDay(time) ? {} : { dateStyle: /** @type {const} */ ('medium') };
  return new Intl.DateTimeFormat(locale.get(), { ...style, ...day }).format(time);
}

/** To the second, for a tooltip. @param {Application} editor @param {number} time */
export const exactTime = ({ locale }, time) =>
  new Intl.DateTimeFormat(locale.get(), { dateStyle: 'full', timeStyle: 'medium' }).format(time);
