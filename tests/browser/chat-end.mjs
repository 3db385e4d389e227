// SPDX-License-Identifier: LGPL-2.1-or-later

/**
 * Our elements as somebody who writes and reads: `kandychatsink`,
 * `kandychatsrc` and `kandysignaller` in a process of its own.
 */

import { PipelineEnd } from './pipeline-end.mjs';
import { until } from './wait.mjs';

const quote = (text) => JSON.stringify(text);

export class ChatEnd extends PipelineEnd {
  #partner;

  constructor(path, options) {
    super(path, options);
    this.#partner = options.partner ?? 'alice@loopback.example';
  }

  get callProperties() {
    return {};
  }

  description(account) {
    const pen = (name, more) => `appsrc name=${name}-src ` +
      'caps=text/x-raw,format=utf8 format=time ' +
      `! kandychatsink name=${name} ${more}`;
    return `kandysignaller name=account services=chat+presence ${account} ` +
      `${pen('pen', `destination=${this.#partner}`)} ` +
      'kandychatsrc line-feeds=false ! appsink name=page sync=false ' +
      'async=false ' +
      `${pen('chalk', 'conversation-type=chat-group destination=none')} ` +
      'kandychatsrc line-feeds=false conversation-type=chat-group ' +
      '! appsink name=board sync=false async=false';
  }

  /** What was read: one to one (`page`) or in groups (`board`). */
  read(where = 'page') {
    return this.events.filter((e) => e.event === 'text' && e.name === where)
      .map((e) => e.text);
  }

  write(text) {
    return this.command('write', { element: 'pen-src', text });
  }

  async writeToGroup(id, text) {
    await this.command('set',
      { element: 'chalk', property: 'destination', value: id });
    await this.command('write', { element: 'chalk-src', text });
  }

  setTyping(typing) {
    return this.#act('set-is-typing', this.#partner, 'chat-onetoone',
      String(typing));
  }

  sendFile(path) {
    return this.#act('send-message', this.#partner, 'chat-onetoone',
      'a file', path);
  }

  /**
   * A method of the platform's document
   * @param {object} fields texts, or arrays of them
   */
  request(method, fields = {}) {
    const text = Object.entries(fields).map(([name, value]) =>
      `, ${name}=${Array.isArray(value)
        ? `(string)<${value.map(quote).join(', ')}>`
        : `(string)${quote(value)}`}`).join('');
    return this.#act('request', `${method}${text};`);
  }

  #act(signal, ...args) {
    return this.command('emit', { element: 'account', signal, args });
  }

  /** Payloads of the document's event, in order. */
  payloads(name) {
    return this.messages('kandy-event')
      .filter((e) => e.fields.name === name)
      .map((e) => e.fields.payload ?? e.fields);
  }

  /** The next payload of an event from now on that fits. */
  async expectEvent(name, fits, action) {
    const before = this.payloads(name).length;
    let found;
    await action();
    await until(() => {
      found = this.payloads(name).slice(before).find(fits);
      return found;
    }, `the far end to be told ${name}`, { explain: () => this.explain() });
    return found;
  }
}
