// SPDX-License-Identifier: LGPL-2.1-or-later
// Uses the Vala bindings as a program would; it is only compiled
// and linked

async void use (Kandy.Client client) throws Error {
  var groups = client.get_groups ();

  groups.group_changed.connect ((group, id) => print ("%s\n", id));
  yield client.sign_on_password_async ("loopback", "alice", "alice", null);
  yield groups.fetch_async (null);
  for (uint i = 0; i < groups.get_n_items (); i++) {
    var group = (Kandy.Group) groups.get_item (i);
    print ("%s\n", group.name);
  }

  var presence = client.get_presence ();

  yield presence.update_async (Kandy.PRESENCE_OPEN, Kandy.PRESENCE_BUSY, null, null);

  var contact = new Kandy.Contact (null);

  contact.set ("firstName", "Zoe");
  contact = yield client.get_contacts ().add_async (contact, null);

  var part = new Kandy.MessagePart.of_text ("Hello");
  var conversation = client.get_conversations ().create ("bob@loopback.example", Kandy.ChatType.CHAT_ONETOONE);

  yield conversation.create_message (part).send_async (null);
}

async void call (Kandy.Client client) throws Error {
  var options = new Kandy.MediaOptions (true, false);
  var call = client.get_calls ().make ("bob@loopback.example", options);

  yield call.hold_async (null);
  yield call.end_async (null);
}

int main () {
  use.begin (new Kandy.Client (null));
  call.begin (new Kandy.Client (null));
  return 0;
}
