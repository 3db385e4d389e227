// SPDX-License-Identifier: LGPL-2.1-or-later

/**
 * Steps about what is sent and how good it is: statistics, quality, mutes,
 * screens, other sources, codecs and limits.
 */

import { isTone } from './measure.mjs';
import { until } from './wait.mjs';

/* s, on a busy machine */
const LONGEST_ROUND_TRIP = 2;
const ENOUGH_PACKETS = 30;
/* kbit/s: what is left to a browser for headers and probing */
const LIMIT_TOLERANCE = 1.2;
const REPORTS_TIMEOUT = 30000;
/* ms: several pictures at the limits of the table */
const RATE_WINDOW = 3000;

/** What both ends say of one stream, as one of them sends it */
function pairsOf(page, report) {
  const find = (entries, type, ssrc) => entries.find((entry) =>
    entry.type === type && entry.ssrc === ssrc);
  const pairs = [];

  for (const [from, to, way] of [[page, report, 'from'], [report, page, 'to']])
    for (const sent of from.filter((e) => e.type === 'outbound-rtp'))
      pairs.push({
        what: `${sent.kind} ${way} the browser`,
        sent,
        sentCodec: from.find((e) => e.id === sent.codecId),
        received: find(to, 'inbound-rtp', sent.ssrc),
        receivedCodec: to.find((e) => e.id ===
          find(to, 'inbound-rtp', sent.ssrc)?.codecId),
        heard: find(from, 'remote-inbound-rtp', sent.ssrc),
      });
  return pairs;
}

function disagreement({ what, sent, sentCodec, received, receivedCodec,
  heard }) {
  if (!received)
    return `${what}: nobody receives SSRC ${sent.ssrc}`;
  if (sent.kind !== received.kind)
    return `${what}: is received as ${received.kind}`;
  for (const field of ['payloadType', 'clockRate']) {
    if (!sentCodec || sentCodec[field] !== receivedCodec?.[field])
      return `${what}: ${field} ${sentCodec?.[field]} and ` +
        `${receivedCodec?.[field]}`;
  }
  if (sentCodec.mimeType.toLowerCase() !==
      receivedCodec.mimeType.toLowerCase())
    return `${what}: ${sentCodec.mimeType} and ${receivedCodec.mimeType}`;
  if (sent.packetsSent < ENOUGH_PACKETS)
    return `${what}: only ${sent.packetsSent} packets were sent`;
  if (received.packetsReceived < sent.packetsSent / 2)
    return `${what}: ${sent.packetsSent} packets sent, ` +
      `${received.packetsReceived} received`;
  if (!(heard?.roundTripTime >= 0 && heard.roundTripTime < LONGEST_ROUND_TRIP))
    return `${what}: the round trip takes ${heard?.roundTripTime} s`;
  return '';
}

/* In place of what a button would open */
function replaceAtBrowser(page, kind, source) {
  return page.page.evaluate(async ([what, name]) => {
    const { openSource } = await import('./media.js');
    const sender = window.phone.call.peer.getTransceivers()
      .find((t) => t.receiver.track.kind === what).sender;
    await sender.replaceTrack(name && await openSource(what, name));
  }, [kind, source]);
}

export const MEDIA_STEPS = {
  async 'statistics agree'({ page, far }) {
    let found = [];

    await until(async () => {
      const { report } = await far.stats();
      const pairs = pairsOf(await page.statistics(), report);
      found = pairs.map(disagreement).filter(Boolean);
      if (pairs.length === 0)
        found = ['nothing is sent'];
      return found.length === 0;
    }, 'the statistics of both ends to agree',
    { timeout: REPORTS_TIMEOUT, explain: () => found });

    /* Nobody has received what was not sent yet; but Chromium answers with a
     * report of up to 50 ms ago if another one has just been asked for */
    await until(async () => {
      const { report } = await far.stats();
      found = pairsOf(await page.statistics(), report)
        .filter(({ what, sent, received }) => sent.type === 'outbound-rtp' &&
          what.includes('from the browser') &&
          received.packetsReceived > sent.packetsSent)
        .map(({ what, sent, received }) => `${what}: ` +
          `${received.packetsReceived} packets of ${sent.packetsSent}`);
      return found.length === 0;
    }, 'no more to be received than was sent',
    { timeout: REPORTS_TIMEOUT, explain: () => found });
  },

  async 'sound stops for a while'({ page, far, expectMedia }) {
    const warnings = () => far.messages('kandy-quality')
      .filter(({ fields }) => fields.warning === 'no-audio')
      .map(({ fields }) => fields.raised);

    await replaceAtBrowser(page, 'audio', null);
    await until(() => warnings().at(-1) === true,
      'the far end to warn that it hears nothing',
      { timeout: REPORTS_TIMEOUT, explain: () => far.explain() });
    await replaceAtBrowser(page, 'audio', String(page.tone));
    await expectMedia();
    await until(() => warnings().at(-1) === false,
      'the far end to take its warning back',
      { timeout: REPORTS_TIMEOUT, explain: () => far.explain() });
  },

  async 'the path becomes bad, and good again'({ page, far, expectMedia }, path,
    expected) {
    const warnings = (name) => far.messages('kandy-quality')
      .filter(({ fields }) => fields.warning === name)
      .map(({ fields }) => fields.raised);

    if (warnings(expected).length > 0)
      throw new Error(`There was a warning of ${expected} on a good path`);
    await page.spoil(path);
    await until(() => warnings(expected).at(-1) === true,
      `the far end to warn of ${expected}`,
      { timeout: REPORTS_TIMEOUT, explain: () => far.explain() });
    await page.spoil({});
    await until(() => warnings(expected).at(-1) === false,
      'the far end to take its warning back',
      { timeout: REPORTS_TIMEOUT, explain: () => far.explain() });
    await expectMedia();
  },

  async 'browser mutes'({ page, expectMedia, ways }) {
    await page.press('mute');
    await expectMedia({ ...ways,
      audio: ways.audio === 'sendrecv' ? 'recvonly' : 'none' });
  },

  async 'browser unmutes'({ page, expectMedia }) {
    await page.press('mute');
    await expectMedia();
  },

  async 'far mutes'({ page, far }) {
    for (const pad of ['audio_0', 'video_0'])
      await far.mute(pad, true);
    await until(async () => !await page.hears(), 'the page to hear silence',
      { explain: () => page.explain() });
    await until(async () => await page.sees() === 'none' &&
      await page.getsFrames(), 'the page to see black',
    { explain: () => page.explain() });
  },

  async 'far unmutes'({ far, expectMedia }) {
    for (const pad of ['audio_0', 'video_0'])
      await far.mute(pad, false);
    await expectMedia();
  },

  async 'browser replaces its tracks'({ page, far }) {
    await replaceAtBrowser(page, 'audio', '700');
    await replaceAtBrowser(page, 'video', 'blue');
    await until(async () => Math.abs(await far.hears() - 700) < 15,
      'the far end to hear the other sound', { explain: () => far.explain() });
    await until(async () => await far.sees() === 'blue',
      'the far end to see the other picture', { explain: () => far.explain() });
  },

  async 'browser shows its screen'({ page, far }) {
    await page.press('screen');
    await until(async () => {
      const [camera, screen] = await page.pictureStreams();
      const seen = await far.seesAll();
      return camera !== screen && seen[camera] === page.colour &&
        seen[screen] === page.screen;
    }, 'the far end to see camera and screen and tell them apart',
    { explain: async () => ({ seen: await far.seesAll(),
      streams: await page.pictureStreams(), ...await far.explain() }) });
  },

  async 'browser hides its screen'({ page, far, expectMedia }) {
    await page.press('screen');
    await until(async () => {
      const seen = Object.values(await far.seesAll());
      return seen.length === 1 && seen[0] === page.colour;
    }, 'the far end to see the camera only',
    { explain: async () => ({ seen: await far.seesAll(),
      ...await far.explain() }) });
    await expectMedia();
  },

  async 'far replaces its tracks'({ page, far }) {
    const before = await page.descriptions();

    await far.replace('audio_0', 700);
    await far.replace('video_0', 'blue');
    await until(async () => isTone(await page.hears(), 700),
      'the page to hear the other sound', { explain: () => page.explain() });
    await until(async () => await page.sees() === 'blue',
      'the page to see the other picture', { explain: () => page.explain() });
    if (JSON.stringify(await page.descriptions()) !== JSON.stringify(before))
      throw new Error('Nothing was to be negotiated');
  },

  /* The page shows what was added last */
  async 'far shows its screen'({ page, far }) {
    await far.plug('screen_0', 'blue');
    await until(async () => await page.sees() === 'blue',
      'the page to see the screen', { explain: () => page.explain() });
  },

  async 'far hides its screen'({ far, expectMedia }) {
    await far.unplug('screen_0');
    await expectMedia();
  },

  async 'far opens its camera'(scene) {
    await scene.far.addDevice('camera', scene.far.colour);
    await scene.far.addDevice('screen', 'blue');
    await scene.far.openDevice('camera');
    scene.ways.video = 'recvonly';
    await scene.expectMedia();
  },

  async 'far opens its screen'({ page, far }) {
    await far.openDevice('screen');
    await until(async () => await page.sees() === 'blue',
      'the page to see the screen', { explain: () => page.explain() });
  },

  async 'far closes its screen'({ far, expectMedia }) {
    await far.closeScreen();
    await expectMedia();
  },

  async 'far loses its camera'(scene) {
    const { page, far } = scene;

    await far.loseDevice('camera');
    await until(() => far.messages('kandy-event')
      .some(({ fields }) => fields.name === 'devices:error'),
    'the pipeline to tell of it', { explain: () => far.explain() });
    scene.ways.video = 'none';
    await scene.expectMedia();
  },

  async 'the limit is kept'({ page }, kind, kbps) {
    const rate = async () => (await page.statistics()).find((entry) =>
      entry.type === 'outbound-rtp' && entry.kind === kind)?.targetBitrate;

    await until(async () => await rate() > 0 &&
      await rate() <= kbps * 1000 * LIMIT_TOLERANCE,
    `the browser to keep within ${kbps} kbit/s`,
    { explain: async () => ({ targetBitrate: await rate() }) });
  },

  /* Pictures that cannot be made that small: some have to be left out */
  async 'far keeps to the limit'({ page, far }, kbps) {
    const read = async () => (await page.statistics()).find((entry) =>
      entry.type === 'inbound-rtp' && entry.kind === 'video');
    const rate = async () => {
      const first = await read();
      let last = first;
      await until(async () => {
        last = await read();
        return last.timestamp - first.timestamp >= RATE_WINDOW &&
          last.framesReceived > first.framesReceived;
      }, 'pictures', { explain: () => page.explain() });
      return (last.bytesReceived + last.headerBytesReceived -
        first.bytesReceived - first.headerBytesReceived) * 8 /
        (last.timestamp - first.timestamp);
    };
    const rates = [];

    await far.replace('video_0', 'noise');
    await until(async () => {
      rates.push(await rate());
      return rates.slice(-2).length === 2 && rates.slice(-2).every((r) =>
        r <= kbps * LIMIT_TOLERANCE && r >= kbps / LIMIT_TOLERANCE / 2);
    }, `the far end to send ${kbps} kbit/s`,
    { timeout: REPORTS_TIMEOUT, explain: () => ({ rates }) });
  },

  async 'tones are sound only'({ page }) {
    if (await page.offers('telephone-event'))
      throw new Error('The browser was to take no telephone events');
  },

  async 'the codec is'({ page }, kind, codec) {
    await until(async () => {
      const used = await page.codecs(kind);
      return used.length > 0 && used.every((c) => c === codec.toLowerCase());
    }, `the ${kind} codec to be ${codec}`, { explain: () => page.explain() });
  },
};
