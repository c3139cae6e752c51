/** Growing, shrinking and softening a mask. */

/**
 * Grow what is masked by some pixels in every direction, or shrink it. Greys are kept. The grown shape of a point is an
 * octagon: a line across, one down and two diagonal ones, each along the other.
 *
 * @param {Uint8ClampedArray} mask
 * @param {number} width
 * @param {number} height
 * @param {number} pixels negative to shrink; what lies outside the picture is as what lies at its edge
 * @returns {Uint8ClampedArray<ArrayBuffer>}
 */
export function grow(mask, width, height, pixels) {
  const grown = new Uint8ClampedArray(mask);
  const radius = Math.abs(Math.round(pixels));
  if (radius === 0) return grown;
  if (pixels < 0) invert(grown);
  // Diagonal lines alone would leave every second pixel out.
  const diagonal = Math.min(Math.round(radius * (1 - Math.SQRT1_2)), Math.floor((radius - 1) / 2));
  const straight = radius - 2 * diagonal;
  for (let row = 0; row < height; row += 1) spread(grown, row * width, 1, width, straight);
  for (let column = 0; column < width; column += 1) spread(grown, column, width, height, straight);
  for (const side of /** @type {const} */ ([1, -1])) {
    for (const [start, stride, length] of diagonals(width, height, side)) spread(grown, start, stride, length, diagonal);
  }
  if (pixels < 0) invert(grown);
  return grown;
}

/** @param {Uint8ClampedArray} mask */
function invert(mask) {
  for (let at = 0; at < mask.length; at += 1) mask[at] = 255 - (mask[at] ?? 0);
}

/**
 * All lines of a picture that run down to the right, or (`side` is -1) to the left.
 *
 * @param {number} width
 * @param {number} height
 * @param {1 | -1} side
 * @returns {Generator<[start: number, stride: number, length: number]>}
 */
function* diagonals(width, height, side) {
  const first = side > 0 ? 0 : width - 1;
  for (let column = 0; column < width; column += 1) {
    yield [column, width + side, Math.min(height, side > 0 ? width - column : column + 1)];
  }
  for (let row = 1; row < height; row += 1) yield [row * width + first, width + side, Math.min(width, height - row)];
}

/**
 * Give each pixel of a line the most that is within `radius` of it, in time that does not depend on the radius (van
 * Herk, 1992): the most from the start of its block, and to the end of its block.
 *
 * @param {Uint8ClampedArray} data
 * @param {number} start
 * @param {number} stride
 * @param {number} length
 * @param {number} radius
 */
function spread(data, start, stride, length, radius) {
  if (radius === 0) return;
  const block = 2 * radius + 1;
  const padded = length + 2 * radius;
  const forward = new Uint8Array(padded);
  const backward = new Uint8Array(padded);
  for (let place = 0, at = start; place < length; place += 1, at += stride) forward[place + radius] = data[at] ?? 0;
  backward.set(forward);
  for (let place = 1; place < padded; place += 1) {
    if (place % block !== 0) forward[place] = Math.max(forward[place - 1] ?? 0, forward[place] ?? 0);
  }
  for (let place = padded - 2; place >= 0; place -= 1) {
    if ((place + 1) % block !== 0) backward[place] = Math.max(backward[place + 1] ?? 0, backward[place] ?? 0);
  }
  for (let place = 0, at = start; place < length; place += 1, at += stride) {
    data[at] = Math.max(backward[place] ?? 0, forward[place + 2 * radius] ?? 0);
  }
}

/**
 * Soften the edges of a mask: three means in a row, which come close to a Gaussian of this deviation.
 *
 * @param {Uint8ClampedArray} mask
 * @param {number} width
 * @param {number} height
 * @param {number} sigma in pixels
 * @returns {Uint8ClampedArray<ArrayBuffer>}
 */
export function feather(mask, width, height, sigma) {
  const soft = new Float32Array(mask);
  for (const radius of boxRadii(sigma)) {
    if (radius === 0) continue;
    for (let row = 0; row < height; row += 1) average(soft, row * width, 1, width, radius);
    for (let column = 0; column < width; column += 1) average(soft, column, width, height, radius);
  }
  return new Uint8ClampedArray(soft);
}

/**
 * The radii of three means whose variances add up to that of the Gaussian as nearly as whole pixels allow: a mean of
 * `2 r + 1` pixels has the variance `r (r + 1) / 3`.
 *
 * @param {number} sigma
 */
export function boxRadii(sigma) {
  const wanted = sigma * sigma;
  const variance = (/** @type {number} */ radius) => (radius * (radius + 1)) / 3;
  const low = Math.floor((Math.sqrt(1 + 4 * wanted) - 1) / 2);
  const larger = Math.round((wanted - 3 * variance(low)) / (variance(low + 1) - variance(low)));
  return [0, 1, 2].map((index) => (index < larger ? low + 1 : low));
}

/**
 * @param {Float32Array} data
 * @param {number} start
 * @param {number} stride
 * @param {number} length
 * @param {number} radius
 */
function average(data, start, stride, length, radius) {
  // Outside it goes on as at the edge, so that a mask at the picture's edge does not fade there.
  const line = new Float32Array(length + 2 * radius);
  for (let place = 0, at = start; place < length; place += 1, at += stride) line[place + radius] = data[at] ?? 0;
  line.fill(line[radius] ?? 0, 0, radius);
  line.fill(line[radius + length - 1] ?? 0, radius + length);
  const share = 1 / (2 * radius + 1);
  let sum = 0;
  for (let place = 0; place < 2 * radius; place += 1) sum += line[place] ?? 0;
  for (let place = 0, at = start; place < length; place += 1, at += stride) {
    sum += line[place + 2 * radius] ?? 0;
    data[at] = sum * share;
    sum -= line[place] ?? 0;
  }
}
