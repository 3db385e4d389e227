// SPDX-License-Identifier: LGPL-2.1-or-later

/** Plays one row of the table. */

import { ChatEnd } from './chat-end.mjs';
import { CHAT_STEPS } from './chat-steps.mjs';
import { isTone } from './measure.mjs';
import { PageEnd } from './page-end.mjs';
import { PipelineEnd } from './pipeline-end.mjs';
import { STEPS } from './steps.mjs';
import { until } from './wait.mjs';

const BROWSER = { user: 'alice', tone: 1000, colour: 'green' };
const FAR = { user: 'bob', tone: 440, colour: 'red' };
const MEDIA_TIMEOUT = 20000;

const MIRROR = { sendonly: 'recvonly', recvonly: 'sendonly' };
const mirror = (way) => MIRROR[way] ?? way;
const sends = (way) => way === 'sendrecv' || way === 'sendonly';
const receives = (way) => way === 'sendrecv' || way === 'recvonly';

class Scene {
  constructor({ row, browser, platform, endpointPath }) {
    const ways = { audio: row.audio ?? 'sendrecv', video: row.video ?? 'none' };

    const origin = row.tls ? platform.tlsOrigin : platform.origin;

    this.row = row;
    this.platform = platform;
    this.browser = browser;
    /** As the browser sees them; steps change them */
    this.ways = ways;
    this.page = new PageEnd(browser, {
      ...BROWSER,
      ...ways,
      origin,
      audioCodec: row.codecs?.audio,
      videoCodec: row.codecs?.video,
      ...row.page,
    });
    const far = {
      ...FAR,
      audio: mirror(ways.audio),
      video: mirror(ways.video),
      origin,
      answers: row.call === 'ringing' ? 'late' : 'at once',
    };
    this.isPageFar = row.far === 'page';
    if (row.tls && !this.isPageFar)
      far.properties = { 'tls-verify': false };
    const End = row.far === 'chat' ? ChatEnd : PipelineEnd;
    this.far = this.isPageFar ? new PageEnd(browser, far)
      : new End(endpointPath, { ...far, ...row.pipeline });
    this.expectMedia = this.expectMedia.bind(this);
    this.addPage = this.addPage.bind(this);
    /** Of the set-up: `{ ms, marks }` */
    this.setup = null;
  }

  get #isBrowserCalling() {
    return (this.row.caller ?? 'browser') === 'browser';
  }

  /* Both ends are signed on, the call is made and, if wanted, answered */
  async establish() {
    const [caller, callee] = this.#isBrowserCalling
      ? [this.page, this.far] : [this.far, this.page];
    const isRinging = this.row.call === 'ringing';

    await Promise.all([callee.open(), caller.open()]);
    if (this.row.call === 'none')
      return;
    await caller.dial(callee.address);
    await until(async () => /ringing|connected/i.test(await callee.state()),
      `${callee.name} to be called`, { explain: () => this.explain() });
    if (isRinging) {
      await until(async () => /ringing/i.test(await caller.state()),
        `${caller.name} to hear ringing`, { explain: () => this.explain() });
      return;
    }
    if (callee instanceof PageEnd)
      await callee.answer();
    for (const end of [caller, callee])
      await until(async () => /^connected$/i.test(await end.state()),
        `${end.name} to be connected`, { explain: () => this.explain() });
    Object.assign(this.ways, this.row.becomes);
    await this.expectMedia();
    if (!this.row.becomes)
      await this.expectCodecs();
    await this.#readSetup();
  }

  /** A third party, who is closed with the scene. */
  async addPage(user) {
    const page = new PageEnd(this.browser, { user, tone: 660, colour: 'blue',
      origin: this.platform.origin });
    this.#others.push(page);
    await page.open();
    return page;
  }

  #others = [];

  /* From the browser's click to what the pipeline gets first, with what the
   * page has noted on the way */
  async #readSetup() {
    if (this.isPageFar)
      return;
    const first = this.far.firstAt(sends(this.ways.audio) ? 'sound'
      : 'picture');
    if (!first)
      return;
    const clicked = await this.page.clickedAt();
    const { times } = (await this.page.snapshot()).call;
    const marks = this.#isBrowserCalling
      ? [['sent', times.initiated], ['answered', times.answered],
        ['path', times.media]]
      : [['sent', times.connected], ['path', times.media]];
    this.setup = {
      ms: first - clicked,
      marks: marks.map(([name, time]) => `${name} ${Math.round(time - clicked)}`)
        .join(', '),
    };
  }

  /** @param {object} ways as the browser sees them, as they are now if none */
  async expectMedia(ways = this.ways) {
    await this.#expectSound(this.far, sends(ways.audio) ? this.page.tone : 0);
    await this.#expectSound(this.page, receives(ways.audio) ? FAR.tone : 0);
    if (this.ways.video === 'none' && !this.#hadVideo)
      return;
    await this.#expectPicture(this.far,
      sends(ways.video) ? this.page.colour : null);
    await this.#expectPicture(this.page,
      receives(ways.video) ? FAR.colour : null);
  }

  #hadVideo = false;

  async #expectSound(end, tone) {
    await until(async () => {
      const hz = await end.hears();
      if (tone === 'device')
        return hz > 0;
      return tone ? isTone(hz, tone) : !hz;
    }, `${end.name} to hear ${tone ? `${tone} Hz` : 'nothing'}`,
    { timeout: MEDIA_TIMEOUT, explain: () => this.explain() });
  }

  async #expectPicture(end, colour) {
    this.#hadVideo = true;
    await until(async () => {
      /* A browser shows the last picture of what is not sent any more */
      const seen = await end.sees();
      if (colour === 'device')
        return seen !== null;
      return colour ? seen === colour
        : !seen || end instanceof PageEnd && !await end.getsFrames();
    }, `${end.name} to see ${colour ?? 'nothing'}`,
    { timeout: MEDIA_TIMEOUT, explain: () => this.explain() });
  }

  async expectCodecs() {
    for (const [kind, codec] of Object.entries(this.row.codecs ?? {}))
      await until(async () => {
        const used = await this.page.codecs(kind);
        return used.length > 0 && used.every((c) => c === codec.toLowerCase());
      }, `the ${kind} codec to be ${codec}`, { explain: () => this.explain() });
  }

  async end() {
    const which = this.row.end ?? 'browser';
    if (which === 'nobody')
      return;
    const [ender, other] = which === 'browser' ? [this.page, this.far]
      : [this.far, this.page];
    await ender.hangUp();
    for (const end of [ender, other])
      await until(async () => /^ended$/i.test(await end.state()),
        `${end.name} to learn that the call is over`,
        { explain: () => this.explain() });
  }

  async explain() {
    const page = this.page.page?.isClosed() === false
      ? await this.page.explain() : 'closed';
    const far = await this.far.explain();
    return { page, far };
  }

  async close() {
    await this.platform.control('DELETE', '/faults');
    for (const other of this.#others)
      await other.close();
    const problems = [
      ...await this.page.close(),
      ...await this.far.close(),
    ];
    /* Whatever happened, the platform must not be left with a call */
    await until(async () => (await this.platform.sessions()) === 0,
      'the platform to have no call left');
    return problems;
  }
}

async function playSteps(scene, progress) {
  progress.now = 'setting the call up';
  await scene.establish();
  for (const step of scene.row.steps ?? []) {
    const [name, ...args] = [step].flat();
    progress.now = name;
    try {
      await (STEPS[name] ?? CHAT_STEPS[name])(scene, ...args);
    } catch (error) {
      error.message = `${name}: ${error.message}`;
      throw error;
    }
  }
  progress.now = 'hanging up';
  await scene.end();
}

/**
 * @param {object} options with `timeout`, ms
 * @returns {Promise<?{ms: number, marks: string}>} of the set-up
 * @throws what went wrong
 */
export async function play(options) {
  const scene = new Scene(options);
  const progress = { now: '' };
  let problem = null;
  let timer = null;

  /* The scene is closed in any case: nothing of it may go on beside the next */
  try {
    await Promise.race([
      playSteps(scene, progress),
      new Promise((_, reject) => {
        timer = setTimeout(() => reject(new Error(
          `No end after ${options.timeout} ms, in: ${progress.now}`)),
        options.timeout);
      }),
    ]);
  } catch (error) {
    problem = error;
  }
  clearTimeout(timer);
  const others = await scene.close().catch((error) => [error.message]);
  if (problem)
    throw problem;
  if (others.length > 0)
    throw new Error(others.join('\n'));
  return scene.setup;
}
