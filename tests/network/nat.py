# SPDX-License-Identifier: LGPL-2.1-or-later
"""A NAT between one end and the other, which can forget its bindings.

What the end sends to the other's network goes into a TUN device, gets another
address and another port, and comes out of a TUN device in the middle. The way
back is open to those ports only, and from everywhere.
"""

import os
import select
import struct
import threading

import network
from netem import MTU, open_tun

OUTSIDE = '10.77.8.1'
INSIDE = '10.77.9.2'
UDP = 17


def checksum(header):
    words = struct.unpack(f'!{len(header) // 2}H', header)
    total = sum(words)
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return ~total & 0xffff


def rewrite(packet, at, address, port):
    """@at: 0 = the source, 1 = the destination"""
    packet = bytearray(packet)
    length = (packet[0] & 15) * 4
    packet[12 + 4 * at:16 + 4 * at] = address
    struct.pack_into('!H', packet, length + 2 * at, port)
    # An IPv4 packet may do without a checksum of UDP (RFC 768)
    struct.pack_into('!H', packet, length + 6, 0)
    struct.pack_into('!H', packet, 10, 0)
    struct.pack_into('!H', packet, 10, checksum(bytes(packet[:length])))
    return bytes(packet)


class Nat:
    def __init__(self, end, other):
        self.lock = threading.Lock()
        self.ports = {}   # outside -> (address, port) inside
        self.bindings = {}  # the other way round
        self.next_port = 20000
        self.outside = bytes(int(x) for x in OUTSIDE.split('.'))
        self.carried = [0, 0]  # out, in, since the last rebind()
        self.refused = 0
        try:
            self.inner = open_tun('nat0', end.process.pid)
            self.outer = open_tun('nat1', os.getpid())
        except OSError as error:
            network.skip(f'no TUN devices here: {error}')
        end.ip('addr', 'add', f'{INSIDE}/32', 'dev', 'nat0')
        end.ip('link', 'set', 'nat0', 'up')
        end.ip('route', 'add', f'{other.net}.0/24', 'dev', 'nat0',
               'src', INSIDE)
        network.run('ip', 'link', 'set', 'nat1', 'up')
        network.run('ip', 'route', 'add', f'{OUTSIDE}/32', 'dev', 'nat1')
        # There is no way around it
        other.ip('route', 'add', 'blackhole', f'{end.net}.0/24')
        self.running = True
        self.thread = threading.Thread(target=self._carry, daemon=True)
        self.thread.start()

    def rebind(self):
        """As after a restart of the NAT: all ports are others."""
        with self.lock:
            self.ports.clear()
            self.bindings.clear()
            self.carried = [0, 0]
            self.refused = 0

    def stop(self):
        self.running = False
        self.thread.join()
        os.close(self.inner)
        os.close(self.outer)

    def _translate(self, packet, outwards):
        if packet[0] >> 4 != 4 or packet[9] != UDP:
            return None
        length = (packet[0] & 15) * 4
        source, destination = struct.unpack_from('!HH', packet, length)
        with self.lock:
            if outwards:
                inside = (packet[12:16], source)
                if inside not in self.bindings:
                    self.bindings[inside] = self.next_port
                    self.ports[self.next_port] = inside
                    self.next_port += 1
                self.carried[0] += 1
                return rewrite(
                    packet, 0, self.outside, self.bindings[inside])
            if destination not in self.ports:
                self.refused += 1
                return None
            self.carried[1] += 1
            return rewrite(packet, 1, *self.ports[destination])

    def _carry(self):
        while self.running:
            for end in select.select([self.inner, self.outer], [], [], 0.1)[0]:
                outwards = end == self.inner
                try:
                    packet = self._translate(os.read(end, MTU), outwards)
                    if packet:
                        os.write(self.outer if outwards else self.inner, packet)
                except OSError:
                    pass
