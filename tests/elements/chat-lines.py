#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The chat elements' launch lines, as their documentation has them, each in a
terminal of its own.

Usage: chat-lines.py KANDY_LOOPBACK PLUGINS_FOLDER README

A terminal is a process with pipes: what is typed is written, what is shown is
read. Prints TAP.
"""

import os
import re
import signal
import subprocess
import sys
import threading
import time

SECONDS = 15
READY = 'Progress: (subscribe) Ready'


class Terminal:
    def __init__(self, line):
        # -q would hide when it is ready
        self.process = subprocess.Popen(
            ['bash', '-c', 'exec ' + line.replace('gst-launch-1.0 -q',
                                                  'gst-launch-1.0')],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, text=True)
        self.lines = []
        self.thread = threading.Thread(target=self.read, daemon=True)
        self.thread.start()

    def read(self):
        for line in self.process.stdout:
            self.lines.append(line.rstrip('\n'))

    def type(self, text):
        self.process.stdin.write(text + '\n')
        self.process.stdin.flush()

    def shows(self, text):
        end = time.monotonic() + SECONDS
        while text not in self.lines and time.monotonic() < end:
            time.sleep(0.02)
        if text in self.lines:
            return True
        print('\n'.join(f'# {line}' for line in self.lines[-20:]))
        return False

    def interrupt(self):
        """Ctrl-C: it ends by itself, in a moment."""
        self.process.send_signal(signal.SIGINT)
        try:
            return self.process.wait(5) == 0
        except subprocess.TimeoutExpired:
            return False

    def end(self):
        self.process.kill()
        self.process.wait()


def read_blocks(path):
    """The launch lines of an element's documentation."""
    with open(path, encoding='utf-8') as text:
        blocks = re.findall(r'\|\[\n(.*?)\n \* \]\|', text.read(), re.S)
    return [re.sub(r'^ \* ?', '', block, flags=re.M) for block in blocks]


def read_readme(path):
    with open(path, encoding='utf-8') as text:
        chat = text.read().split('\n## Chat\n')[1]
    return re.search(r'^    gst-launch.*?\n\n', chat, re.S | re.M)[0]


def exchange(line):
    return re.sub('alice|bob',
                  lambda found: 'bob' if found[0] == 'alice' else 'alice', line)


def test(platform, plugins, readme):
    def at(line):
        return line.replace('127.0.0.1:8080', platform)

    chat, message, sms, group = [
        at(line) for line in read_blocks(plugins + '/gstkandychatsink.c')]
    anybody, short = [
        at(line) for line in read_blocks(plugins + '/gstkandychatsrc.c')]
    terminals = []

    def start(line):
        terminals.append(Terminal(line))
        return terminals[-1]

    try:
        for name, line in ('the chat', chat), ('the README', at(read_readme(
                readme))):
            alice, bob = start(line), start(exchange(line))
            yield alice.shows(READY) and bob.shows(READY), \
                f'{name}: both are ready'
            alice.type('Lunch at noon? 🍜')
            yield bob.shows('Lunch at noon? 🍜'), f'{name}: Bob reads'
            bob.type('Gern. Wo?')
            yield alice.shows('Gern. Wo?'), f'{name}: Alice reads'
            yield alice.interrupt() and bob.interrupt(), f'{name}: Ctrl-C'

        bob = start(anybody)
        yield bob.shows(READY), 'a reader is ready'
        sent = subprocess.run(['bash', '-o', 'pipefail', '-c', message],
                              timeout=SECONDS, check=False)
        yield sent.returncode == 0 and bob.shows(
            'alice@loopback.example: Lunch at noon?'), 'a single message'
        yield bob.interrupt(), 'Ctrl-C ends the reader'

        bob = start(short)
        yield bob.shows(READY), 'a reader of short messages is ready'
        sent = subprocess.run(['bash', '-o', 'pipefail', '-c', sms],
                              timeout=SECONDS, check=False)
        yield sent.returncode == 0 and bob.shows('Lunch at noon?'), \
            'a short message'
        bob.interrupt()

        alice = start(group)
        bob = start(group.replace('username=alice', 'username=bob').replace(
            'password=alice', 'password=bob'))
        carol = start(group.replace('username=alice', 'username=carol').replace(
            'password=alice', 'password=carol'))
        yield alice.shows(READY) and bob.shows(READY) and carol.shows(READY), \
            'a group is ready'
        alice.type('to all')
        yield bob.shows('alice@loopback.example: to all') \
            and carol.shows('alice@loopback.example: to all'), \
            'a group reads'
        carol.type('from me, too')
        yield alice.shows('carol@loopback.example: from me, too') \
            and bob.shows('carol@loopback.example: from me, too'), \
            'and writes back'
        yield 'alice@loopback.example: to all' not in alice.lines, \
            'nobody reads what is their own'
    finally:
        for terminal in terminals:
            terminal.end()


def main():
    loopback, plugins, readme = sys.argv[1:]
    library = os.environ['GST_PLUGIN_PATH'].split(':')[0] + '/libgstkandy.so'
    if 'libasan' in subprocess.run(['ldd', library], capture_output=True,
                                   text=True, check=False).stdout:
        print('1..0 # SKIP gst-launch-1.0 cannot load instrumented elements')
        return
    platform = subprocess.Popen(
        [loopback, '--port', '0', '--group', 'roof:alice,bob,carol'],
        stdout=subprocess.PIPE, text=True)
    failed = n = 0
    try:
        address = platform.stdout.readline().split('//')[-1].strip()
        for n, (well, name) in enumerate(test(address, plugins, readme), 1):
            print(f'{"ok" if well else "not ok"} {n} - {name}', flush=True)
            failed += not well
    finally:
        platform.terminate()
        platform.wait()
    print(f'1..{n}')
    sys.exit(1 if failed else 0)


main()
