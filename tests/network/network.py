# SPDX-License-Identifier: LGPL-2.1-or-later
"""A small network of namespaces with two endpoints and a platform between them.

  alice 10.77.1.2 -- 10.77.1.1 middle 10.77.2.1 -- 10.77.2.2 bob

All of it lives in a network namespace of the process that called enter(), and
goes with it: nothing of the machine's own network is touched. The platform and
the TURN server are in the middle, which forwards packets between the two ends
or does not.
"""

import base64
import hashlib
import hmac
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request

import netem

SKIP = 77
TIMEOUT = 15

# Of instrumented ends: they are stopped wherever they are; leaks are for tests in
# one process to find
os.environ['ASAN_OPTIONS'] = os.environ.get('ASAN_OPTIONS', '') + ':detect_leaks=0'

SECRET = 'not-much-of-a-secret'
INSIDE = 'KANDY_TEST_NETWORK'


def enter():
    """Runs this program once more, in a network of its own."""
    if os.environ.get(INSIDE):
        return
    missing = [name for name in ('ip', 'unshare') if not shutil.which(name)]
    if missing:
        skip('there is no ' + ' and no '.join(missing))
    command = ['unshare', '--net']
    if os.geteuid() != 0:
        command += ['--user', '--map-root-user']
    probe = subprocess.run(
        command + ['sh', '-c', 'ip link add a0 type veth peer name a1'],
        capture_output=True, text=True)
    if probe.returncode != 0:
        skip('no network namespaces with veth here: '
             + probe.stderr.strip().splitlines()[-1])
    os.environ[INSIDE] = '1'
    os.execvp('unshare', command + [sys.executable, *sys.argv])


def skip(reason):
    print('SKIP:', reason)
    sys.exit(SKIP)


def run(*command):
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != 0:
        raise RuntimeError(f'{" ".join(command)}: {done.stderr.strip()}')
    return done.stdout


def until(condition, what, timeout=TIMEOUT):
    """What condition() gives, as soon as that is true."""
    deadline = time.monotonic() + timeout
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f'not in {timeout} s: {what}')
        time.sleep(0.02)


class Endpoint:
    """A pipeline in a namespace of its own, behind tests/browser/endpoint.c."""

    def __init__(self, program, name, net):
        self.name = name
        self.device = name[0] + '0'
        self.net = net
        self.replies = {}
        self.events = []
        self.arrived = threading.Condition()
        self.number = 0
        self.process = subprocess.Popen(
            ['unshare', '--net', program], stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, text=True)
        threading.Thread(target=self._read, daemon=True).start()
        # The program answers when the namespace is its own
        self.ask('measure')
        run('ip', 'link', 'add', self.device, 'type', 'veth', 'peer', 'name',
            'eth0', 'netns', str(self.process.pid))
        run('ip', 'addr', 'add', f'{net}.1/24', 'dev', self.device)
        run('ip', 'link', 'set', self.device, 'up')
        self.ip('link', 'set', 'lo', 'up')
        self.ip('link', 'set', 'eth0', 'up')
        self.have_address(2)

    def ip(self, *arguments):
        run('nsenter', '-t', str(self.process.pid), '--net', 'ip', *arguments)

    def have_address(self, host):
        """This one, and no other."""
        self.ip('-4', 'addr', 'flush', 'dev', 'eth0')
        self.ip('addr', 'add', f'{self.net}.{host}/24', 'dev', 'eth0')
        self.ip('route', 'replace', 'default', 'via', f'{self.net}.1')

    def _read(self):
        for line in self.process.stdout:
            message = json.loads(line)
            with self.arrived:
                if 'reply' in message:
                    self.replies[message['reply']] = message
                else:
                    self.events.append(message)
                self.arrived.notify_all()

    def ask(self, verb, **arguments):
        self.number += 1
        command = {'id': self.number, 'do': verb, **arguments}
        self.process.stdin.write(json.dumps(command) + '\n')
        self.process.stdin.flush()
        with self.arrived:
            if not self.arrived.wait_for(
                    lambda: self.number in self.replies, TIMEOUT):
                raise AssertionError(f'{self.name}: {verb} is not answered')
            reply = self.replies.pop(self.number)
        if 'error' in reply:
            raise AssertionError(f'{self.name}: {verb}: {reply["error"]}')
        return reply

    def get(self, element, name):
        return self.ask('get', element=element, property=name)['value']

    def emit(self, element, signal, *arguments):
        self.ask('emit', element=element, signal=signal, args=arguments)

    def kandy_events(self, name):
        """The payloads of an event of Kandy's document that has come."""
        with self.arrived:
            return [event['fields'].get('payload', {}) for event in self.events
                    if event.get('name') == 'kandy-event'
                    and event['fields'].get('name') == name]

    def digits(self):
        """The DTMF tones that have begun"""
        with self.arrived:
            return [event['fields']['number'] for event in self.events
                    if event.get('name') == 'dtmf-event'
                    and event['fields'].get('start', True)]

    def progress(self, kind, code):
        with self.arrived:
            return any(event.get('type') == 'progress'
                       and event['fields'].get('code') == code
                       and kind in str(event['fields'].get('type'))
                       for event in self.events)

    def description(self):
        """Of a webrtcbin that was asked to make one."""
        def find():
            with self.arrived:
                return next((event['sdp'] for event in self.events
                             if event.get('event') == 'description'), None)

        return until(find, f'{self.name} makes a description')

    def expect_no_errors(self):
        with self.arrived:
            errors = [event['text'] for event in self.events
                      if event.get('type') == 'error']
        assert not errors, f'{self.name}: {errors}'

    def hears(self, hertz):
        heard = self.ask('measure')['hz']
        return abs(heard - hertz) < 0.02 * hertz

    def stop(self):
        if self.process.poll() is None:
            try:
                self.ask('quit')
                self.process.wait(TIMEOUT)
            except (AssertionError, OSError, subprocess.TimeoutExpired):
                self.process.kill()
                self.process.wait()
        # The kernel takes its time to clear a namespace away, and an end that
        # comes next has a device of this name
        subprocess.run(['ip', 'link', 'del', self.device], check=False,
                       stderr=subprocess.DEVNULL)


class Network:
    TONES = {'alice': 440, 'bob': 1000}

    def __init__(self, endpoint, loopback):
        run('ip', 'link', 'set', 'lo', 'up')
        self.relays = []
        self.line = None
        self.directory = None
        self.loopback = subprocess.Popen(
            [loopback, '--address', '0.0.0.0', '--port', '0'],
            stdout=subprocess.PIPE, text=True)
        self.port = int(self.loopback.stdout.readline().rsplit(':', 1)[1])
        self.alice = Endpoint(endpoint, 'alice', '10.77.1')
        self.bob = Endpoint(endpoint, 'bob', '10.77.2')
        self.ends = [self.alice, self.bob]

    def forward(self, on):
        with open('/proc/sys/net/ipv4/ip_forward', 'w') as file:
            file.write('1' if on else '0')

    def open_line(self):
        """A bad line (netem.py) between the two ends, as their only way"""
        self.forward(False)
        tuns = []
        for end, host in ((self.alice, 1), (self.bob, 2)):
            tuns.append(netem.open_tun('line', end.process.pid))
            end.ip('addr', 'add', f'10.78.0.{host}/24', 'dev', 'line')
            end.ip('link', 'set', 'line', 'up')
        self.line = netem.Line(*tuns)
        return self.line

    def fault(self, fault):
        request = urllib.request.Request(
            f'http://127.0.0.1:{self.port}/loopback/faults',
            json.dumps(fault).encode(), {'Content-Type': 'application/json'})
        urllib.request.urlopen(request, timeout=TIMEOUT).close()

    def play(self, end, rest='', settings='', source=None, without=None):
        """@without: lines with it are taken out of all descriptions"""
        source = source or (
            f'audiotestsrc is-live=true freq={self.TONES[end.name]} '
            '! out.audio_0 ')
        end.ask('play', without=without or '', pipeline=(
            f'kandysink name=out server=http://{end.net}.1:{self.port} '
            f'username={end.name}@loopback.example password={end.name} client-id=loopback '
            f'{rest} {source} '
            f'kandysrc name=in {settings}'))
        until(lambda: end.progress('complete', 'subscribe'),
              f'{end.name} is subscribed')

    def call(self, settings='', rest=''):
        self.play(self.bob, 'auto-answer=true ' + rest, settings)
        self.play(self.alice, 'destination=bob ' + rest, settings)
        self.wait_heard()

    def wait_heard(self, timeout=TIMEOUT):
        for end, far in ((self.alice, self.bob), (self.bob, self.alice)):
            until(lambda: end.hears(self.TONES[far.name]),
                  f'{end.name} hears {far.name}', timeout)

    def start_gaps(self):
        for end in self.ends:
            end.ask('measure', gap=True)

    def gaps(self):
        """ms without sound at each end since start_gaps(), the longest"""
        return [end.ask('measure', gap=True)['gap'] for end in self.ends]

    def relay(self, way):
        """A TURN server in the middle, which both ends reach. Returns what
        `ice-servers` of each end is."""
        program = shutil.which('turnserver')
        if not program:
            skip('there is no turnserver here (package coturn)')
        self.directory = tempfile.mkdtemp(prefix='kandy-network-')
        certificate = os.path.join(self.directory, 'cert.pem')
        key = os.path.join(self.directory, 'key.pem')
        command = [
            program, '-n', '--listening-port=3478', '--tls-listening-port=5349',
            '--relay-ip=10.77.1.1', '--relay-ip=10.77.2.1',
            '--listening-ip=10.77.1.1', '--listening-ip=10.77.2.1',
            f'--userdb={self.directory}/db', f'--pidfile={self.directory}/pid',
            '--use-auth-secret', f'--static-auth-secret={SECRET}',
            '--realm=loopback.example', '--no-dtls', '--no-cli',
            '--log-file=stdout']
        if way == 'tls':
            run('openssl', 'req', '-x509', '-newkey', 'ec', '-pkeyopt',
                'ec_paramgen_curve:P-256', '-nodes', '-days', '2', '-subj',
                '/CN=middle', '-addext',
                'subjectAltName=IP:10.77.1.1,IP:10.77.2.1', '-keyout', key,
                '-out', certificate)
            command += [f'--cert={certificate}', f'--pkey={key}']
        # With epoll its event loop misses what comes to a descriptor that was
        # closed and opened again in one round
        self.relays.append(subprocess.Popen(
            command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            env={**os.environ, 'EVENT_NOEPOLL': '1'}))
        until(lambda: is_listening('10.77.1.1', 3478), 'turnserver listens')
        user, password = awkward_credentials()
        self.fault({'set': {'turnUsername': user, 'turnPassword': password}})
        return certificate

    def stop(self):
        for end in self.ends:
            end.stop()
        if self.line:
            self.line.stop()
        for process in [self.loopback, *self.relays]:
            process.terminate()
            process.wait()
        if self.directory:
            shutil.rmtree(self.directory)


def is_listening(host, port):
    try:
        socket.create_connection((host, port), 1).close()
    except OSError:
        return False
    return True


def awkward_credentials():
    """Of the scheme that coturn understands, with characters in them that a URI
    does not take as they are."""
    for i in range(1000):
        user = f'{int(time.time()) + 3600}:alice+{i}@loopback.example'
        digest = hmac.new(SECRET.encode(), user.encode(), hashlib.sha1)
        password = base64.b64encode(digest.digest()).decode()
        if '+' in password and '/' in password:
            return user, password
    raise AssertionError('no such password')
