#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What is heard and seen over bad lines: a report, not a test.

Two pipelines in network namespaces call each other over a line that loses and
delays packets (netem.py). For each kind of line one call has what we do against
it, Opus with in-band FEC and VP8 with NACK and RTX, and one has neither FEC nor
RTX, in the same run, on a line that behaves the same. Both ask for key frames.

  heard   share of the ticks, 10 ms of sound each 60 ms, that came out: nothing
          that a decoder makes up in place of a lost packet is one
  fps     pictures a second, of 30, of noise: some four packets each
  frozen  share of the time in pauses between pictures longer than 200 ms
  lost    share of the packets that the line lost in fact

A packet can be asked for again only as long as the latency (jitter buffer) lasts
longer than the round trip, which is twice the delay.

Arguments: the endpoint, the loopback platform, and, optionally, the seconds that
each kind of line lasts and the latency in ms.
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
# The rates that a line with much loss has left behind rise slowly
REST = 8
FPS = 30
TICK_MS = 60
SOUND = (f'audiotestsrc is-live=true wave=ticks freq=1000 volume=0.8 '
         f'sine-periods-per-tick=10 tick-interval={TICK_MS}000000 '
         f'! audio/x-raw,rate=48000 ! ')
VIDEO = (f'videotestsrc is-live=true pattern=snow ! '
         f'video/x-raw,width=160,height=120,framerate={FPS}/1 ! out.video_0 ')
SOURCES = {
    True: SOUND + 'out.audio_0 ' + VIDEO,
    False: SOUND + 'opusenc complexity=5 inband-fec=false ! out.audio_0 ' + VIDEO,
}


class Bench:
    def __init__(self, endpoint, loopback, protected, latency):
        self.net = network.Network(endpoint, loopback)
        try:
            self._call(protected, latency)
        except BaseException:
            self.net.stop()
            raise

    def _call(self, protected, latency):
        self.net.forward(False)
        tuns = []
        for end, host in ((self.net.alice, 1), (self.net.bob, 2)):
            tuns.append(netem.open_tun('line', end.process.pid))
            end.ip('addr', 'add', f'10.78.0.{host}/24', 'dev', 'line')
            end.ip('link', 'set', 'line', 'up')
        self.line = netem.Line(*tuns)
        for end, role in ((self.net.bob, 'auto-answer=true'),
                          (self.net.alice, 'destination=bob')):
            self.net.play(end, role, f'latency={latency}', SOURCES[protected],
                          '' if protected else 'rtx')
        for end in self.net.ends:
            network.until(lambda: end.ask('measure', gap=True)['ticks'] > 0,
                          f'{end.name} hears')

    def measure(self, loss, delay, seconds):
        ends = self.net.ends
        self.line.set(loss, delay)
        time.sleep(SETTLE)
        for end in ends:
            end.ask('measure', gap=True)
        self.line.count()
        start = time.monotonic()
        time.sleep(seconds)
        took = time.monotonic() - start
        found = [end.ask('measure', gap=True) for end in ends]
        carried, lost = self.line.count()
        return {
            'heard': min(f['ticks'] * TICK_MS / 1000 / took for f in found),
            'fps': min(f['shown'] / took for f in found),
            'frozen': max(f['frozen'] / 1000 / took for f in found),
            'lost': lost / max(carried + lost, 1),
        }

    def stop(self):
        self.net.stop()
        self.line.stop()


def main():
    endpoint, loopback = sys.argv[1:3]
    seconds = float(sys.argv[3]) if len(sys.argv) > 3 else 6
    latency = int(sys.argv[4]) if len(sys.argv) > 4 else 200
    network.enter()
    results = {}
    for protected in (True, False):
        bench = Bench(endpoint, loopback, protected, latency)
        try:
            for delay in DELAYS:
                bench.line.set(0, delay)
                time.sleep(REST)
                for loss in LOSSES:
                    print(f'  {"with" if protected else "without"} FEC and '
                          f'RTX: {delay * 1000:.0f} ms, {loss:.0%} ...',
                          end=' ', file=sys.stderr, flush=True)
                    found = bench.measure(loss, delay, seconds)
                    results[protected, delay, loss] = found
                    print(', '.join(f'{name} {value:.2f}'
                                    for name, value in found.items()),
                          file=sys.stderr)
        finally:
            bench.stop()

    print(f'{seconds:.0f} s for each kind of line, latency {latency} ms, load '
          f'{os.getloadavg()[0]:.1f} on {os.cpu_count()} processors')
    columns = 'heard    fps  frozen   lost'
    print(f'{"":16}{"with FEC and RTX":32}{"without":32}ratio')
    print(f'delay    loss   {columns:32}{columns:32}heard    fps')
    for delay in DELAYS:
        for loss in LOSSES:
            a, b = (results[p, delay, loss] for p in (True, False))
            print(f'{delay * 1000:3.0f} ms  {loss:6.0%}  '
                  + ''.join(f'{r["heard"]:6.1%}  {r["fps"]:5.1f}  '
                            f'{r["frozen"]:6.1%}  {r["lost"]:5.1%}   '
                            for r in (a, b))
                  + f'  {a["heard"] / max(b["heard"], 0.001):5.2f}'
                  + f'  {a["fps"] / max(b["fps"], 0.1):5.2f}')


if __name__ == '__main__':
    main()
