/** Styles of what is not there at the start: loaded when it is first shown. */

/**
 * @param {string} name a file of `style/`, without its ending
 * @returns {Promise<void>} resolves when the styles hold, or cannot be read
 */
export function loadStyle(name) {
  const { href } = new URL(`../style/${name}.css`, import.meta.url);
  const links = [...document.head.querySelectorAll('link')];
  const link = links.find((each) => each.href === href) ?? append(href);
  if (link.sheet) return Promise.resolve();
  return new Promise((resolve) => {
    for (const event of ['load', 'error']) link.addEventListener(event, () => resolve(), { once: true });
  });
}

/** @param {string} href */
function append(href) {
  const link = document.createElement('link');
  link.rel = 'stylesheet';
  link.href = href;
  document.head.append(link);
  return link;
}
