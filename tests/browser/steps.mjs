// SPDX-License-Identifier: LGPL-2.1-or-later

/**
 * What can happen in a call, each with what must come of it. A step gets the
 * scene (scene.mjs) and leaves it as it is to be expected afterwards.
 */

import { isTone } from './measure.mjs';
import { MEDIA_STEPS } from './media-steps.mjs';
import { stays, until } from './wait.mjs';

const QUIET = 400;
const NO_MICROPHONE = 'not allowed to use the microphone';

async function operationDone(page) {
  await until(async () => !(await page.snapshot()).call?.operation,
    'the operation to finish', { explain: () => page.explain() });
  const { error } = (await page.snapshot()).call;
  if (error)
    throw new Error(`The page says: ${error}`);
}

async function isOver(end) {
  return /^(ended|cancelled)$/i.test(await end.state());
}

export const STEPS = {
  ...MEDIA_STEPS,

  async 'browser holds'({ page, far, expectMedia }) {
    await page.press('hold');
    await operationDone(page);
    await until(async () => (await page.snapshot()).call.localHold,
      'the page to hold');
    await until(() => far.remoteHold(), 'the far end to know that it is held',
      { explain: () => far.explain() });
    await expectMedia({ audio: 'none', video: 'none' });
  },

  async 'browser resumes'({ page, far, expectMedia }) {
    await page.press('hold');
    await operationDone(page);
    await until(async () => !await far.remoteHold(),
      'the far end to know that it is resumed',
      { explain: () => far.explain() });
    await expectMedia();
  },

  async 'browser adds video'(scene) {
    await scene.page.press('video');
    await operationDone(scene.page);
    scene.ways.video = scene.ways.video === 'none' ? 'sendonly' : 'sendrecv';
    await scene.expectMedia();
  },

  async 'browser removes video'(scene) {
    await scene.page.press('video');
    await operationDone(scene.page);
    scene.ways.video = scene.ways.video === 'sendonly' ? 'none' : 'recvonly';
    await scene.expectMedia();
  },

  async 'far holds'({ page, far, expectMedia }) {
    await far.hold();
    await until(() => far.localHold(), 'the far end to hold',
      { explain: () => far.explain() });
    await until(async () => (await page.snapshot()).call.remoteHold,
      'the page to know that it is held', { explain: () => page.explain() });
    await expectMedia({ audio: 'none', video: 'none' });
  },

  async 'far resumes'({ page, far, expectMedia }) {
    await far.resume();
    await until(async () => !(await page.snapshot()).call.remoteHold,
      'the page to know that it is resumed',
      { explain: () => page.explain() });
    await expectMedia();
  },

  async 'both hold, one after the other'({ page, far, expectMedia }) {
    const nothing = { audio: 'none', video: 'none' };

    await page.press('hold');
    await operationDone(page);
    await until(() => far.remoteHold(), 'the far end to be held',
      { explain: () => far.explain() });
    await far.hold();
    await until(async () => (await page.snapshot()).call.remoteHold,
      'the page to be held as well', { explain: () => page.explain() });
    await expectMedia(nothing);
    await page.press('hold');
    await operationDone(page);
    await until(async () => !await far.remoteHold(),
      'the far end to know that the page resumes',
      { explain: () => far.explain() });
    await expectMedia(nothing);
    await far.resume();
    await expectMedia();
  },

  async 'far adds video'(scene) {
    await scene.far.addVideo();
    scene.ways.video = scene.ways.video === 'none' ? 'recvonly' : 'sendrecv';
    await scene.expectMedia();
  },

  async 'far removes video'(scene) {
    await scene.far.removeVideo();
    scene.ways.video = scene.ways.video === 'recvonly' ? 'none' : 'sendonly';
    await scene.expectMedia();
  },

  async 'browser restarts ICE'({ page, expectMedia }) {
    const ufrag = () => page.page.evaluate(() =>
      /a=ice-ufrag:(\S+)/.exec(
        window.phone.call.peer.localDescription.sdp)[1]);
    const before = await ufrag();
    await page.press('restart');
    await operationDone(page);
    if (await ufrag() === before)
      throw new Error('The ICE credentials are the same after a restart');
    await expectMedia();
    await until(async () =>
      (await page.snapshot()).call.mediaConnection === 'connected',
    'the connection to be up after the restart');
    await stays(async () =>
      (await page.snapshot()).call.mediaConnection === 'connected',
    'connected after an ICE restart', QUIET);
  },

  async 'browser sends tones'({ page, far, expectMedia }, digits) {
    const before = far.tones().length;
    await page.pressKeys(digits);
    const heard = () => far.tones().slice(before).join('');
    await until(() => heard() === digits,
      `the far end to be told of the tones ${digits}`,
      { explain: () => ({ heard: heard(), page: page.problems }) });
    await expectMedia();
  },

  /* A page is not told of telephone events: the browser plays them */
  async 'far sends tones'({ page, far, expectMedia }, tones) {
    for (const [tone, ...frequencies] of tones) {
      await far.sendTones(tone, 2000);
      await until(async () => {
        const hz = await page.hears();
        return frequencies.some((frequency) => isTone(hz, frequency));
      }, `the page to hear the tone ${tone}`,
      { explain: async () => ({ heard: await page.hears() }) });
      await expectMedia();
    }
  },

  async 'browser declines'({ page, far }) {
    await page.reject();
    await until(() => isOver(far), 'the far end to learn that it is declined',
      { explain: () => far.explain() });
  },

  async 'far declines'({ page, far }) {
    await far.reject();
    await until(() => isOver(page), 'the page to learn that it is declined',
      { explain: () => page.explain() });
  },

  async 'browser cancels'({ page, far }) {
    await page.hangUp();
    await until(() => isOver(far), 'the far end to stop ringing',
      { explain: () => far.explain() });
  },

  async 'far cancels'({ page, far }) {
    await far.hangUp();
    await until(() => isOver(page), 'the page to stop ringing',
      { explain: () => page.explain() });
  },

  async 'browser closes its tab'({ page, far }) {
    await page.closeTab();
    await until(() => isOver(far), 'the far end to learn that the tab is gone',
      { timeout: 3000, explain: () => far.explain() });
  },

  async 'both hold at once'({ page, far, platform }) {
    /* Offers stay on the platform until the other end's is there as well */
    await platform.control('POST', '/faults', { set: { relayDelay: 1500 } });
    await Promise.all([page.press('hold'), far.press('hold')]);
    for (const end of [page, far])
      await until(async () => !(await end.snapshot()).call.operation,
        'both operations to finish', { explain: () => end.explain() });
    await platform.control('DELETE', '/faults');
    /* The platform lets one through; the refused end says so and may try
     * again */
    const told = [...await page.log(), ...await far.log()].filter(
      (text) => text.includes('at the same moment'));
    if (told.length !== 1)
      throw new Error(`One end was to be refused, not ${told.length}`);
    for (const end of [page, far]) {
      if (!(await end.snapshot()).call.localHold)
        await end.press('hold');
      await until(async () => (await end.snapshot()).call.localHold,
        'each end to hold', { explain: () => end.explain() });
    }
  },

  async 'both resume'({ page, far, expectMedia }) {
    await page.press('hold');
    await operationDone(page);
    if (await page.state() !== 'On Hold')
      throw new Error('The far end holds still, but the page does not show it');
    await far.press('hold');
    await operationDone(far);
    await expectMedia();
  },

  async 'websockets break'({ page, platform, expectMedia }) {
    await platform.control('POST', '/close-websockets',
      { user: page.address, code: 0 });
    await until(async () => (await page.log()).some(
      (text) => text.includes('connection was lost')),
    'the page to notice that its websocket is gone');
    await until(async () =>
      (await page.snapshot()).connection === 'connected',
    'the page to connect again', { explain: () => page.explain() });
    await expectMedia();
  },

  async 'browser calls nobody'({ page }) {
    await page.dial('nobody');
    await until(async () => {
      const { call } = await page.snapshot();
      return call?.state === 'Ended' && /address/.test(call.reason);
    }, 'the page to say that there is no such address',
    { explain: () => page.explain() });
    await until(async () => /address/.test(await page.page.textContent(
      '#problem')), 'the problem to be shown');
  },

  async 'a third one calls the browser'({ page, addPage, expectMedia }) {
    const third = await addPage('carol');
    await third.dial(page.address);
    await until(() => isOver(third), 'the third one to be refused',
      { explain: () => third.explain() });
    if (!(await page.log()).some((text) => text.includes('carol')))
      throw new Error('The page does not say who called');
    await expectMedia();
  },

  async 'tokens expire'({ page, platform }) {
    await platform.control('POST', '/expire-tokens', { user: page.address });
  },

  async 'channel expires'({ page, platform }) {
    await platform.control('POST', '/expire-channels', { user: page.address });
    await until(async () => (await page.log()).some(
      (text) => text.startsWith('Connection:')),
    'the page to notice that its channel is gone');
    await until(async () =>
      (await page.snapshot()).connection === 'connected',
    'the page to connect again', { explain: () => page.explain() });
  },

  async 'far calls, browser answers'({ page, far, expectMedia }) {
    await far.dial(page.address);
    await page.answer();
    await until(async () => await far.state() === 'Connected',
      'the call to be up', { explain: () => far.explain() });
    await expectMedia();
  },

  async 'slow start'({ page, far, platform, expectMedia }) {
    await platform.control('POST', '/faults', { set: { slowStart: true } });
    await far.dial(page.address);
    await page.answer();
    for (const end of [page, far])
      await until(async () => await end.state() === 'Connected',
        'the call to be up', { explain: () => end.explain() });
    await platform.control('DELETE', '/faults');
    await expectMedia();
  },

  async 'platform ends the call'({ page, far, platform }) {
    await platform.control('POST', '/end-sessions', { user: page.address });
    for (const end of [page, far])
      await until(() => isOver(end), 'each end to learn that it is over',
        { explain: () => end.explain() });
  },

  async 'keyboard answers and hangs up'({ page, far }) {
    const { keyboard } = far.page;
    /* The Answer button has the focus when a call comes in */
    await keyboard.press('Enter');
    await until(async () => await far.state() === 'Connected',
      'the call to be answered by keyboard', { explain: () => far.explain() });
    await far.page.focus('#hold');
    await keyboard.press('Space');
    await until(() => page.remoteHold(), 'the call to be held by keyboard',
      { explain: () => far.explain() });
    await keyboard.press('Shift+Tab');
    await keyboard.press('Enter');
    await until(() => isOver(page), 'the call to be ended by keyboard',
      { explain: () => page.explain() });
  },

  async 'browser calls without a microphone'({ page, far, expectMedia }) {
    await page.dial(far.address);
    await until(() => page.tells(NO_MICROPHONE),
      'the page to say what it lacks', { explain: () => page.explain() });
    if (!await isOver(page) || /ringing|connected/i.test(await far.state()))
      throw new Error('Nobody was to be called');
    await page.chooseTone(660);
    await page.dial(far.address);
    await until(async () => await page.state() === 'Connected',
      'the call to be up', { explain: () => page.explain() });
    await expectMedia();
  },

  async 'browser answers without a microphone'({ page, far, expectMedia }) {
    await page.answer();
    await until(() => page.tells(NO_MICROPHONE),
      'the page to say what it lacks', { explain: () => page.explain() });
    await stays(async () => await page.state() === 'Ringing' &&
      /ringing/i.test(await far.state()), 'ringing', QUIET);
    await page.chooseTone(660);
    await page.answer();
    await until(async () => await page.state() === 'Connected',
      'the call to be up', { explain: () => page.explain() });
    await expectMedia();
  },

  async 'candidates are hidden'({ page }) {
    if (!await page.offers('.local'))
      throw new Error('The browser was to hide its addresses');
  },

  async 'candidates are addresses'({ page }) {
    if (await page.offers('.local'))
      throw new Error('The browser was to show its addresses');
  },
};
