// SPDX-License-Identifier: LGPL-2.1-or-later

/** What was measured, against what was sent. */

const TONE_TOLERANCE = 15;
const COLOUR_CONTRAST = 60;

/** @returns `red`, `green`, `blue`, or `none` for what is no clear colour */
export function colourName({ r, g, b }) {
  const channels = [['red', r], ['green', g], ['blue', b]]
    .sort((x, y) => y[1] - x[1]);
  return channels[0][1] - channels[1][1] > COLOUR_CONTRAST
    ? channels[0][0] : 'none';
}

export function isTone(hz, expected) {
  return Math.abs(hz - expected) <= TONE_TOLERANCE;
}
