// SPDX-License-Identifier: LGPL-2.1-or-later

/**
 * What is written between this user and another, or in a group: history by
 * pages, sending with what became of it, and who is writing.
 *
 * Event of a Conversation: `change`.
 */

import { PlatformError, randomId } from './platform.js';

const PAGE = 20;
/* How long the other end is told that we write; longer without news of it, and
 * it has forgotten (protocol messaging 2.6) */
const REFRESH = 60;
const GRACE = 5;
const PAUSE = 5000;

export const ONE_TO_ONE = 'oneToOne';
export const GROUP = 'group';

/**
 * @typedef {object} Message
 * @property {string} id empty until the platform has given one
 * @property {string} text
 * @property {object[]} files `{ name, size, link }`
 * @property {string} sender
 * @property {boolean} own
 * @property {number} time ms
 * @property {'sending'|'failed'|string} status the platform's word in lower
 *   case, for example `sent`
 * @property {?string} problem why it was not sent
 */

/** What the platform says of a message, as a {@link Message}. */
export function readMessage(object, id, self) {
  const sender = String(object.senderAddress ?? '').toLowerCase();
  return {
    id,
    text: String(object.text ?? ''),
    files: [object.attachment ?? []].flat()
      .filter((file) => typeof file?.link === 'string')
      .map((file) => ({ name: String(file.name || 'file'),
        size: Number(file.size) || 0, link: file.link })),
    sender,
    own: sender === self.toLowerCase(),
    time: Number(object.dateTime) || Date.now(),
    status: String(object.status ?? '').toLowerCase(),
    problem: null,
  };
}

export function messageIdOf(url) {
  const [, id] = /\/messages\/([^/?]+)/.exec(String(url ?? '')) ?? [];
  return id ? decodeURIComponent(id) : '';
}

export class Conversation extends EventTarget {
  #platform;
  #typists = new Map();
  #next = null;
  #known = new Set();
  #typingTimer = 0;
  #toldActive = 0;

  constructor(platform, type, peer) {
    super();
    this.#platform = platform;
    this.type = type;
    this.peer = peer;
    /** @type {Message[]} oldest first */
    this.messages = [];
    this.unread = 0;
    /** Of the last one, also if it was not fetched */
    this.last = { text: '', time: 0 };
    /** One of `no`, `running`, `yes` */
    this.fetched = 'no';
  }

  get key() {
    return `${this.type} ${this.peer}`;
  }

  get #path() {
    const base = `${this.#platform.pathOf('chat')}/${this.type}/` +
      encodeURIComponent(this.peer);
    return `${base}${this.type === GROUP ? '' : '/adhoc'}/messages`;
  }

  /** Addresses of those who are writing now. */
  get typists() {
    return [...this.#typists.keys()];
  }

  get hasEarlier() {
    return this.fetched !== 'yes' || this.#next !== null;
  }

  // --- history ---

  /** The newest page the first time, then the one before. */
  async fetchEarlier() {
    if (this.fetched === 'running' || !this.hasEarlier)
      return;
    const before = this.fetched;
    this.fetched = 'running';
    this.#changed();
    try {
      const query = new URLSearchParams({ max: PAGE });
      if (this.#next)
        query.set('next', this.#next);
      const reply = await this.#platform.request('Fetching what was written',
        'GET', `${this.#path}?${query}`);
      const list = reply.chatMessageList ?? {};
      for (const object of [list.chatMessage ?? []].flat())
        this.#insert(readMessage(object, messageIdOf(object.resourceURL),
          this.#platform.address), true);
      this.#next = list.next ? String(list.next) : null;
      this.fetched = 'yes';
    } catch (error) {
      this.fetched = before;
      throw error;
    } finally {
      this.#changed();
    }
  }

  /**
   * Of messages of one millisecond, older ones go before those that are there,
   * new ones after them: history comes newest first.
   */
  #insert(message, isOlder = false) {
    if (message.id && this.#known.has(message.id))
      return false;
    if (message.id)
      this.#known.add(message.id);
    let at = this.messages.findIndex((m) => isOlder
      ? m.time >= message.time : m.time > message.time);
    if (at < 0)
      at = this.messages.length;
    this.messages.splice(at, 0, message);
    if (isOlder ? message.time > this.last.time
      : message.time >= this.last.time)
      this.last = { text: describe(message), time: message.time };
    return true;
  }

  /** One that a notification brought. @returns whether it was new */
  add(message) {
    /* Our own come back from the platform, also while they are on the way */
    const pending = message.own && this.messages.find((m) => !m.id &&
      m.status === 'sending' && m.text === message.text &&
      m.files.length === message.files.length);
    if (pending) {
      this.#confirm(pending, message);
      return false;
    }
    this.#setTyping(message.sender, false);
    const isNew = this.#insert(message);
    if (isNew && !message.own)
      this.unread++;
    this.#changed();
    return isNew;
  }

  read() {
    if (this.unread === 0)
      return;
    this.unread = 0;
    this.#changed();
  }

  // --- sending ---

  /**
   * @param {string} text
   * @param {?File} file
   * @returns {Promise<void>} settled when it is known what became of it, which
   *   the message itself tells
   */
  async send(text, file = null) {
    const message = { id: '', text, file, sender: this.#platform.address,
      files: file ? [{ name: file.name, size: file.size, link: '' }] : [],
      own: true, time: Date.now(), status: 'sending', problem: null };
    this.stopTyping();
    this.#insert(message);
    await this.#deliver(message);
  }

  async sendAgain(message) {
    message.status = 'sending';
    message.problem = null;
    await this.#deliver(message);
  }

  async #deliver(message) {
    this.#changed();
    try {
      const chatMessage = { text: message.text };
      if (message.file)
        chatMessage.attachment = [await this.#upload(message.file)];
      const reply = await this.#platform.request('Sending the message', 'POST',
        this.#path, { chatMessage });
      const object = reply.chatMessage ?? {};
      const id = messageIdOf(object.resourceURL);
      if (!id)
        throw new PlatformError(
          'Sending the message: the platform does not say its id.');
      /* The notification may have been faster */
      if (!message.id)
        this.#confirm(message,
          readMessage(object, id, this.#platform.address));
    } catch (error) {
      if (!message.id) {
        message.status = 'failed';
        message.problem = error.message;
      }
      throw error;
    } finally {
      this.#changed();
    }
  }

  #confirm(message, said) {
    this.#known.add(said.id);
    Object.assign(message, { id: said.id, status: said.status || 'sent',
      files: said.files.length ? said.files : message.files, file: null });
    this.#changed();
  }

  async #upload(file) {
    const form = new FormData();
    form.append('root-fields', JSON.stringify(
      { object: { attributes: { attribute: [] }, flags: { flag: [] } } }));
    form.append('raw', file, file.name || randomId());
    const reply = await this.#platform.request('Sending the file', 'POST',
      `${this.#platform.pathOf('nms').replace('/v1/', '/v1/chat/')}/objects`,
      form);
    const attributes = new Map([reply.object?.attributes?.attribute ?? []]
      .flat().map(({ name, value }) => [name, [value].flat()[0]]));
    if (!attributes.get('x-id'))
      throw new PlatformError(
        'Sending the file: the platform does not say where it is.');
    return { name: attributes.get('name') ?? file.name,
      'x-id': attributes.get('x-id') };
  }

  // --- typing ---

  /** At each key: the others are told once, and again before they forget. */
  typed() {
    clearTimeout(this.#typingTimer);
    this.#typingTimer = setTimeout(() => this.stopTyping(), PAUSE);
    if (Date.now() - this.#toldActive < REFRESH * 500)
      return;
    this.#toldActive = Date.now();
    this.#tellTyping('active');
  }

  stopTyping() {
    clearTimeout(this.#typingTimer);
    if (!this.#toldActive)
      return;
    this.#toldActive = 0;
    this.#tellTyping('idle');
  }

  /* Nobody misses it if it does not arrive */
  #tellTyping(state) {
    this.#platform.request('Telling that you write', 'POST', this.#path, {
      isComposing: { contenttype: 'text/plain', refresh: String(REFRESH),
        state, lastactive: Date.now() },
    }).catch(() => {});
  }

  /** What a notification says of somebody else. */
  composing({ senderAddress, state, refresh }) {
    const seconds = Math.min(Number(refresh) || REFRESH, 10 * REFRESH);
    this.#setTyping(String(senderAddress ?? '').toLowerCase(),
      state === 'active', seconds + GRACE);
    this.#changed();
  }

  #setTyping(address, isActive, seconds) {
    clearTimeout(this.#typists.get(address));
    this.#typists.delete(address);
    if (isActive)
      this.#typists.set(address, setTimeout(() => {
        this.#typists.delete(address);
        this.#changed();
      }, seconds * 1000));
  }

  /** When nobody needs it any more. */
  close() {
    this.#typists.forEach((timer) => clearTimeout(timer));
    this.#typists.clear();
    clearTimeout(this.#typingTimer);
  }

  #changed() {
    this.dispatchEvent(new Event('change'));
  }
}

function describe(message) {
  return message.text || message.files.map((file) => file.name).join(', ');
}
