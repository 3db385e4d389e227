# SPDX-License-Identifier: LGPL-2.1-or-later
"""A bad line: two TUN devices, one a namespace, between which packets are
carried with loss, delay and jitter. A kernel's own netem is not everywhere; and
this one is seeded, so that each run loses the same packets."""

import ctypes
import fcntl
import heapq
import os
import random
import select
import struct
import threading
import time

CLONE_NEWNET = 0x40000000
TUNSETIFF = 0x400454ca
IFF_TUN, IFF_NO_PI = 1, 0x1000
MTU = 1500


def open_tun(name, pid):
    """A device in the network namespace of a process."""
    libc = ctypes.CDLL(None, use_errno=True)

    def enter(path):
        with open(path, encoding='ascii') as file:
            if libc.setns(file.fileno(), CLONE_NEWNET) != 0:
                raise OSError(ctypes.get_errno(), 'setns')

    # Of this thread
    own = f'/proc/self/task/{threading.get_native_id()}/ns/net'
    with open(own, encoding='ascii') as home:
        enter(f'/proc/{pid}/ns/net')
        try:
            tun = os.open('/dev/net/tun', os.O_RDWR | os.O_NONBLOCK)
            fcntl.ioctl(tun, TUNSETIFF, struct.pack(
                '16sH', name.encode(), IFF_TUN | IFF_NO_PI))
        finally:
            if libc.setns(home.fileno(), CLONE_NEWNET) != 0:
                raise OSError(ctypes.get_errno(), 'setns')
    return tun


class Line:
    def __init__(self, one, other, seed=1):
        self.ends = {one: other, other: one}
        self.random = {end: random.Random(seed + i)
                       for i, end in enumerate(self.ends)}
        self.waiting = []
        self.number = 0
        self.set(0, 0)
        self.running = True
        self.thread = threading.Thread(target=self._carry, daemon=True)
        self.thread.start()

    def set(self, loss, delay):
        """@loss: 0 to 1. @delay: s, one way; a fifth of it more or less, at
        random, without changing the order."""
        self.loss, self.delay = loss, delay
        self.last = {end: 0 for end in self.ends}
        self.lost = self.carried = 0

    def count(self):
        """Packets that were carried, and lost, since the last time."""
        counts = self.carried, self.lost
        self.lost = self.carried = 0
        return counts

    def stop(self):
        self.running = False
        self.thread.join()

    def _take(self, end):
        try:
            packet = os.read(end, MTU)
        except BlockingIOError:
            return
        chance = self.random[end]
        if chance.random() < self.loss:
            self.lost += 1
            return
        self.carried += 1
        due = time.monotonic() + self.delay * chance.uniform(0.8, 1.2)
        due = self.last[end] = max(due, self.last[end])
        self.number += 1
        heapq.heappush(self.waiting, (due, self.number, end, packet))

    def _carry(self):
        while self.running:
            now = time.monotonic()
            while self.waiting and self.waiting[0][0] <= now:
                _, _, end, packet = heapq.heappop(self.waiting)
                try:
                    os.write(self.ends[end], packet)
                except OSError:
                    pass
            pause = 0.1
            if self.waiting:
                pause = max(0, min(pause, self.waiting[0][0] - now))
            for end in select.select(list(self.ends), [], [], pause)[0]:
                self._take(end)
