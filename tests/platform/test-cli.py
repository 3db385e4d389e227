#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The command line of kandy-loopback: first line, exit codes, signals."""

import base64
import json
import os
import re
import signal
import ssl
import subprocess
import sys
import tempfile
import unittest
import urllib.error
import urllib.parse
import urllib.request

PROGRAM = sys.argv.pop(1)
TIMEOUT = 15


class Server:
    def __init__(self, *args):
        self.process = subprocess.Popen(
            [PROGRAM, *args], stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, text=True)
        self.first = self.process.stdout.readline()
        match = re.fullmatch(
            r'listening on (https?)://(\S+):(\d+)\n', self.first)
        self.scheme, self.host, self.port = match.groups()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
        self.process.communicate()

    def stop(self, number=signal.SIGTERM):
        self.process.send_signal(number)
        out, err = self.process.communicate(timeout=TIMEOUT)
        return self.process.returncode, out, err

    def get(self, path, scheme=None, context=None, data=None):
        url = f'{scheme or self.scheme}://{self.host}:{self.port}{path}'
        with urllib.request.urlopen(
                url, data=data, timeout=TIMEOUT, context=context) as reply:
            return reply.status, reply.read().decode()

    def sign_on(self, username, password):
        return self.ask_token(username, password)[0]

    def ask_token(self, username, password):
        form = urllib.parse.urlencode({
            'grant_type': 'password', 'client_id': 'loopback',
            'username': username, 'password': password}).encode()
        try:
            status, text = self.get('/cpaas/auth/v1/token', data=form)
            return status, json.loads(text)
        except urllib.error.HTTPError as error:
            with error:
                return error.code, None

    def groups(self, username, password):
        _, tokens = self.ask_token(username, password)
        token = tokens['access_token']
        claims = token.split('.')[1]
        user = json.loads(base64.urlsafe_b64decode(
            claims + '=' * (-len(claims) % 4)))['preferred_username']
        request = urllib.request.Request(
            f'{self.scheme}://{self.host}:{self.port}'
            f'/cpaas/chat/v1/{user}/group',
            headers={'Authorization': f'Bearer {token}'})
        with urllib.request.urlopen(request, timeout=TIMEOUT) as reply:
            groups = json.load(reply)['groupChatSessionInformationList']
        return [(group['x-name'], [(one['address'], one['status'],
                                    one['x-isAdmin'])
                                   for one in group['participant']])
                for group in groups['groupChatSessionInformation']]


def run(*args):
    done = subprocess.run(
        [PROGRAM, *args], capture_output=True, text=True, timeout=TIMEOUT)
    return done.returncode, done.stdout, done.stderr


class Test(unittest.TestCase):
    def test_defaults(self):
        with Server() as server:
            self.assertEqual((server.scheme, server.host),
                             ('http', '127.0.0.1'))
            for name in ('alice', 'bob', 'carol'):
                self.assertEqual(
                    server.sign_on(f'{name}@loopback.example', name), 200)
            self.assertEqual(
                server.sign_on('alice@loopback.example', 'bob'), 401)
            self.assertEqual(server.get('/')[0], 200)
            self.assertEqual(server.stop(), (0, '', ''))

    def test_accounts(self):
        with Server('--account', 'dora@lab.example:a:b',
                    '--account=emil@lab.example:') as server:
            self.assertEqual(server.sign_on('dora@lab.example', 'a:b'), 200)
            self.assertEqual(server.sign_on('emil@lab.example', ''), 200)
            self.assertEqual(
                server.sign_on('alice@loopback.example', 'alice'), 401)
            self.assertEqual(server.stop(signal.SIGINT)[0], 0)

    def test_verbose(self):
        with Server('-v') as server:
            server.sign_on('alice@loopback.example', 'alice')
            code, out, err = server.stop()
            self.assertEqual((code, err), (0, ''))
            self.assertEqual(len(out.splitlines()), 1)
            self.assertIn('POST /cpaas/auth/v1/token 200 OK', out)
            self.assertNotIn('eyJ', out)

    def test_tls(self):
        context = ssl.create_default_context()
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        with Server('--tls') as server:
            self.assertEqual(server.scheme, 'https')
            self.assertEqual(server.get('/', context=context)[0], 200)
            self.assertEqual(server.get('/', scheme='http')[0], 200)
            self.assertEqual(server.stop()[0], 0)

    def test_config(self):
        with tempfile.NamedTemporaryFile('w', suffix='.json') as file:
            json.dump({'accounts': [{'address': 'f@lab.example',
                                     'password': 'g'}]}, file)
            file.flush()
            with Server('--config', file.name) as server:
                self.assertEqual(server.sign_on('f@lab.example', 'g'), 200)
                self.assertEqual(
                    server.sign_on('alice@loopback.example', 'alice'), 401)

    def test_groups(self):
        with Server('--group', 'roof:bob,alice@loopback.example',
                    '--group', 'cellar:carol') as server:
            roof = [('bob@loopback.example', 'Connected', True),
                    ('alice@loopback.example', 'Connected', False)]
            for name in ('alice', 'bob'):
                self.assertEqual(
                    server.groups(f'{name}@loopback.example', name),
                    [('roof', roof)])
            self.assertEqual(server.groups('carol@loopback.example', 'carol'),
                             [('cellar', [('carol@loopback.example',
                                           'Connected', True)])])

    def test_config_without_accounts(self):
        with tempfile.NamedTemporaryFile('w', suffix='.json') as file:
            json.dump({'policies': {'tokenLifetime': 60}}, file)
            file.flush()
            with Server('--config', file.name) as server:
                self.assertEqual(
                    server.sign_on('alice@loopback.example', 'alice'), 200)

    def test_port_in_use(self):
        with Server() as server:
            code, out, err = run('--port', server.port)
            self.assertEqual((code, out), (1, ''))
            self.assertIn(f'127.0.0.1 port {server.port}', err)
            self.assertEqual(len(err.splitlines()), 1)

    def test_failures(self):
        for args in (['--address', 'monday'], ['--config', '/nonexistent'],
                     ['--config', '/dev/null'],
                     ['--tls-cert', '/nonexistent',
                      '--tls-key', '/nonexistent']):
            code, out, err = run(*args)
            self.assertEqual((code, out), (1, ''), args)
            self.assertTrue(err.startswith('kandy-loopback: '), err)

    def test_usage(self):
        for args in (['--no-such-option'], ['stray'], ['--port', '65536'],
                     ['--port', '-1'], ['--port', 'x'], ['--port'],
                     ['--account', 'nobody'], ['--account', 'x:y'],
                     ['--group', 'roof'], ['--group', ':alice'],
                     ['--group', 'roof:'], ['--group', 'roof:alice,nobody'],
                     ['--group', 'sessions:alice'], ['--group', '../x:alice'],
                     ['--tls-cert', '/x'], ['--tls-key', '/x'],
                     ['--tls', '--tls-cert', '/x', '--tls-key', '/x']):
            code, out, err = run(*args)
            self.assertEqual((code, out), (2, ''), args)
            self.assertIn('--help', err)

    def test_help(self):
        code, out, err = run('--help')
        self.assertEqual((code, err), (0, ''))
        for option in ('--address', '--port', '--tls', '--tls-cert',
                       '--tls-key', '--account', '--group', '--config',
                       '--store', '--verbose', '--version'):
            self.assertIn(option, out)
        self.assertTrue(all(len(line) <= 120 for line in out.splitlines()))

    def test_version(self):
        code, out, err = run('--version')
        self.assertEqual((code, err), (0, ''))
        self.assertRegex(out, r'^kandy-loopback \d+\.\d+\.\d+\n$')


if __name__ == '__main__':
    os.environ.pop('G_MESSAGES_DEBUG', None)
    unittest.main(verbosity=0)
