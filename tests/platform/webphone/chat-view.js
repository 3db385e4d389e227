// SPDX-License-Identifier: LGPL-2.1-or-later

/** The page's messages: conversations, groups, and the one that is read. */

import { GROUP } from './conversation.js';
import { $, attempt, button, make, replaceIfNew } from './page.js';

const DAY = 24 * 3600 * 1000;

function formatTime(time) {
  const date = new Date(time);
  const clock = date.toLocaleTimeString([], { timeStyle: 'short' });
  return Date.now() - time < DAY ? clock
    : `${date.toLocaleDateString([], { dateStyle: 'short' })} ${clock}`;
}

function formatSize(bytes) {
  if (bytes < 1000)
    return `${bytes} bytes`;
  return bytes < 1e6 ? `${(bytes / 1000).toFixed(0)} kB`
    : `${(bytes / 1e6).toFixed(1)} MB`;
}

export class ChatView {
  #phone;
  #isAtEnd = true;
  #shown = null;

  constructor(phone) {
    const { chat } = phone;
    this.#phone = phone;

    $('write').addEventListener('submit', attempt(async () => {
      const { current } = chat;
      const text = $('message').value.trim();
      const [file] = $('file').files;
      if (!current || (!text && !file))
        return;
      $('write').reset();
      this.#resize();
      this.#isAtEnd = true;
      await current.send(text, file ?? null);
    }));
    $('message').addEventListener('keydown', (event) => {
      if (event.key !== 'Enter' || event.shiftKey || event.isComposing)
        return;
      event.preventDefault();
      $('write').requestSubmit();
    });
    $('message').addEventListener('input', () => {
      this.#resize();
      if ($('message').value)
        chat.current?.typed();
      else
        chat.current?.stopTyping();
    });
    $('new-chat').addEventListener('submit', attempt(async () => {
      await chat.openWith($('partner').value);
      $('new-chat').reset();
      $('message').focus();
    }));
    $('new-group').addEventListener('submit', attempt(async () => {
      await chat.createGroup($('group-name').value,
        $('group-members').value.split(/[\s,;]+/));
      $('new-group').reset();
      $('make-group').open = false;
      $('message').focus();
    }));
    $('earlier').addEventListener('click', attempt(() =>
      chat.current?.fetchEarlier()));
    $('leave-chat').addEventListener('click', () => {
      chat.leave();
      $('partner').focus();
    });
    $('leave-group').addEventListener('click', attempt(async () => {
      await chat.leaveGroup(chat.current.peer);
      $('partner').focus();
    }));
    $('file').addEventListener('change', () => this.#showFile());
    $('messages').addEventListener('scroll', () => {
      const { scrollTop, scrollHeight, clientHeight } = $('messages');
      this.#isAtEnd = scrollTop + clientHeight > scrollHeight - 24;
    });
    addEventListener('focus', () => chat.current?.read());
    chat.addEventListener('change', () => this.render());
    phone.people.addEventListener('change', () => this.render());
  }

  /* As high as what is written, within bounds */
  #resize() {
    const { style } = $('message');
    style.height = 'auto';
    style.height = `${$('message').scrollHeight + 2}px`;
    this.#showFile();
  }

  #showFile() {
    const [file] = $('file').files;
    $('file-name').textContent = file
      ? `With ${file.name}, ${formatSize(file.size)}` : '';
  }

  #nameOf(address) {
    return this.#phone.people.list
      .find((contact) => contact.address === address)?.name ||
      address.split('@')[0];
  }

  #titleOf(conversation) {
    return conversation.type === GROUP
      ? this.#phone.chat.groups.get(conversation.peer)?.name ||
        'A group that you left'
      : this.#nameOf(conversation.peer);
  }

  render() {
    const { chat, platform } = this.#phone;
    const { current, unread } = chat;

    $('chat').hidden = !platform.signedOn || !chat.isAvailable;
    $('unread').textContent = unread || '';
    $('to-chat').setAttribute('aria-label',
      unread ? `Messages, ${unread} unread` : 'Messages');
    this.#renderInvitations(chat);
    this.#renderConversations(chat);
    $('conversation').hidden = !current;
    $('no-conversation').hidden = Boolean(current) ||
      chat.conversations.size > 0;
    if (current)
      this.#renderCurrent(current);
    this.#shown = current;
  }

  #renderInvitations(chat) {
    const invitations = [...chat.invitations.values()];
    replaceIfNew($('invitations'), invitations, () =>
      invitations.map((invitation) => make('li', {},
        make('p', {}, `${invitation.from} invites you to `,
          make('strong', {}, invitation.name), '.'),
        make('div', { className: 'row' },
          button('Join', `Join ${invitation.name}`, async () => {
            await chat.accept(invitation);
            $('message').focus();
          }, 'primary'),
          button('Decline', `Decline ${invitation.name}`,
            () => chat.decline(invitation))))));
  }

  #renderConversations(chat) {
    const { people } = this.#phone;
    const shown = chat.list.map((conversation) => ({
      key: conversation.key,
      title: this.#titleOf(conversation),
      text: conversation.typists.length ? 'is writing…'
        : conversation.last.text,
      presence: conversation.type === GROUP ? 'group'
        : people.describe(conversation.peer),
      unread: conversation.unread,
      isCurrent: conversation === chat.current,
    }));

    replaceIfNew($('conversations'), shown, () => shown.map((entry) => {
      const item = make('button', { type: 'button', data: { key: entry.key } },
        make('span', { className: 'who' }, entry.title),
        make('span', { className: 'hint' }, entry.presence),
        make('span', { className: 'last' }, entry.text));
      if (entry.unread)
        item.append(make('span', { className: 'badge' },
          `${entry.unread} new`));
      if (entry.isCurrent)
        item.setAttribute('aria-current', 'true');
      item.addEventListener('click', attempt(async () => {
        await chat.open(chat.conversations.get(entry.key));
        $('message').focus();
      }));
      return make('li', {}, item);
    }));
  }

  #renderCurrent(conversation) {
    const { chat, people } = this.#phone;
    const isGroup = conversation.type === GROUP;
    const group = chat.groups.get(conversation.peer);
    const list = $('messages');

    if (conversation !== this.#shown) {
      $('write').reset();
      this.#resize();
      this.#isAtEnd = true;
    }
    $('conversation-title').textContent = this.#titleOf(conversation);
    $('conversation-who').textContent = isGroup
      ? (group?.members ?? []).filter(({ status }) => status !== 'Disconnected')
        .map(({ address, status }) => this.#nameOf(address) +
          (status === 'Invited' ? ' (invited)' : '')).join(', ')
      : [conversation.peer, people.describe(conversation.peer)]
        .filter(Boolean).join(' · ');
    $('leave-group').hidden = !isGroup || !group;
    $('leave-group').textContent = group?.members.some(({ address, isAdmin }) =>
      isAdmin && address === this.#phone.platform.address)
      ? 'Delete group' : 'Leave group';
    $('write').hidden = isGroup && !group;
    $('earlier').hidden = !conversation.hasEarlier;
    $('earlier').disabled = conversation.fetched === 'running';
    $('nothing-said').hidden = conversation.messages.length > 0 ||
      conversation.fetched !== 'yes';

    const { scrollHeight, scrollTop } = list;
    const signature = [conversation.key, conversation.messages.map((m) =>
      [m.id, m.text, m.status, m.time, m.files.length])];
    if (replaceIfNew(list, signature, () => conversation.messages.map((m) =>
      this.#makeMessage(conversation, m)))) {
      /* What is read stays where it is while earlier ones come above it */
      list.scrollTop = this.#isAtEnd ? list.scrollHeight
        : scrollTop + list.scrollHeight - scrollHeight;
    }
    const names = conversation.typists.map((address) => this.#nameOf(address));
    $('typing').textContent = names.length === 0 ? ''
      : `${names.join(', ')} ${names.length > 1 ? 'are' : 'is'} writing…`;
  }

  #makeMessage(conversation, message) {
    const item = make('li', { className: message.own ? 'own' : '' });
    const foot = make('p', { className: 'hint' });

    if (!message.own && conversation.type === GROUP)
      item.append(make('p', { className: 'hint' },
        this.#nameOf(message.sender)));
    if (message.text)
      item.append(make('p', { className: 'text' }, message.text));
    for (const file of message.files)
      item.append(file.link ? button(`${file.name}, ${formatSize(file.size)}`,
        `Save ${file.name}`, () => this.#save(file))
        : make('p', { className: 'text' }, file.name));
    foot.append(formatTime(message.time));
    if (message.own)
      foot.append(` · ${message.status === 'sending' ? 'sending…'
        : message.status === 'failed' ? 'not sent' : message.status}`);
    item.append(foot);
    if (message.status === 'failed') {
      foot.classList.add('bad');
      item.append(make('p', { className: 'hint bad' }, message.problem ?? ''),
        button('Send again', '', () => conversation.sendAgain(message)));
    }
    return item;
  }

  async #save(file) {
    const blob = await this.#phone.platform.download(`Fetching ${file.name}`,
      file.link);
    const link = make('a', { href: URL.createObjectURL(blob),
      download: file.name });
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 60000);
  }
}
