#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Conversations and messages in GTK's list models, which need no display.

GTK is told what changes, and keeps a sorted, a filtered and a selected view of
it. It complains (G_DEBUG makes that fatal) or shows something else if it is told
wrong.
"""

import base64
import json
import os
import sys

os.environ["G_DEBUG"] = "fatal-criticals"

import gi  # noqa: E402

try:
    gi.require_version("Gtk", "4.0")
    from gi.repository import Gtk  # noqa: E402
except (ImportError, ValueError):
    print("1..0 # SKIP gir1.2-gtk-4.0 is not there")
    sys.exit(0)
gi.require_version("Kandy", "1.0")
from gi.repository import Kandy  # noqa: E402

ME = "alice@loopback.example"


def make_client():
    claims = {"preferred_username": "alice", "services-identity": ME}
    body = base64.urlsafe_b64encode(json.dumps(claims).encode()).decode()
    client = Kandy.Client.new(Kandy.Config.new())
    client.set_tokens("t0ken", f"e30.{body.rstrip('=')}.c2ln")
    return client


def receive(client, number, peer, text):
    client.process_notification(json.dumps({"chatMessageNotification": {
        "id": f"n{number}",
        "chatMessage": {
            "text": text, "x-type": "inbound", "senderAddress": peer,
            "dateTime": 1700000000000 + number * 1000},
        "link": [{"rel": "chatMessage",
                  "href": f"/cpaas/chat/v1/alice/oneToOne/{peer}/adhoc/"
                          f"messages/m{number}"}]}}), -1, None)


def newest_first(a, b):
    return (a < b) - (a > b)


def items(model):
    return [model.get_item(i) for i in range(model.get_n_items())]


def test_conversations():
    client = make_client()
    view = Gtk.SortListModel.new(
        client.get_conversations(), Gtk.CustomSorter.new(
            lambda a, b, data: newest_first(
                a.get_last_received(), b.get_last_received())))
    selection = Gtk.SingleSelection.new(view)
    shown = []
    selection.connect("items-changed", lambda model, *args: shown.append(
        [c.get_destination() for c in items(model)]))
    for number, name in enumerate(("carol", "bob", "dave"), 1):
        receive(client, number, f"{name}@x", "hello")
    assert [len(names) for names in shown] == [1, 2, 3], shown
    view.get_sorter().changed(Gtk.SorterChange.DIFFERENT)
    assert [c.get_destination() for c in items(selection)] == [
        "dave@x", "bob@x", "carol@x"]
    assert selection.get_selected_item() is not None
    client.destroy()


def test_messages():
    client = make_client()
    receive(client, 5, "bob@x", "hay")
    conversation = client.get_conversations().get_item(0)
    newest = Gtk.SortListModel.new(conversation, Gtk.CustomSorter.new(
        lambda a, b, data: newest_first(
            a.get_timestamp_ms(), b.get_timestamp_ms())))
    needles = Gtk.FilterListModel.new(newest, Gtk.CustomFilter.new(
        lambda message: "needle" in message.dup_text()))
    selection = Gtk.MultiSelection.new(needles)
    # late ones and known ones among them
    for number in (9, 2, 7, 2, 1, 8):
        receive(client, number, "bob@x",
                "a needle" if number % 2 else "hay")
    receive(client, 9, "bob@x", "a needle")
    assert [m.get_message_id() for m in items(newest)] == [
        "m9", "m8", "m7", "m5", "m2", "m1"]
    assert [m.get_message_id() for m in items(selection)] == [
        "m9", "m7", "m1"]
    assert selection.select_item(1, True)
    receive(client, 11, "bob@x", "a needle")
    assert [i for i in range(4) if selection.is_selected(i)] == [2]
    conversation.clear_messages()
    assert items(newest) == [] and items(selection) == []
    client.destroy()


def main():
    tests = [test_conversations, test_messages]
    print(f"1..{len(tests)}")
    for number, test in enumerate(tests, 1):
        test()
        print(f"ok {number} - {test.__name__}")


main()
