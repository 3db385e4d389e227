// SPDX-License-Identifier: LGPL-2.1-or-later

/**
 * Who is there: the user's own presence, the address book and the presence of
 * those who are watched.
 *
 * Event of a People: `change`.
 */

import { PlatformError } from './platform.js';

/** Activities by the platform's names, and what a person calls them. */
export const ACTIVITIES = new Map([
  ['Available', 'available'],
  ['Busy', 'busy'],
  ['Away', 'away'],
  ['Lunch', 'at lunch'],
  ['Vacation', 'on vacation'],
  ['OnThePhone', 'on the phone'],
  ['ActivitiesOther', 'other…'],
  ['ActivitiesUnknown', 'unknown'],
]);

function readPresence(presence) {
  const person = presence?.person ?? {};
  return {
    status: String(person['overriding-willingness']
      ?.overridingWillingnessValue ?? ''),
    activity: String(person.activities?.activityValue ?? ''),
    note: String(person.activities?.other ?? ''),
  };
}

function readContact(object) {
  const attributes = Object.fromEntries(
    [object.attributeList?.attribute ?? []].flat()
      .map(({ name, value }) => [name, String(value ?? '')]));
  const names = [attributes.firstName, attributes.lastName].filter(Boolean);
  return {
    id: String(object.contactId ?? ''),
    address: (attributes.primaryContact ?? '').toLowerCase(),
    name: names.join(' '),
  };
}

export class People extends EventTarget {
  #platform;
  #watched = new Set();

  constructor(platform) {
    super();
    this.#platform = platform;
    /** What was published: `{ status, activity, note }` */
    this.self = null;
    /** @type {Map<string, object>} `{ id, address, name }` */
    this.contacts = new Map();
    /** @type {Map<string, object>} by address, of those who are watched */
    this.presences = new Map();
  }

  get isAvailable() {
    return Boolean(this.#platform.service('presence'));
  }

  /** By their names. */
  get list() {
    return [...this.contacts.values()].sort((a, b) =>
      (a.name || a.address).localeCompare(b.name || b.address));
  }

  /** What is known of somebody, in words; empty if nothing is. */
  describe(address) {
    const presence = this.presences.get(address);
    return presence ? this.describeAs(presence) : '';
  }

  describeAs({ status, activity, note }) {
    const words = activity === 'ActivitiesOther' ? note || 'something else'
      : ACTIVITIES.get(activity) ?? activity;
    if (status !== 'Closed')
      return words || 'open';
    return words && activity !== 'ActivitiesUnknown'
      ? `${words}, not to be disturbed` : 'not to be disturbed';
  }

  clear() {
    this.self = null;
    this.contacts.clear();
    this.presences.clear();
    this.#watched.clear();
    this.#changed();
  }

  // --- presence ---

  /** @param {object} presence `{ status, activity, note }` */
  async publish({ status, activity, note }) {
    const activities = { activityValue: activity };
    if (activity === 'ActivitiesOther' && note)
      activities.other = note;
    const reply = await this.#platform.request('Telling how you are', 'POST',
      `${this.#platform.pathOf('presence')}/presenceSources`, {
        presenceSource: {
          clientCorrelator: this.#platform.correlator,
          presence: { person: {
            'overriding-willingness': { overridingWillingnessValue: status },
            activities,
          } },
        },
      });
    this.self = readPresence(reply.presenceSource?.presence);
    this.#changed();
  }

  /** From now on we are told how somebody is. */
  async watch(address) {
    const list = this.#platform.service('presence')?.presenceList;
    if (!list || !address || this.#watched.has(address))
      return;
    this.#watched.add(address);
    try {
      await this.#platform.request(`Watching ${address}`, 'PUT',
        `${this.#platform.pathOf('presence')}/presenceLists/` +
        `${encodeURIComponent(list)}/presenceContacts/` +
        encodeURIComponent(address),
        { presenceContact: { presentityUserId: address } });
    } catch (error) {
      this.#watched.delete(address);
      throw error;
    }
  }

  // --- contacts ---

  get #book() {
    return `${this.#platform.pathOf('addressbook')}/default/contacts`;
  }

  async refresh() {
    const reply = await this.#platform.request('Fetching the contacts', 'GET',
      this.#book);
    this.contacts.clear();
    for (const object of [reply.contactCollection?.contact ?? []].flat())
      this.#adopt(readContact(object));
    this.#changed();
    /* One that cannot be watched is shown without its presence. Our own may
     * be changed by another device, or by the platform during a call. */
    await Promise.allSettled([this.#platform.address,
      ...this.list.map(({ address }) => address)]
      .map((address) => this.watch(address)));
  }

  #adopt(contact) {
    if (contact.id)
      this.contacts.set(contact.id, contact);
  }

  async add(name, address) {
    const primaryContact = this.#platform.complete(address);
    if (!primaryContact)
      throw new PlatformError('What is the address of the new contact?');
    if (this.list.some((contact) => contact.address === primaryContact))
      throw new PlatformError(`${primaryContact} is a contact already.`);
    const attribute = [{ name: 'primaryContact', value: primaryContact }];
    if (name.trim())
      attribute.push({ name: 'firstName', value: name.trim() });
    const reply = await this.#platform.request('Adding the contact', 'POST',
      this.#book, { contact: { attributeList: { attribute } } });
    this.#adopt(readContact(reply.contact ?? {}));
    this.#changed();
    await this.watch(primaryContact);
  }

  async remove(contact) {
    await this.#platform.request('Removing the contact', 'DELETE',
      `${this.#book}/${encodeURIComponent(contact.id)}`);
    this.contacts.delete(contact.id);
    this.#changed();
  }

  // --- what comes ---

  /** @returns whether the notification was about presence */
  handle(type, body) {
    if (type !== 'presenceNotification')
      return false;
    const address = String(body.presentityUserId ?? '').toLowerCase();
    if (address && body.presence) {
      this.presences.set(address, readPresence(body.presence));
      /* Another device of ours, or the platform during a call */
      if (address === this.#platform.address)
        this.self = this.presences.get(address);
      this.#changed();
    }
    return true;
  }

  #changed() {
    this.dispatchEvent(new Event('change'));
  }
}
