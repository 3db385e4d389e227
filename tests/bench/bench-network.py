#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What is heard and seen over bad lines: a report, not a test.

Two pipelines in network namespaces call each other over a line that loses and
delays packets (netem.py). For each kind of line one call has what we do against
it, Opus with in-band FEC and VP8 with NACK and RTX, and one has neither, in the
same run and with the same packets lost.

  heard   share of the tone that came out as sound
  fps     pictures a second, of 15
  frozen  share of the time in pauses between pictures longer than 200 ms

Arguments: the endpoint, the loopback platform, and, optionally, the seconds that
each kind of line lasts.
"""

import os
import sys
import time

sys.path.insert(0, os.path.join(
    os.path.dirname(os.path.abspath(__file__)), '..', 'network'))

import netem  # noqa: E402
import network  # noqa: E402

LOSSES = [0, 0.02, 0.05, 0.1, 0.2]
DELAYS = [0, 0.05, 0.2]
SETTLE = 3
FPS = 15
VIDEO = (f'videotestsrc is-live=true pattern=ball ! '
         f'video/x-raw,width=320,height=240,framerate={FPS}/1 ! out.video_0 ')
SOURCES = {
    True: 'audiotestsrc is-live=true freq={tone} ! audio/x-raw,rate=48000 '
          '! out.audio_0 ' + VIDEO,
    False: 'audiotestsrc is-live=true freq={tone} ! audio/x-raw,rate=48000 '
           '! opusenc complexity=5 inband-fec=false ! out.audio_0 ' + VIDEO,
}


class Bench:
    def __init__(self, endpoint, loopback, protected):
        self.net = network.Network(endpoint, loopback)
        self.net.forward(False)
        tuns = []
        for end, host in ((self.net.alice, 1), (self.net.bob, 2)):
            tuns.append(netem.open_tun('line', end.process.pid))
            end.ip('addr', 'add', f'10.78.0.{host}/24', 'dev', 'line')
            end.ip('link', 'set', 'line', 'up')
        self.line = netem.Line(*tuns)
        for end, role in ((self.net.bob, 'auto-answer=true'),
                          (self.net.alice, 'destination=bob')):
            tone = self.net.TONES[end.name]
            self.net.play(end, role, '', SOURCES[protected].format(tone=tone),
                          '' if protected else 'nack')
        self.net.wait_heard()

    def measure(self, loss, delay, seconds):
        ends = self.net.ends
        self.line.set(loss, delay)
        time.sleep(SETTLE)
        for end in ends:
            end.ask('measure', gap=True)
        start = time.monotonic()
        time.sleep(seconds)
        took = time.monotonic() - start
        found = [end.ask('measure', gap=True) for end in ends]
        return {
            'heard': min(f['audible'] / 1000 / took for f in found),
            'fps': min(f['shown'] / took for f in found),
            'frozen': max(f['frozen'] / 1000 / took for f in found),
        }

    def stop(self):
        self.net.stop()
        self.line.stop()


def main():
    endpoint, loopback = sys.argv[1:3]
    seconds = float(sys.argv[3]) if len(sys.argv) > 3 else 6
    network.enter()
    results = {}
    for protected in (True, False):
        bench = Bench(endpoint, loopback, protected)
        try:
            for delay in DELAYS:
                for loss in LOSSES:
                    print(f'  {"with" if protected else "without"} FEC and '
                          f'NACK: {delay * 1000:.0f} ms, {loss:.0%} ...',
                          file=sys.stderr)
                    results[protected, delay, loss] = bench.measure(
                        loss, delay, seconds)
        finally:
            bench.stop()

    print('                with FEC and NACK          without                    '
          'ratio')
    print('delay    loss   heard    fps  frozen       heard    fps  frozen       '
          'heard    fps')
    for delay in DELAYS:
        for loss in LOSSES:
            a, b = (results[p, delay, loss] for p in (True, False))
            print(f'{delay * 1000:3.0f} ms  {loss:6.0%}'
                  + ''.join(f'  {r["heard"]:6.1%}  {r["fps"]:5.1f}  '
                            f'{r["frozen"]:6.1%}     ' for r in (a, b))
                  + f'  {a["heard"] / max(b["heard"], 0.001):5.2f}'
                  + f'  {a["fps"] / max(b["fps"], 0.1):5.2f}')


if __name__ == '__main__':
    main()
