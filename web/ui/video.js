/** Videos among pictures: they play by themselves, without sound, again and again. */

import { h } from './dom.js';

/** @param {string} name of a file */
export const isVideo = (name) => /\.(mp4|m4v|webm|mov)$/i.test(name);

/** @param {string} className @param {string} [url] */
export function createVideo(className, url) {
  const video = h('video', { class: className });
  Object.assign(video, { autoplay: true, loop: true, muted: true, playsInline: true });
  if (url) video.src = url;
  return video;
}
