// SPDX-License-Identifier: LGPL-2.1-or-later
// Signs on, watches, chats and searches with the Vala bindings, beside the
// loopback platform at the port that it is given. Prints what it has seen.

const string BOB = "bob@loopback.example";

async void use (Kandy.Client client) throws Error {
  string? next;

  yield client.sign_on_password_async ("loopback", "alice@loopback.example", "alice", null);
  yield client.get_services ().subscribe_async (new Variant.strv ({"chat", "presence"}), null, null);

  var presence = client.get_presence ();

  yield presence.subscribe_async ({BOB}, null);
  yield presence.update_async (Kandy.PRESENCE_OPEN, Kandy.PRESENCE_ACTIVITIES_OTHER, "Vala", null);
  print ("presence %s\n", presence.get_self ().note);

  var conversation = client.get_conversations ().create (BOB, Kandy.ChatType.CHAT_ONETOONE);
  var message = conversation.create_text_message ("hello");

  conversation.messages_changed.connect ((id, sender, ids, next) => {
    if (sender != null)
      print ("sender %s\n", sender);
  });
  yield message.send_async (null);
  print ("status %s\n", message.delivery_status);
  conversation.clear_messages ();
  yield conversation.fetch_messages_async (10, null, 0, null, out next);
  print ("history %u\n", conversation.get_n_items ());

  var found = yield client.get_users ().search_async (new Variant.parsed ("{'userName': <'bob'>}"), null, null, out next);

  print ("found %s\n", found[0].user_id);

  var group = yield client.get_groups ().create_async ("Roof", {BOB}, null, null, null);

  print ("group %s of %u\n", group.name, group.participants.get_n_items ());
  try {
    yield client.get_contacts ().fetch_async ("none", null);
  } catch (Kandy.Error error) {
    print ("refused %s\n", Kandy.error_get_platform_code (error));
  }
}

int main (string[] args) {
  var config = new Kandy.Config ();
  var loop = new MainLoop ();
  var status = 1;

  config.server_base = "127.0.0.1";
  config.server_protocol = "http";
  config.server_port = int.parse (args[1]);
  config.log_level = "WARN";

  var client = new Kandy.Client (config);

  use.begin (client, (object, result) => {
    try {
      use.end (result);
      status = 0;
    } catch (Error error) {
      print ("%s\n", error.message);
    }
    loop.quit ();
  });
  loop.run ();
  client.destroy ();
  return status;
}
