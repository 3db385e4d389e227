#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What is heard and seen over bad lines: a report, not a test.

Two pipelines in network namespaces call each other over a line that loses and
delays packets (tests/network/netem.py), both ways. For each kind of line there are three
calls in the same run, on lines that behave the same:

  ours     the elements: Opus with in-band FEC, VP8 with NACK and RTX
  by hand  two webrtcbin that are wired by hand, as gst-launch-1.0 could be: the
           same codecs with the same settings, FEC, NACK and RTX
  bare     the elements with neither FEC nor RTX

  heard    share of the ticks, 10 ms of sound each 60 ms, that came out: nothing
           that a decoder makes up in place of a lost packet is one
  fps      pictures a second, of 30
  frozen   share of the time in pauses between pictures longer than 200 ms
  lost     share of the packets that the line lost in fact

All are of the end that fared worse. The pictures are noise, some four packets
each: of a still picture less would be lost.

Runs as root, or where users may have namespaces:

  ninja -C BUILD run-bench-network
  meson devenv -C BUILD tests/bench/bench-network.py --help
"""

import argparse
import os
import sys
import time

sys.path.insert(0, os.path.join(
    os.path.dirname(os.path.abspath(__file__)), '..', 'network'))

import network  # noqa: E402

SETTLE = 3
# The rates that a line with much loss has left behind rise slowly
REST = 8
FPS = 30
TICK_MS = 60
SOUND = (f'audiotestsrc is-live=true wave=ticks freq=1000 volume=0.8 '
         f'sine-periods-per-tick=10 tick-interval={TICK_MS}000000 '
         f'! audio/x-raw,rate=48000 ! ')
VIDEO = (f'videotestsrc is-live=true pattern=snow ! '
         f'video/x-raw,width=160,height=120,framerate={FPS}/1 ! ')
OURS = SOUND + 'out.audio_0 ' + VIDEO + 'out.video_0 '
BARE = (SOUND + 'opusenc complexity=5 inband-fec=false ! out.audio_0 '
        + VIDEO + 'out.video_0 ')
# As the elements set theirs
BY_HAND = (
    SOUND + 'opusenc audio-type=voice complexity=5 inband-fec=true '
    'packet-loss-percentage=5 frame-size=20 bitrate-type=constrained-vbr '
    'bitrate=48000 ! rtpopuspay pt=111 '
    '! application/x-rtp,encoding-params=(string)2 ! in. '
    + VIDEO + 'queue ! vp8enc target-bitrate=1000000 deadline=1 cpu-used=8 '
    'error-resilient=1 keyframe-max-dist=3000 end-usage=cbr lag-in-frames=0 '
    'threads=2 buffer-initial-size=300 buffer-optimal-size=400 buffer-size=600 '
    'undershoot=95 min-quantizer=4 max-quantizer=63 dropframe-threshold=30 '
    '! rtpvp8pay pt=96 picture-id-mode=2 ! in. ')
KINDS = ['ours', 'by hand', 'bare']


class Bench:
    def __init__(self, endpoint, loopback, kind, latency):
        self.net = network.Network(endpoint, loopback)
        try:
            self.line = self.net.open_line()
            if kind == 'by hand':
                self._wire(latency)
            else:
                self._call(kind, latency)
            for end in self.net.ends:
                network.until(lambda: end.ask('measure', gap=True)['ticks'] > 0,
                              f'{end.name} hears')
        except BaseException:
            self.net.stop()
            raise

    def _call(self, kind, latency):
        for end, role in ((self.net.bob, 'auto-answer=true'),
                          (self.net.alice, 'destination=bob')):
            self.net.play(end, role, f'latency={latency}',
                          OURS if kind == 'ours' else BARE,
                          '' if kind == 'ours' else 'rtx')

    def _wire(self, latency):
        for end in self.net.ends:
            end.ask('play', pipeline='webrtcbin name=in bundle-policy=max-compat '
                                     f'latency={latency} {BY_HAND}')
        self.net.alice.ask('describe', element='in')
        offer = self.net.alice.description()
        self.net.bob.ask('describe', element='in', sdp=offer)
        self.net.alice.ask('accept', element='in', sdp=self.net.bob.description())

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


def numbers(text):
    return [float(number) for number in text.split(',')]


def parse_arguments():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('endpoint')
    parser.add_argument('loopback')
    parser.add_argument('--seconds', type=float, default=6,
                        help='that each kind of line lasts (6)')
    parser.add_argument('--latency', type=int, default=200,
                        help='of the jitter buffers, in ms (200)')
    parser.add_argument('--loss', type=numbers, default=[0, 2, 5, 10, 20],
                        metavar='N,...', help='in percent (0,2,5,10,20)')
    parser.add_argument('--delay', type=numbers, default=[0, 50, 200],
                        metavar='N,...', help='one way, in ms (0,50,200)')
    parser.add_argument('--kinds', type=lambda text: text.split(','),
                        default=KINDS, metavar='NAME,...',
                        help='of calls (%s)' % ','.join(KINDS))
    return parser.parse_args()


def run(options, kind, results):
    bench = Bench(options.endpoint, options.loopback, kind, options.latency)
    try:
        for delay in options.delay:
            bench.line.set(0, delay / 1000)
            time.sleep(REST)
            for loss in options.loss:
                print(f'  {kind}: {delay:g} ms, {loss:g} % ...', end=' ',
                      file=sys.stderr, flush=True)
                found = bench.measure(loss / 100, delay / 1000, options.seconds)
                results[kind, delay, loss] = found
                print(', '.join(f'{name} {value:.2f}'
                                for name, value in found.items()),
                      file=sys.stderr)
    finally:
        bench.stop()


def report(options, results):
    print(f'{options.seconds:g} s for each kind of line, latency '
          f'{options.latency} ms, load {os.getloadavg()[0]:.1f} on '
          f'{os.cpu_count()} processors')
    columns = 'heard    fps  frozen   lost'
    print(f'{"":16}' + ''.join(f'{kind:32}' for kind in options.kinds))
    print('delay    loss   ' + f'{columns:32}' * len(options.kinds))
    for delay in options.delay:
        for loss in options.loss:
            rows = (results[kind, delay, loss] for kind in options.kinds)
            print(f'{delay:3g} ms  {loss:4g} %  '
                  + ''.join(f'{r["heard"]:6.1%}  {r["fps"]:5.1f}  '
                            f'{r["frozen"]:6.1%}  {r["lost"]:5.1%}   '
                            for r in rows))


def main():
    options = parse_arguments()
    network.enter()
    results = {}
    for kind in options.kinds:
        run(options, kind, results)
    report(options, results)


if __name__ == '__main__':
    main()
