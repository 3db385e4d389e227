// SPDX-License-Identifier: LGPL-2.1-or-later

/**
 * The phone without its page: an account, one call at a time, what it sends
 * and what it measures, what is written and who is there. `window.phone` is one, for the page and for tests;
 * every operation is a promise that fails with an error in words.
 *
 * Events of a Phone: `change` when anything is different, `call` for a new
 * call (detail: the Call), `log` (detail: `{ time, text, bad }`).
 */

import { Call, sessionOf } from './call.js';
import { Chat } from './chat.js';
import { ONE_TO_ONE } from './conversation.js';
import { ColourMeter, ToneMeter, wakeAudio } from './media.js';
import { dropSpare, prepareSpare } from './peers.js';
import { People } from './people.js';
import { Platform, PlatformError } from './platform.js';
import { StatsMonitor } from './stats.js';

/* How long a notification waits for the call that it belongs to */
const EARLY_LIFETIME = 5000;
const LOG_LENGTH = 200;

export class Phone extends EventTarget {
  #making = 0;
  #early = [];
  #statsMonitor = null;
  #toneMeter = new ToneMeter();
  #colourMeter = new ColourMeter();

  constructor() {
    super();
    this.platform = new Platform();
    this.chat = new Chat(this.platform);
    this.people = new People(this.platform);
    this.settings = {
      audioSource: 'device',
      videoSource: 'device',
      screenSource: 'screen',
      audioCodec: '',
      videoCodec: '',
      /* whether what is received only is also what is sent only */
      sendsPreferred: true,
      /* whether tones go as events (RFC 4733) to those who take them */
      telephoneEvents: true,
      bundle: true,
      /* what the far end may send: `{ kind, type, value }` of a b= line */
      bandwidth: null,
      iceServer: '',
      iceServers: [],
    };
    this.call = null;
    this.log = [];
    /** Of the last reading, once a second while a call is up */
    this.stats = { streams: [], path: null };
    /** The element that shows the far end; the page sets it */
    this.remoteVideo = null;

    this.platform.addEventListener('notification',
      ({ detail }) => this.#notified(detail.type, detail.body));
    this.platform.addEventListener('connection', ({ detail }) => {
      if (detail.reason)
        this.note(`Connection: ${detail.reason}.`,
          detail.state === 'lost');
      this.#changed();
    });
    this.platform.addEventListener('complaint',
      ({ detail }) => this.note(detail.message, true));
    this.chat.addEventListener('message', ({ detail }) =>
      this.note(`${detail.message.sender} has written.`));
    this.chat.addEventListener('open', ({ detail }) => {
      if (detail.type === ONE_TO_ONE)
        this.people.watch(detail.peer).catch((error) =>
          this.note(error.message, true));
    });
    this.chat.addEventListener('invitation', ({ detail }) =>
      this.note(`${detail.from} invites you to ${detail.name}.`));
    this.platform.addEventListener('expired',
      ({ detail }) => this.note(detail.error.message, true));
    addEventListener('pagehide', () => {
      this.call?.abandon();
      this.platform.abandon();
    });
    setInterval(() => this.#readStats(), 1000);
  }

  // --- account ---

  async signOn(username, password) {
    await wakeAudio().catch(() => {});
    await this.platform.signOn(username, password);
    try {
      await this.platform.subscribe();
    } catch (error) {
      await this.platform.signOff();
      throw error;
    }
    await this.#prepareIce();
    prepareSpare(this.settings);
    this.note(`Signed on as ${this.platform.address}.`);
    this.#changed();
    this.#fetchPeople();
  }

  /* A phone without chat or contacts is still one. Never fails. */
  async #fetchPeople() {
    const results = await Promise.allSettled([
      this.chat.isAvailable ? this.chat.refresh() : null,
      this.people.refresh(),
    ]);
    for (const { reason } of results)
      if (reason)
        this.note(reason.message, true);
  }

  async signOff() {
    await this.call?.end();
    this.chat.leave();
    await this.platform.signOff();
    this.chat.clear();
    this.people.clear();
    dropSpare();
    this.note('Signed off.');
    this.#changed();
  }

  /** After the connection was lost for good. */
  async reconnect() {
    await this.platform.subscribe();
    this.#changed();
    this.#fetchPeople();
  }

  /* Protocol calls 1.5: the platform's credentials go with every server */
  async #prepareIce() {
    const urls = this.settings.iceServer.trim();
    this.settings.iceServers = [];
    if (!urls)
      return;
    const server = { urls };
    if (/^turns?:/.test(urls)) {
      try {
        const { username, password } = await this.platform.turnCredentials();
        Object.assign(server, { username, credential: password });
      } catch (error) {
        this.note(`No TURN server: ${error.message}`, true);
        return;
      }
    }
    this.settings.iceServers = [server];
  }

  // --- calls ---

  /**
   * @param {string} destination a name or `name@domain`
   * @param {object} media for each kind `sendrecv`, `sendonly`, `recvonly` or
   *   `none`
   * @returns {Promise<Call>} when the platform has taken the call
   */
  async dial(destination, media) {
    if (!this.platform.signedOn)
      throw new PlatformError('Sign on before you call.');
    if (this.call && !this.call.isOver)
      throw new PlatformError('There is a call already.');
    const remote = this.platform.complete(destination);
    if (!remote)
      throw new PlatformError('Whom do you want to call?');
    await wakeAudio().catch(() => {});
    const call = new Call(this.platform, this.settings,
      { direction: 'outgoing', remote: `sip:${remote}`, media });
    this.#adopt(call);
    this.note(`Calling ${remote}.`);
    this.#making++;
    try {
      await call.start();
    } finally {
      this.#making--;
      this.#replayEarly(call);
    }
    return call;
  }

  async answer(media) {
    await wakeAudio().catch(() => {});
    await this.#current().answer(media);
  }

  reject() {
    return this.#current().reject();
  }

  end() {
    return this.#current().end();
  }

  #current() {
    if (!this.call)
      throw new PlatformError('There is no call.');
    return this.call;
  }

  #adopt(call) {
    let state = call.state;
    let { error } = call;

    this.call = call;
    this.#statsMonitor = new StatsMonitor();
    this.stats = { streams: [], path: null };
    call.addEventListener('change', () => {
      if (call.state !== state) {
        state = call.state;
        if (!call.isOver)
          this.note(`Call: ${state.toLowerCase()}.`);
      }
      if (call.error !== error) {
        error = call.error;
        if (error && !call.isOver)
          this.note(error.message, true);
      }
      this.#attachMeters();
      this.#changed();
    });
    call.addEventListener('finished', () => {
      this.note(`${call.reason.replace(/\.$/, '')}.`, call.error !== null);
      if (this.platform.signedOn)
        prepareSpare(this.settings);
    });
    this.dispatchEvent(new CustomEvent('call', { detail: call }));
    this.#changed();
  }

  #notified(type, body) {
    if (this.chat.handle(type, body) || this.people.handle(type, body) ||
        !type.startsWith('wrtcs'))
      return;
    const sid = sessionOf(body.link?.[0]?.href);
    if (!sid)
      return;
    if (type === 'wrtcsSessionInvitationNotification') {
      this.#invited(body);
      return;
    }
    if (this.call?.sid === sid) {
      this.call.handle(type, body);
      return;
    }
    /* It can be here before the reply that names the session */
    if (this.#making > 0) {
      this.#early = this.#early
        .filter((e) => e.time > Date.now() - EARLY_LIFETIME);
      this.#early.push({ sid, type, body, time: Date.now() });
    }
  }

  #replayEarly(call) {
    const early = this.#early.filter((e) => e.sid === call.sid);
    this.#early = [];
    early.forEach((e) => call.handle(e.type, e.body));
  }

  #invited(body) {
    const call = Call.invited(this.platform, this.settings, body);
    if (this.call && !this.call.isOver) {
      if (this.call.sid === call.sid)
        return;
      this.note(`${call.remote} called; you were busy.`);
      call.reject();
      return;
    }
    this.note(`${call.remote} is calling.`);
    this.#adopt(call);
    call.ring();
  }

  // --- measurement ---

  #attachMeters() {
    const track = this.call?.isOver ? null
      : this.call?.remoteTrack('audio') ?? null;
    this.#toneMeter.attach(track);
  }

  async #readStats() {
    const { call } = this;
    if (!call?.peer || call.isOver || !this.#statsMonitor)
      return;
    const stats = await this.#statsMonitor.read(call.peer).catch(() => null);
    if (stats && this.call === call && !call.isOver) {
      this.stats = stats;
      this.dispatchEvent(new Event('stats'));
    }
  }

  /** What is heard now: `{ hz, db }`. */
  tone() {
    return this.#toneMeter.read();
  }

  /** What is seen now: `{ r, g, b }`, null without a picture. */
  colour() {
    return this.remoteVideo ? this.#colourMeter.read(this.remoteVideo) : null;
  }

  /** Everything at a glance, as plain data. */
  snapshot() {
    const { call, platform } = this;
    return {
      signedOn: platform.signedOn,
      address: platform.address,
      connection: platform.connection,
      call: call && {
        sid: call.sid,
        direction: call.direction,
        remote: call.remote,
        state: call.state,
        reason: call.reason,
        error: call.error?.message ?? null,
        operation: call.operation,
        localHold: call.localHold,
        remoteHold: call.remoteHold,
        offered: call.offered,
        mediaConnection: call.mediaConnection,
        times: { ...call.times },
      },
      chat: {
        conversations: this.chat.list.map((conversation) => ({
          type: conversation.type,
          peer: conversation.peer,
          unread: conversation.unread,
          typists: conversation.typists,
          messages: conversation.messages.map(
            ({ text, sender, own, status, files }) =>
              ({ text, sender, own, status, files: files.length })),
        })),
        groups: [...this.chat.groups.values()],
      },
      presences: Object.fromEntries(this.people.presences),
      tone: this.tone(),
      colour: this.colour(),
      stats: this.stats,
    };
  }

  /** Tells a person what happened. */
  note(text, bad = false) {
    const entry = { time: new Date(), text, bad };
    this.log.push(entry);
    if (this.log.length > LOG_LENGTH)
      this.log.shift();
    this.dispatchEvent(new CustomEvent('log', { detail: entry }));
  }

  #changed() {
    this.dispatchEvent(new Event('change'));
  }
}
