// SPDX-License-Identifier: LGPL-2.1-or-later

/** What the parts of the page share: errors in words, elements. */

export const $ = (id) => document.getElementById(id);

export function show(error) {
  $('problem').textContent = error?.message ?? String(error);
  $('problem').hidden = false;
}

/** Does what is pressed, and tells what went wrong. */
export function attempt(action) {
  return async (event) => {
    event?.preventDefault?.();
    $('problem').hidden = true;
    try {
      await action(event);
    } catch (error) {
      show(error);
    }
  };
}

/**
 * @param {string} tag
 * @param {object} properties of the element; `data` are its data attributes
 * @param {...(Node|string)} children
 */
export function make(tag, { data, ...properties } = {}, ...children) {
  const element = document.createElement(tag);
  Object.assign(element, properties);
  Object.assign(element.dataset, data);
  element.append(...children);
  return element;
}

export function button(text, label, action, className = '') {
  const element = make('button', { type: 'button', className }, text);
  if (label)
    element.setAttribute('aria-label', label);
  element.addEventListener('click', attempt(action));
  return element;
}

/**
 * New children only if they say something else than before: what is the same
 * keeps the focus, and is not read out again.
 */
export function replaceIfNew(parent, signature, children) {
  const text = JSON.stringify(signature);
  if (parent.dataset.shown === text)
    return false;
  parent.dataset.shown = text;

  const focused = parent.contains(document.activeElement)
    ? document.activeElement.closest('[data-key]')?.dataset.key : null;
  parent.replaceChildren(...children());
  if (focused)
    [...parent.querySelectorAll('[data-key]')]
      .find((element) => element.dataset.key === focused)?.focus();
  return true;
}
