#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Signs on, chats, watches somebody's presence, and takes that one's call.

Usage: kandy-companion.py SERVER USER PEER

The password is taken from KANDY_PASSWORD. What happens is printed, a line each:
every message is answered, a call is taken and heard, and at its end so does the
program.
"""

import os
import sys
from urllib.parse import urlsplit

import gi

gi.require_version('Gst', '1.0')
gi.require_version('Kandy', '1.0')
from gi.repository import GLib, Gst, Kandy  # noqa: E402


class Companion:
    """One user: a client for what is written, a pipeline for what is heard."""

    def __init__(self, server, user, password, peer):
        self.loop = GLib.MainLoop()
        self.peer = peer
        self.failed = False

        url = urlsplit(server)
        config = Kandy.Config(
            server_base=url.hostname, server_protocol=url.scheme,
            server_port=url.port or 443, log_level='WARN')
        self.client = Kandy.Client(config=config)
        self.client.connect('event', self.on_event)
        self.client.get_presence().connect('changed', self.on_presence)
        self.client.get_conversations().connect(
            'message-received', self.on_message)
        self.client.sign_on_password_async(
            os.environ.get('KANDY_CLIENT_ID', 'loopback'), user, password,
            None, self.on_signed_on)

        # the call is the element's business: it signs on by itself
        self.pipeline = Gst.parse_launch(
            'kandysrc name=call media=audio auto-answer=true ! audioconvert '
            '! audioresample ! level name=level ! fakesink sync=true')
        call = self.pipeline.get_by_name('call')
        call.set_property('server', server)
        call.set_property('username', user)
        call.set_property('password', password)
        call.connect('incoming-call', self.on_incoming_call)
        bus = self.pipeline.get_bus()
        bus.add_signal_watch()
        bus.connect('message', self.on_bus)
        self.heard = False

    def run(self):
        self.pipeline.set_state(Gst.State.PLAYING)
        self.loop.run()
        self.pipeline.set_state(Gst.State.NULL)
        self.client.destroy()
        return 1 if self.failed else 0

    def fail(self, text):
        print(f'failed: {text}', flush=True)
        self.failed = True
        self.loop.quit()

    def on_signed_on(self, client, result):
        try:
            client.sign_on_finish(result)
        except GLib.Error as error:
            self.fail(error.message)
            return
        print('signed on', flush=True)
        client.get_services().subscribe_async(
            GLib.Variant('as', ['chat', 'presence']), None, None,
            self.on_subscribed)

    def on_subscribed(self, services, result):
        try:
            services.subscribe_finish(result)
        except GLib.Error as error:
            self.fail(error.message)
            return
        presence = self.client.get_presence()
        presence.subscribe_async([self.peer], None, self.on_watching)
        presence.update_async(
            Kandy.PRESENCE_OPEN, Kandy.PRESENCE_AVAILABLE, None, None, None)

    def on_watching(self, presence, result):
        try:
            presence.subscribe_finish(result)
        except GLib.Error as error:
            self.fail(error.message)
            return
        print(f'watching {self.peer}', flush=True)

    def on_presence(self, presence, user_id, status, activity, note):
        print(f'{user_id} is {status}, {activity}', flush=True)

    def on_message(self, conversations, conversation, message):
        print(f'{message.get_sender()} says: {message.dup_text()}', flush=True)
        reply = conversation.create_text_message(
            f'You said: {message.dup_text()}')
        reply.send_async(None, self.on_sent)

    def on_sent(self, message, result):
        try:
            message.send_finish(result)
        except GLib.Error as error:
            self.fail(error.message)
            return
        print('answered', flush=True)

    def on_event(self, client, name, payload):
        if name.endswith(':error'):
            print(f'{name}: {payload.unpack()["error"]["message"]}', flush=True)

    def on_incoming_call(self, element, call_id, caller, name):
        print(f'call from {caller}', flush=True)

    def on_bus(self, bus, message):
        structure = message.get_structure()
        if message.type == Gst.MessageType.ERROR:
            self.fail(message.parse_error()[0].message)
        elif message.type == Gst.MessageType.EOS:
            print('the call is over', flush=True)
            self.loop.quit()
        elif structure and structure.get_name() == 'level' and not self.heard \
                and structure.get_value('rms')[0] > -40:
            self.heard = True
            print('something is heard', flush=True)


def main():
    Gst.init(None)
    if len(sys.argv) != 4 or 'KANDY_PASSWORD' not in os.environ:
        sys.exit(__doc__)
    server, user, peer = sys.argv[1:]
    return Companion(server, user, os.environ['KANDY_PASSWORD'], peer).run()


if __name__ == '__main__':
    sys.exit(main())
