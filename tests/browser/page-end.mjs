// SPDX-License-Identifier: LGPL-2.1-or-later

/**
 * The web phone in a browser as one end of a call. It is used as a person uses
 * it: by its fields and buttons; what it says of itself is read from
 * `window.phone`.
 */

import { colourName } from './measure.mjs';
import { until } from './wait.mjs';

/* Several frame times */
const FRAME_WAIT = 400;
/* bytes/s and packets: no limit, but without one packets are left alone */
const MUCH = 1e8;
const MANY = 1000;

export class PageEnd {
  #context = null;
  #browser;
  #options;
  #devtools = null;

  /**
   * @param {object} options `origin`, `user`, `tone` (Hz), `colour`, `audio`
   *   and `video` (ways), `audioCodec`, `videoCodec`, `sendsPreferred`, `bundle`,
   *   `realAddresses`, `telephoneEvents`, `refused`, `screen` (a colour),
   *   `bandwidth` (`{ kind, type, value }` of a b= line), `path` (as for
   *   spoil(), which needs it)
   */
  constructor(browser, options) {
    this.#browser = browser;
    this.#options = options;
    this.page = null;
    this.problems = [];
  }

  /** What it sends: a frequency or `device`; a colour or `device` */
  get tone() {
    return this.#options.tone;
  }

  get colour() {
    return this.#options.colour;
  }

  get screen() {
    return this.#options.screen;
  }

  get name() {
    return this.#options.user;
  }

  get address() {
    return `${this.#options.user}@loopback.example`;
  }

  async open() {
    const { origin, user, tone, colour } = this.#options;

    this.#context = await this.#browser.newContext({
      viewport: this.#options.viewport ?? { width: 900, height: 1100 },
      ignoreHTTPSErrors: true,
    });
    /* A browser shows its addresses to a page that may use the microphone,
     * and hides them behind mDNS names from others */
    if (this.#options.realAddresses)
      await this.#context.grantPermissions(['microphone', 'camera'],
        { origin });
    this.page = await this.#context.newPage();
    if (this.#options.path)
      await this.spoil(this.#options.path);
    /* The suite's browser grants whatever is asked for: this is what a page is
     * told where a person says no */
    if (this.#options.refused)
      await this.page.addInitScript(() => {
        navigator.mediaDevices.getUserMedia = () => Promise.reject(
          new DOMException('Permission denied', 'NotAllowedError'));
      });
    this.page.on('pageerror',
      (error) => this.problems.push(`uncaught: ${error.message}`));
    this.page.on('console', (message) => {
      /* The browser itself logs each failure of the network, which the page
       * handles */
      if (message.type() === 'error' &&
          !/^(Failed to load|WebSocket connection)/.test(message.text()))
        this.problems.push(`console: ${message.text()}`);
    });
    await this.page.addInitScript(() => {
      addEventListener('click', () => {
        window.clickedAt = Date.now();
      }, true);
    });
    const query = new URLSearchParams({ user: `${user}@loopback.example`,
      audio: tone, video: colour });
    await this.page.goto(`${origin}/?${query}`);
    await this.#choose();
    await this.page.fill('#password', user);
    await this.page.click('#sign-on button');
    await until(async () => {
      const { connection } = await this.snapshot();
      return connection === 'connected';
    }, `${user}'s page to sign on`, { explain: () => this.explain() });
  }

  async #choose() {
    const { audio = 'sendrecv', video = 'none', audioCodec, videoCodec, bundle }
      = this.#options;

    await this.page.evaluate(() => {
      document.getElementById('settings').open = true;
    });
    await this.page.selectOption('#audio-way', audio);
    if (video !== 'none')
      await this.page.selectOption('#video-way', video);
    if (audioCodec)
      await this.page.selectOption('#audio-codec', audioCodec);
    if (videoCodec)
      await this.page.selectOption('#video-codec', videoCodec);
    await this.page.setChecked('#bundle', bundle ?? true);
    await this.page.evaluate((settings) => {
      Object.assign(window.phone.settings, settings);
    }, { sendsPreferred: this.#options.sendsPreferred ?? true,
      telephoneEvents: this.#options.telephoneEvents ?? true,
      screenSource: this.#options.screen ?? 'screen',
      bandwidth: this.#options.bandwidth ?? null });
  }

  snapshot() {
    return this.page.evaluate(() => window.phone.snapshot());
  }

  /** What it has told its user. */
  log() {
    return this.page.evaluate(
      () => window.phone.log.map((entry) => entry.text));
  }

  async explain() {
    return { ...await this.snapshot(), log: await this.log(),
      problems: this.problems };
  }

  clickedAt() {
    return this.page.evaluate(() => window.clickedAt);
  }

  /** Sends a tone from the next call on. */
  async chooseTone(hz) {
    await this.page.selectOption('#audio-source', `${hz}`);
    this.#options = { ...this.#options, tone: hz };
  }

  /** Whether it tells its user of a problem in these words. */
  tells(words) {
    return this.page.locator('#problem', { hasText: words }).isVisible();
  }

  async dial(address) {
    await this.page.fill('#destination', address);
    await this.page.click(this.#options.video && this.#options.video !== 'none'
      ? '#dial button[value="video"]' : '#dial button[value="audio"]');
  }

  async answer() {
    await this.page.click(this.#options.video?.startsWith('send')
      ? '#answer-video' : '#answer');
  }

  reject() {
    return this.page.click('#reject');
  }

  hangUp() {
    return this.page.click('#end');
  }

  press(id) {
    return this.page.click(`#${id}`);
  }

  async pressKeys(digits) {
    if (!await this.page.evaluate(
      () => document.getElementById('keypad').open))
      await this.page.click('#keypad summary');
    for (const digit of digits)
      await this.page.click(`#keypad .keys button:text-is("${digit}")`);
  }

  async state() {
    return (await this.snapshot()).call?.state ?? '';
  }

  async remoteHold() {
    return (await this.snapshot()).call?.remoteHold ?? false;
  }

  async hears() {
    const { tone } = await this.snapshot();
    return tone.hz;
  }

  async sees() {
    const { colour } = await this.snapshot();
    return colour && colourName(colour);
  }

  /** Whether new pictures come. */
  async getsFrames() {
    const count = () => this.page.evaluate(() =>
      document.getElementById('remote-video').getVideoPlaybackQuality()
        .totalVideoFrames);
    const before = await count();
    await new Promise((resolve) => {
      setTimeout(resolve, FRAME_WAIT);
    });
    return await count() > before;
  }

  /** Codec that is received and sent, in lower case. */
  async codecs(kind) {
    const { stats } = await this.snapshot();
    return stats.streams.filter((s) => s.kind === kind && s.packets > 0)
      .map((s) => s.codec.toLowerCase());
  }

  /** The entries of its RTCStatsReport. */
  statistics() {
    return this.page.evaluate(async () =>
      [...(await window.phone.call.peer.getStats()).values()]);
  }

  async offers(text) {
    return this.page.evaluate((part) =>
      window.phone.call?.peer?.localDescription?.sdp.includes(part), text);
  }

  /** What it and the far end have agreed on: text of both. */
  descriptions() {
    return this.page.evaluate(() => {
      const { localDescription, remoteDescription } = window.phone.call.peer;
      return [localDescription.sdp, remoteDescription.sdp];
    });
  }

  /** Ids of the streams in which it sends pictures, in the order of m-lines. */
  async pictureStreams() {
    const [sdp] = await this.descriptions();
    return sdp.split(/^m=/m).filter((part) => part.startsWith('video ') &&
      /^a=send/m.test(part))
      .map((part) => /^a=msid:(\S+)/m.exec(part)?.[1] ?? '');
  }

  /**
   * What the browser does to the packets of its calls, each way. It only does so
   * to calls of a page that was told before they began.
   * @param {{loss?: number, latency?: number}} path percent, ms
   */
  async spoil({ loss = 0, latency = 0 }) {
    this.#devtools ??= await this.#context.newCDPSession(this.page);
    await this.#devtools.send('Network.enable');
    await this.#devtools.send('Network.emulateNetworkConditions', {
      offline: false,
      latency,
      downloadThroughput: MUCH,
      uploadThroughput: MUCH,
      packetLoss: loss,
      packetQueueLength: MANY,
    });
  }

  closeTab() {
    return this.page.close();
  }

  async close() {
    await this.#context?.close();
    return this.problems;
  }
}
