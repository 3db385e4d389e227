#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Runs examples/kandy-companion.py beside a platform, and is its peer.

Usage: test-companion.py KANDY_LOOPBACK KANDY_COMPANION

The peer chats, is busy and calls, by the same bindings.
"""

import os
import re
import subprocess
import sys
import threading
import time

import gi

gi.require_version('Gst', '1.0')
gi.require_version('Kandy', '1.0')
from gi.repository import GLib, Gst, Kandy  # noqa: E402

ALICE = 'alice@loopback.example'
BOB = 'bob@loopback.example'
SECONDS = 20


class Program:
    """A process whose lines are kept."""

    def __init__(self, *command, **environment):
        self.lines = []
        self.process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            text=True, env={**os.environ, **environment})
        self.thread = threading.Thread(target=self.read, daemon=True)
        self.thread.start()

    def read(self):
        for line in self.process.stdout:
            self.lines.append(line.rstrip('\n'))

    def wait_for(self, pattern):
        """The first line that matches, while the main context runs."""
        found = wait(lambda: [line for line in self.lines
                              if re.search(pattern, line)])
        if not found:
            print('\n'.join(self.lines))
            sys.exit(f'no line "{pattern}"')
        return found[0]

    def stop(self):
        self.process.kill()
        self.process.wait()


def wait(condition):
    context = GLib.MainContext.default()
    end = time.monotonic() + SECONDS
    while not condition() and time.monotonic() < end:
        context.iteration(False)
        time.sleep(0.01)
    return condition()


def run(start, finish, *arguments):
    """An operation of the bindings, from its start to its end."""
    results = []
    start(*arguments, None, lambda source, result: results.append(result))
    if not wait(lambda: results):
        sys.exit(f'{start} does not end')
    return finish(results[0])


def test(loopback, companion):
    platform = Program(loopback, '--port', '0')
    server = platform.wait_for('^listening on ').split()[-1]
    alice = Program(sys.executable, companion, server, ALICE, BOB,
                    KANDY_PASSWORD='alice')
    alice.wait_for('^watching bob')
    alice.wait_for('^signed on')

    port = int(server.rsplit(':', 1)[1])
    bob = Kandy.Client(config=Kandy.Config(
        server_base='127.0.0.1', server_protocol='http', server_port=port,
        log_level='WARN'))
    run(bob.sign_on_password_async, bob.sign_on_finish, 'loopback', BOB, 'bob')
    services = bob.get_services()
    run(services.subscribe_async, services.subscribe_finish,
        GLib.Variant('as', ['chat']), None)

    presence = bob.get_presence()
    run(presence.update_async, presence.update_finish,
        Kandy.PRESENCE_OPEN, Kandy.PRESENCE_LUNCH, None)
    alice.wait_for(f'^{BOB} is Open, Lunch$')

    heard = []
    bob.get_conversations().connect(
        'message-received',
        lambda source, conversation, message: heard.append(message.dup_text()))
    conversation = bob.get_conversations().create(
        ALICE, Kandy.ChatType.CHAT_ONETOONE)
    message = conversation.create_text_message('Grüße 🙂')
    run(message.send_async, message.send_finish)
    alice.wait_for(f'^{BOB} says: Grüße 🙂$')
    alice.wait_for('^answered$')
    if not wait(lambda: heard == ['You said: Grüße 🙂']):
        sys.exit(f'Bob has received {heard}')

    caller = Gst.parse_launch(
        'kandysink name=call audiotestsrc is-live=true ! call.audio_0')
    sink = caller.get_by_name('call')
    sink.set_property('server', server)
    sink.set_property('username', BOB)
    sink.set_property('password', 'bob')
    sink.set_property('destination', ALICE)
    caller.set_state(Gst.State.PLAYING)
    alice.wait_for('^call from .*bob')
    alice.wait_for('^something is heard$')
    caller.set_state(Gst.State.NULL)
    alice.wait_for('^the call is over$')
    if alice.process.wait(SECONDS) != 0:
        sys.exit('the companion has failed')
    bob.destroy()
    wrong = [line for line in alice.lines if 'CRITICAL' in line
             or 'WARNING' in line or 'Traceback' in line]
    if wrong:
        sys.exit('\n'.join(wrong))
    alice.stop()
    platform.stop()


if __name__ == '__main__':
    Gst.init(None)
    test(*sys.argv[1:])
