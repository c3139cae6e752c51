/** Videos among pictures: they play by themselves, without sound, again and again. */

import { h } from './dom.js';

/** @param {string} name of a file */
export const isVideo = (name) => /\.(mp4|m4v|webm|mov)$/i.test(name);

/**
 * @param {string} className
 * @param {string} [url]
 * @param {string} [first] its first picture, which is all that a browser shows that cannot play it
 */
export function createVideo(className, url, first) {
  const video = h('video', { class: className });
  Object.assign(video, { autoplay: true, loop: true, muted: true, playsInline: true });
  if (url) video.src = url;
  if (first) video.poster = first;
  return video;
}
