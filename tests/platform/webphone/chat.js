// SPDX-License-Identifier: LGPL-2.1-or-later

/**
 * The user's conversations and groups.
 *
 * Events of a Chat: `change` when anything is different, `message` for one
 * from somebody else (detail: `{ conversation, message }`), `invitation`
 * (detail: `{ id, name, from }`), `open` (detail: the Conversation that is
 * read from now on).
 */

import { Conversation, GROUP, ONE_TO_ONE, messageIdOf, readMessage }
  from './conversation.js';
import { PlatformError } from './platform.js';

const CONNECTED = 'Connected';

const linkOf = (body, rel) =>
  [body.link ?? []].flat().find((link) => link?.rel === rel)?.href;
const groupIdOf = (url) => String(url ?? '').split('/').pop().toLowerCase();

function readGroup(object) {
  return {
    id: groupIdOf(object.resourceURL),
    name: String(object['x-name'] ?? ''),
    members: [object.participant ?? []].flat().map((member) => ({
      address: String(member.address ?? '').toLowerCase(),
      status: String(member.status ?? ''),
      isAdmin: member['x-isAdmin'] === true,
    })),
  };
}

export class Chat extends EventTarget {
  #platform;

  constructor(platform) {
    super();
    this.#platform = platform;
    /** @type {Map<string, Conversation>} by their keys */
    this.conversations = new Map();
    /** @type {Map<string, object>} `{ id, name, members }` */
    this.groups = new Map();
    /** @type {Map<string, object>} `{ id, name, from }` */
    this.invitations = new Map();
    /** The one that is being read */
    this.current = null;
  }

  get isAvailable() {
    return Boolean(this.#platform.service('chat'));
  }

  /** What was written last comes first. */
  get list() {
    return [...this.conversations.values()]
      .sort((a, b) => b.last.time - a.last.time);
  }

  get unread() {
    return this.list.reduce((sum, { unread }) => sum + unread, 0);
  }

  // --- conversations ---

  /** Groups and conversations as the platform knows them. */
  async refresh() {
    const base = this.#platform.pathOf('chat');
    const [groups, ...sessions] = await Promise.all([
      this.#platform.request('Fetching the groups', 'GET', `${base}/group`),
      ...[ONE_TO_ONE, GROUP].map((type) => this.#platform.request(
        'Fetching the conversations', 'GET', `${base}/${type}/sessions`)),
    ]);
    this.groups.clear();
    for (const object of [groups.groupChatSessionInformationList
      ?.groupChatSessionInformation ?? []].flat())
      this.#adoptGroup(readGroup(object));
    sessions.forEach((reply, i) => {
      for (const { remoteAddress, sessionDetails: details }
        of [reply.chatSessionList?.chatSession ?? []].flat()) {
        const conversation = this.#get(i === 0 ? ONE_TO_ONE : GROUP,
          String(remoteAddress ?? '').toLowerCase());
        const time = Number(details?.lastMessageTime) || 0;
        if (time > conversation.last.time)
          conversation.last = { text: String(details?.lastText ?? ''), time };
      }
    });
    this.#changed();
  }

  clear() {
    this.conversations.forEach((conversation) => conversation.close());
    this.conversations.clear();
    this.groups.clear();
    this.invitations.clear();
    this.current = null;
    this.#changed();
  }

  #get(type, peer) {
    const key = `${type} ${peer}`;
    let conversation = this.conversations.get(key);
    if (!conversation) {
      conversation = new Conversation(this.#platform, type, peer);
      conversation.addEventListener('change', () => {
        if (conversation === this.current && document.hasFocus())
          conversation.read();
        this.#changed();
      });
      this.conversations.set(key, conversation);
    }
    return conversation;
  }

  /** Reads a conversation with somebody, which is made if there is none. */
  async openWith(name) {
    const address = this.#platform.complete(name);
    if (!address)
      throw new PlatformError('Whom do you want to write to?');
    await this.open(this.#get(ONE_TO_ONE, address));
  }

  async open(conversation) {
    this.current?.stopTyping();
    this.current = conversation;
    conversation.read();
    this.dispatchEvent(new CustomEvent('open', { detail: conversation }));
    this.#changed();
    if (conversation.fetched === 'no')
      await conversation.fetchEarlier();
  }

  leave() {
    this.current?.stopTyping();
    this.current = null;
    this.#changed();
  }

  // --- groups ---

  /** @param {string[]} names of those to invite */
  async createGroup(name, names) {
    if (!name.trim())
      throw new PlatformError('What is the group to be called?');
    const self = this.#platform.address;
    const others = names.map((text) => this.#platform.complete(text))
      .filter((address) => address && address !== self);
    const reply = await this.#platform.request('Making the group', 'POST',
      `${this.#platform.pathOf('chat')}/group`, {
        groupChatSessionInformation: {
          participant: [self, ...new Set(others)].map((address) =>
            ({ address, 'x-isAdmin': address === self })),
          'x-name': name.trim(),
          'x-type': 'closed',
        },
      });
    const group = readGroup(reply.groupChatSessionInformation ?? {});
    if (!group.id)
      throw new PlatformError(
        'Making the group: the platform does not say its id.');
    await this.open(this.#adoptGroup(group));
  }

  async accept(invitation) {
    await this.#platform.request('Joining the group', 'PUT',
      `${this.#ownPart(invitation.id)}/status`,
      { participantSessionStatus: { status: CONNECTED } });
    this.invitations.delete(invitation.id);
    await this.open(this.#adoptGroup(await this.#fetchGroup(invitation.id)));
  }

  async decline(invitation) {
    await this.#platform.request('Declining the invitation', 'DELETE',
      this.#ownPart(invitation.id));
    this.invitations.delete(invitation.id);
    this.#changed();
  }

  /** Who administers a group cannot leave it, and takes it away. */
  async leaveGroup(id) {
    const self = this.#platform.address;
    const isAdmin = this.groups.get(id)?.members
      .some((member) => member.address === self && member.isAdmin);
    await this.#platform.request('Leaving the group', 'DELETE',
      isAdmin ? this.#groupPath(id) : this.#ownPart(id));
    this.#dropGroup(id);
  }

  #groupPath(id) {
    return `${this.#platform.pathOf('chat')}/group/${encodeURIComponent(id)}`;
  }

  #ownPart(id) {
    return `${this.#groupPath(id)}/participants/` +
      encodeURIComponent(this.#platform.address);
  }

  async #fetchGroup(id) {
    const reply = await this.#platform.request('Fetching the group', 'GET',
      this.#groupPath(id));
    return { ...readGroup(reply.groupChatSessionInformation ?? {}), id };
  }

  #adoptGroup(group) {
    this.groups.set(group.id, group);
    return this.#get(GROUP, group.id);
  }

  #dropGroup(id) {
    const conversation = this.conversations.get(`${GROUP} ${id}`);
    this.groups.delete(id);
    this.invitations.delete(id);
    conversation?.close();
    this.conversations.delete(`${GROUP} ${id}`);
    if (conversation && this.current === conversation)
      this.current = null;
    this.#changed();
  }

  // --- what comes ---

  /** @returns whether the notification was about chat */
  handle(type, body) {
    switch (type) {
      case 'chatMessageNotification':
        this.#said(body);
        return true;
      case 'groupChatSessionInvitationNotification':
        this.#invited(body);
        return true;
      case 'chatParticipantStatusNotification':
      case 'chatEventNotification':
        this.#groupChanged(type, body);
        return true;
      default:
        return false;
    }
  }

  #said(body) {
    const { chatMessage: message, isComposing: composing } = body;
    const content = message ?? composing;
    const isOwn = content?.['x-type'] === 'outbound';
    const url = linkOf(body, 'chatMessage') ?? linkOf(body, 'chatSession');
    const type = /\/(oneToOne|group)\//.exec(String(url ?? ''))?.[1];
    if (!content || !type || (composing && isOwn))
      return;
    const peer = String((type === GROUP || isOwn
      ? content['x-destinationAddress'] : content.senderAddress) ?? '')
      .toLowerCase();
    const conversation = this.#get(type, peer);
    if (composing) {
      conversation.composing(composing);
      return;
    }
    const said = readMessage(message, messageIdOf(url),
      this.#platform.address);
    if (conversation.add(said) && !said.own)
      this.dispatchEvent(new CustomEvent('message',
        { detail: { conversation, message: said } }));
  }

  #invited(body) {
    const id = groupIdOf(linkOf(body, 'groupChatSessionInformation'));
    const from = [body.participant ?? []].flat()
      .find((member) => member?.['x-isAdmin'])?.address ?? 'Somebody';
    if (!id)
      return;
    const invitation = { id, name: String(body['x-name'] ?? ''),
      from: String(from) };
    this.invitations.set(id, invitation);
    this.dispatchEvent(new CustomEvent('invitation', { detail: invitation }));
    this.#changed();
  }

  #groupChanged(type, body) {
    const id = groupIdOf(linkOf(body, 'groupChatSessionInformation'));
    if (!id)
      return;
    if (/^Session(Ended|Cancelled)$/.test(body.eventType)) {
      this.#dropGroup(id);
      return;
    }
    /* Others' news of a group that we have not joined are no concern of ours */
    if (this.groups.has(id) && (type !== 'chatEventNotification' ||
        body.eventType === 'SessionUpdated'))
      this.#fetchGroup(id).then((group) => {
        this.#adoptGroup(group);
        this.#changed();
      }, (error) => {
        if (error.status === 404 || error.status === 403)
          this.#dropGroup(id);
      });
  }

  #changed() {
    this.dispatchEvent(new Event('change'));
  }
}
