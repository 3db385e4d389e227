// SPDX-License-Identifier: LGPL-2.1-or-later

/** What can be written and told without a call, as in steps.mjs. */

import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { until } from './wait.mjs';

const NAME = 'Roof';
const PAGE = 20;

const explained = (scene) => ({ explain: () => scene.explain() });

async function openConversation({ page, far }) {
  await page.page.fill('#partner', far.name);
  await page.page.click('#new-chat button');
  await page.page.waitForSelector('#conversation:not([hidden])');
}

async function write({ page }, text) {
  await page.page.fill('#message', text);
  await page.page.press('#message', 'Enter');
}

/* The texts that are shown, and what is said of each: [text, foot] */
function shown(page) {
  return page.page.$$eval('#messages li', (items) => items.map((item) =>
    [item.querySelector('.text')?.textContent ?? '',
      [...item.querySelectorAll('.hint')].map((p) => p.textContent).join(' ')]));
}

async function expectShown(scene, text, says = '') {
  await until(async () => (await shown(scene.page)).some(([said, foot]) =>
    said === text && foot.includes(says)),
  `the page to show “${text}” ${says}`, explained(scene));
}

async function isOpen({ page }) {
  return page.page.isVisible('#conversation');
}

async function groupId({ page }) {
  return (await page.snapshot()).chat.groups
    .find((group) => group.name === NAME)?.id;
}

async function withFolder(action) {
  const folder = await mkdtemp(join(tmpdir(), 'gst-kandy-files-'));
  try {
    await action(folder);
  } finally {
    await rm(folder, { recursive: true });
  }
}

export const CHAT_STEPS = {
  async 'browser writes'(scene, text) {
    if (!await isOpen(scene))
      await openConversation(scene);
    await write(scene, text);
    await until(() => scene.far.read().includes(text),
      `the far end to read “${text}”`, explained(scene));
    await expectShown(scene, text, 'sent');
  },

  async 'far writes'(scene, text) {
    await scene.far.write(text);
    await expectShown(scene, text);
  },

  async 'far writes unread'(scene) {
    const { page, far } = scene;
    await far.write('first');
    await far.write('second');
    await until(async () =>
      await page.page.textContent('#unread') === '2',
    'the page to count what is unread', explained(scene));
    await page.page.click('#conversations button');
    await expectShown(scene, 'first');
    await expectShown(scene, 'second');
    if ((await shown(page)).length !== 2)
      throw new Error('What came twice is shown twice: ' +
        JSON.stringify(await shown(page)));
    await until(async () => await page.page.textContent('#unread') === '',
      'nothing to be unread', explained(scene));
  },

  async 'browser types'(scene) {
    const { page, far } = scene;
    const isTyping = (state) => ({ sender, state: now }) =>
      sender === page.address && now === state;
    await far.expectEvent('isTypingList:change', isTyping('active'),
      () => page.page.type('#message', 'Hm'));
    await far.expectEvent('isTypingList:change', isTyping('idle'),
      () => page.page.fill('#message', ''));
  },

  async 'far types'(scene) {
    const typing = () => scene.page.page.textContent('#typing');
    await scene.far.setTyping(true);
    await until(async () => (await typing()).includes(scene.far.name),
      'the page to show who is typing', explained(scene));
    await scene.far.setTyping(false);
    await until(async () => await typing() === '',
      'the page to show that nobody is typing', explained(scene));
  },

  async 'browser tells its presence'({ page, far }) {
    await far.request('presence.subscribe', { users: page.address });
    await far.expectEvent('presence:change', (presence) =>
      presence.userId === page.address && presence.status === 'Closed' &&
      presence.activity === 'ActivitiesOther' &&
      presence.note === 'painting', async () => {
      await page.page.selectOption('#activity', 'ActivitiesOther');
      await page.page.fill('#note', 'painting');
      await page.page.uncheck('#open');
      await page.page.click('#presence button');
    });
    await until(async () => /painting, not to be disturbed/.test(
      await page.page.textContent('#own-presence')),
    'the page to show how its user is');
  },

  async 'far tells its presence'(scene) {
    const { far, page } = scene;
    await openConversation(scene);
    for (const [fields, words] of [
      [{ status: 'Open', activity: 'Lunch' }, 'at lunch'],
      [{ status: 'Closed', activity: 'Busy' }, 'busy, not to be disturbed'],
      [{ status: 'Open', activity: 'ActivitiesOther', note: 'up a <ladder>' },
        'up a <ladder>'],
    ]) {
      await far.request('presence.update', fields);
      await until(async () => (await page.page.textContent(
        '#conversation-who')).endsWith(words),
      `the page to show “${words}”`, explained(scene));
    }
  },

  async 'browser makes a group'(scene) {
    const { far, page } = scene;
    const { invitation } = await far.expectEvent('group:invitation_received',
      (payload) => payload.invitation.name === NAME, async () => {
        await page.page.click('#make-group summary');
        await page.page.fill('#group-name', NAME);
        await page.page.fill('#group-members', far.name);
        await page.page.click('#new-group button');
      });
    await until(async () => (await page.page.textContent('#conversation-who'))
      .includes(`${far.name} (invited)`), 'the page to show who is invited',
    explained(scene));
    await far.request('groups.acceptInvitation', { groupId: invitation.id });
    await until(async () => !(await page.page.textContent('#conversation-who'))
      .includes('(invited)'), 'the page to show that all have joined',
    explained(scene));
  },

  async 'far makes a group'(scene) {
    const { far, page } = scene;
    await far.request('groups.create',
      { name: NAME, participants: [page.address] });
    await page.page.click('#invitations button:text-is("Join")');
    await until(async () => await page.page.textContent(
      '#conversation-title') === NAME, 'the page to join', explained(scene));
    await until(() => far.payloads('group:change').length > 0,
      'the far end to learn that the page has joined', explained(scene));
  },

  async 'browser writes to the group'(scene, text) {
    await write(scene, text);
    await until(() => scene.far.read('board').includes(text),
      `the far end to read “${text}” in the group`, explained(scene));
    await expectShown(scene, text, 'sent');
    if (scene.far.read().includes(text))
      throw new Error('What was said in the group came outside of it, too');
  },

  async 'far writes to the group'(scene, text) {
    await scene.far.writeToGroup(await groupId(scene), text);
    await expectShown(scene, text, scene.far.name);
  },

  async 'browser deletes the group'(scene) {
    const { far, page } = scene;
    await far.expectEvent('group:delete', () => true,
      () => page.page.click('#leave-group'));
    await until(async () => !await isOpen(scene),
      'the page to close the group', explained(scene));
  },

  async 'far deletes the group'(scene) {
    await scene.far.request('groups.delete',
      { groupId: await groupId(scene) });
    await until(async () => !await isOpen(scene),
      'the page to close the group', explained(scene));
  },

  async 'browser reads history'(scene) {
    const { far, page } = scene;
    const texts = Array.from({ length: PAGE + 5 }, (_, i) => `number ${i}`);
    for (const text of texts)
      await far.write(text);
    await until(async () => await page.page.textContent('#unread') ===
      String(texts.length), 'the page to get all', explained(scene));
    /* A page that is opened anew has nothing but the platform's history */
    const again = await scene.addPage(page.name);
    await again.page.click('#conversations button');
    await until(async () => (await shown(again)).length === PAGE,
      'the latest page of history', { explain: () => again.explain() });
    await again.page.click('#earlier');
    await until(async () => (await shown(again)).length === texts.length,
      'all of the history', { explain: () => again.explain() });
    const order = (await shown(again)).map(([text]) => text).join();
    if (order !== texts.join())
      throw new Error(`The history is out of order: ${order}`);
    if (await again.page.isVisible('#earlier'))
      throw new Error('There is said to be more history than there is');
  },

  async 'browser sends a file'(scene) {
    const { far, page } = scene;
    const bytes = Buffer.alloc(300000, 'kandy ');
    await openConversation(scene);
    await page.page.setInputFiles('#file', { name: '../of "doom".bin',
      mimeType: 'application/octet-stream', buffer: bytes });
    await write(scene, 'with a file');
    await until(() => far.read().includes('with a file'),
      'the far end to get the message', explained(scene));
    await expectShown(scene, 'with a file', 'sent');
    const { chat } = await page.snapshot();
    if (chat.conversations[0].messages.at(-1).files !== 1)
      throw new Error('The message has lost its file');
  },

  async 'far sends a file'(scene) {
    const { far, page } = scene;
    await withFolder(async (folder) => {
      const path = join(folder, 'plan.txt');
      const content = 'measure twice, cut once\n'.repeat(1000);
      await writeFile(path, content);
      await far.sendFile(path);
      await expectShown(scene, 'a file');
      const coming = page.page.waitForEvent('download');
      await page.page.click('#messages button[aria-label="Save plan.txt"]');
      const download = await coming;
      const saved = join(folder, 'saved');
      await download.saveAs(saved);
      if (download.suggestedFilename() !== 'plan.txt')
        throw new Error(`It is named ${download.suggestedFilename()}`);
      if (await readFile(saved, 'utf8') !== content)
        throw new Error('The file is not what was sent');
    });
  },

  async 'browser sends again'(scene) {
    const { far, page, platform } = scene;
    await openConversation(scene);
    await platform.control('POST', '/faults', { on: 'request', method: 'POST',
      path: '/adhoc/messages', user: page.address, status: 503 });
    await write(scene, 'at last');
    await expectShown(scene, 'at last', 'not sent');
    await until(async () => /overloaded/.test(await page.page.textContent(
      '#problem')), 'the page to say why', explained(scene));
    await platform.control('DELETE', '/faults');
    await page.page.click('#messages button:text-is("Send again")');
    await until(() => far.read().includes('at last'),
      'the far end to get it', explained(scene));
    await expectShown(scene, 'at last', 'sent');
    if ((await shown(page)).length !== 1)
      throw new Error('There are two of the message: ' +
        JSON.stringify(await shown(page)));
  },

  async 'browser keeps contacts'(scene) {
    const { far, page } = scene;
    await page.page.click('#add-contact summary');
    await page.page.fill('#contact-name', 'Bob <the> builder');
    await page.page.fill('#contact-address', far.name);
    await page.page.click('#new-contact button');
    await far.request('presence.update', { status: 'Open', activity: 'Lunch' });
    await until(async () => /builder.*at lunch/.test(
      await page.page.textContent('#contacts')),
    'the contact and how it is', explained(scene));
    /* The platform keeps them */
    const again = await scene.addPage(page.name);
    await until(async () => /builder.*at lunch/.test(
      await again.page.textContent('#contacts')),
    'the contact on another device', { explain: () => again.explain() });
    await again.page.click('#contacts button:text-is("Remove")');
    await until(async () => await again.page.isVisible('#no-contacts'),
      'the contact to be gone', { explain: () => again.explain() });
  },

  async 'browser writes by keyboard'(scene) {
    const { far, page } = scene;
    const { keyboard } = page.page;
    await page.page.focus('#partner');
    await keyboard.type(far.name);
    await keyboard.press('Enter');
    /* The message is where one is then */
    await until(() => page.page.evaluate(() =>
      document.activeElement.id === 'message'), 'the message to be focused');
    await keyboard.type('one');
    await keyboard.press('Shift+Enter');
    await keyboard.type('two');
    await keyboard.press('Enter');
    await until(() => far.read().includes('one\ntwo'),
      'the far end to read both lines', explained(scene));
    await keyboard.type('three');
    await keyboard.press('Tab');
    await keyboard.press('Enter');
    await until(() => far.read().includes('three'),
      'the far end to read what the button sent', explained(scene));
  },

  async 'nothing sticks out'({ page }) {
    const [content, window_] = await page.page.evaluate(() =>
      [document.documentElement.scrollWidth, innerWidth]);
    if (content > window_)
      throw new Error(`The page is ${content} wide on ${window_}`);
  },

  async 'a second device'(scene) {
    const { far, page } = scene;
    const second = await scene.addPage(page.name);
    await openConversation(scene);
    await write(scene, 'from the first');
    await until(async () => (await second.snapshot()).chat.conversations
      .some(({ messages }) => messages.some(({ own, text }) =>
        own && text === 'from the first')),
    'the second device to know what the first has said',
    { explain: () => second.explain() });
    await second.page.click('#conversations button');
    await far.write('to both');
    await expectShown(scene, 'to both');
    await expectShown({ ...scene, page: second }, 'to both');
    await write({ page: second }, 'from the second');
    await expectShown(scene, 'from the second');
    await until(() => far.read().join() === 'from the first,from the second',
      'the far end to read each once', explained(scene));
  },
};
