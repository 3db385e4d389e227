// SPDX-License-Identifier: LGPL-2.1-or-later

/** Waiting for conditions. Nothing in this suite sleeps for a fixed time. */

/* On a machine with other work, everything takes many times as long */
const TIMEOUT = 20000;
const STEP = 20;

/**
 * @param {() => any} predicate may be asynchronous; what it throws counts as
 *   "not yet" and is told if time runs out
 * @param {string} what for the error: "for WHAT"
 * @param {{timeout?: number, explain?: () => any}} options
 * @returns what the predicate returned when that was true
 */
export async function until(predicate, what,
  { timeout = TIMEOUT, explain } = {}) {
  const deadline = performance.now() + timeout;
  let problem = '';

  for (;;) {
    try {
      const result = await predicate();
      if (result)
        return result;
      problem = '';
    } catch (error) {
      if (error.fatal)
        throw error;
      problem = ` (${error.message})`;
    }
    if (performance.now() > deadline)
      break;
    await new Promise((resolve) => {
      setTimeout(resolve, STEP);
    });
  }
  const state = explain ? `\n${JSON.stringify(await explain(), null, 1)}` : '';
  throw new Error(`Waited ${timeout} ms for ${what}${problem}${state}`);
}

/** Holds for a while: the predicate must stay true that long. */
export async function stays(predicate, what, duration) {
  const deadline = performance.now() + duration;

  while (performance.now() < deadline) {
    if (!await predicate())
      throw new Error(`It did not stay so: ${what}`);
    await new Promise((resolve) => {
      setTimeout(resolve, STEP * 5);
    });
  }
}

export function ended({ code, signal }) {
  return signal ? `signal ${signal}` : `status ${code}`;
}
