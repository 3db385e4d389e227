#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""A large file goes and comes without ever being in memory as a whole.

Usage: large-files.py KANDY_LOOPBACK

The platform is a process of its own: what it needs is not counted. Prints TAP.
"""

import hashlib
import os
import subprocess
import sys
import tempfile
import time
import urllib.request

import gi

gi.require_version('Kandy', '1.0')
from gi.repository import Gio, GLib, Kandy  # noqa: E402

SIZE = 64 * 1024 * 1024
# Of the memory that a file takes on its way
MOST = 8 * 1024 * 1024
SECONDS = 18


def get_peak():
    with open('/proc/self/status', encoding='ascii') as status:
        for line in status:
            if line.startswith('VmHWM:'):
                return int(line.split()[1]) * 1024
    return 0


def wait(condition):
    context = GLib.MainContext.default()
    end = time.monotonic() + SECONDS
    tick = GLib.timeout_add(10, lambda: GLib.SOURCE_CONTINUE)
    while not condition() and time.monotonic() < end:
        context.iteration(True)
    GLib.source_remove(tick)
    return condition()


def run(start, finish, *arguments):
    results = []
    start(*arguments, None, lambda source, result: results.append(result))
    assert wait(lambda: results), f'{start} does not end'
    return finish(results[0])


def sign_on(port, user):
    client = Kandy.Client(config=Kandy.Config(
        server_base='127.0.0.1', server_protocol='http', server_port=port,
        client_correlator=user, log_level='WARN'))
    run(client.sign_on_password_async, client.sign_on_finish, 'loopback',
        f'{user}@loopback.example', user)
    services = client.get_services()
    run(services.subscribe_async, services.subscribe_finish,
        GLib.Variant('as', ['chat']), None)
    return client


def make_file(path):
    digest = hashlib.sha256()
    with open(path, 'wb') as file:
        for _ in range(SIZE // 65536):
            piece = os.urandom(65536)
            digest.update(piece)
            file.write(piece)
    return digest.digest()


def get_digest(path):
    digest = hashlib.sha256()
    with open(path, 'rb') as file:
        while piece := file.read(65536):
            digest.update(piece)
    return digest.digest()


def watch(part, steps):
    part.connect('notify::transferred',
                 lambda part, spec: steps.append(part.get_transferred()))


def test(server, directory):
    port = int(server.rsplit(':', 1)[1])
    urllib.request.urlopen(urllib.request.Request(
        f'{server}/loopback/faults', method='POST',
        headers={'Content-Type': 'application/json'},
        data=b'{"set":{"attachmentMax":%d}}' % (2 * SIZE)), timeout=10)
    source = os.path.join(directory, 'large')
    copy = os.path.join(directory, 'copy')
    digest = make_file(source)
    alice, bob = sign_on(port, 'alice'), sign_on(port, 'bob')
    received = []
    bob.get_conversations().connect(
        'message-received',
        lambda source, conversation, message: received.append(message))

    before = get_peak()
    steps = []
    part = Kandy.MessagePart.new_file(Gio.File.new_for_path(source))
    watch(part, steps)
    message = alice.get_conversations().create(
        'bob@loopback.example',
        Kandy.ChatType.CHAT_ONETOONE).create_message(part)
    run(message.send_async, message.send_finish)
    up = get_peak() - before
    yield up < MOST and steps[-1] == SIZE and len(steps) > 100, \
        f'upload: {up // 1024} KiB, {len(steps)} steps'

    assert wait(lambda: received), 'nothing has come'
    before = get_peak()
    steps = []
    part = received[0].get_part(0)
    watch(part, steps)
    run(received[0].save_async, received[0].save_finish, part,
        Gio.File.new_for_path(copy))
    down = get_peak() - before
    yield down < MOST and steps[-1] == SIZE and len(steps) > 100, \
        f'download: {down // 1024} KiB, {len(steps)} steps'
    yield get_digest(copy) == digest, 'what has come is what was sent'
    alice.destroy()
    bob.destroy()


def main():
    platform = subprocess.Popen([sys.argv[1], '--port', '0'],
                                stdout=subprocess.PIPE, text=True)
    failed = n = 0
    try:
        server = platform.stdout.readline().split()[-1]
        with tempfile.TemporaryDirectory() as directory:
            for n, (well, name) in enumerate(test(server, directory), 1):
                print(f'{"ok" if well else "not ok"} {n} - {name}', flush=True)
                failed += not well
    finally:
        platform.terminate()
        platform.wait()
    print(f'1..{n}')
    sys.exit(1 if failed else 0)


main()
