// SPDX-License-Identifier: LGPL-2.1-or-later

/** The page's people: how the user is, and the address book. */

import { $, attempt, button, make, replaceIfNew } from './page.js';
import { ACTIVITIES } from './people.js';

export class PeopleView {
  #phone;
  #published = null;
  #isEdited = false;

  constructor(phone) {
    const { people } = phone;
    this.#phone = phone;

    for (const [value, text] of ACTIVITIES)
      $('activity').append(new Option(text, value));
    $('activity').addEventListener('change', () => {
      this.#showNote();
      if ($('activity').value === 'ActivitiesOther')
        $('note').focus();
    });
    $('presence').addEventListener('input', () => {
      this.#isEdited = true;
    });
    $('presence').addEventListener('submit', attempt(async () => {
      await people.publish({
        status: $('open').checked ? 'Open' : 'Closed',
        activity: $('activity').value,
        note: $('note').value.trim(),
      });
      this.#isEdited = false;
    }));
    $('new-contact').addEventListener('submit', attempt(async () => {
      await people.add($('contact-name').value, $('contact-address').value);
      $('new-contact').reset();
      $('contact-name').focus();
    }));
    people.addEventListener('change', () => this.render());
    this.#showNote();
  }

  #showNote() {
    $('note-field').hidden = $('activity').value !== 'ActivitiesOther';
  }

  render() {
    const { people, platform } = this.#phone;

    $('people').hidden = !platform.signedOn;
    $('presence').hidden = !people.isAvailable;
    this.#renderSelf(people, platform);
    this.#renderContacts(people);
  }

  /* What is being chosen is left alone, also when the platform or another
   * device publishes something meanwhile */
  #renderSelf(people, platform) {
    const { self } = people;
    if (self === this.#published)
      return;
    this.#published = self;
    $('own-presence').textContent = self
      ? `Others see: ${people.describeAs(self)}.`
      : 'Others do not know how you are yet.';
    if (!self)
      this.#isEdited = false;
    if (!self || this.#isEdited)
      return;
    $('open').checked = self.status !== 'Closed';
    /* The platform says it during a call and takes it back afterwards */
    if (ACTIVITIES.has(self.activity) && platform.signedOn)
      $('activity').value = self.activity;
    $('note').value = self.note;
    this.#showNote();
  }

  #renderContacts(people) {
    const shown = people.list.map(({ id, name, address }) =>
      ({ id, name, address, presence: people.describe(address) }));

    $('no-contacts').hidden = shown.length > 0;
    replaceIfNew($('known-addresses'), shown.map(({ address }) => address),
      () => shown.map(({ address }) => make('option', { value: address })));
    replaceIfNew($('contacts'), shown, () => shown.map((contact) => {
      const name = contact.name || contact.address;
      const item = make('li', {},
        make('p', { className: 'who' }, name),
        make('p', { className: 'hint' },
          [contact.name && contact.address, contact.presence]
            .filter(Boolean).join(' · ')),
        make('div', { className: 'row' },
          button('Write', `Write to ${name}`, async () => {
            await this.#phone.chat.openWith(contact.address);
            $('message').focus();
          }),
          button('Call', `Call ${name}`, () => {
            $('destination').value = contact.address;
            $('destination').focus();
          }),
          button('Remove', `Remove ${name}`, () =>
            people.remove(people.contacts.get(contact.id)))));
      item.querySelectorAll('button').forEach((element, i) => {
        element.dataset.key = `${contact.id} ${i}`;
      });
      return item;
    }));
  }
}
