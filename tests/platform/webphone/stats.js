// SPDX-License-Identifier: LGPL-2.1-or-later

/**
 * Live statistics of a peer connection: what a person wants to know of each
 * stream, from one getStats() a second.
 */

/**
 * @typedef {object} StreamStats
 * @property {'in'|'out'} direction
 * @property {'audio'|'video'} kind
 * @property {string} codec for example `opus`
 * @property {number} kbps
 * @property {number} packets
 * @property {number} lost packets, as the receiving end counts them
 * @property {number} lossPercent since the last report
 * @property {?number} jitter ms
 * @property {?number} rtt ms
 * @property {?number} width
 * @property {?number} height
 * @property {?number} fps
 */

export class StatsMonitor {
  #former = new Map();

  /** @returns {Promise<{streams: StreamStats[], path: ?object}>} */
  async read(pc) {
    const report = await pc.getStats();
    const streams = [];
    let path = null;

    for (const entry of report.values()) {
      if (entry.type === 'inbound-rtp')
        streams.push(this.#inbound(report, entry));
      else if (entry.type === 'outbound-rtp')
        streams.push(this.#outbound(report, entry));
      else if (entry.type === 'transport' && entry.selectedCandidatePairId)
        path ??= describePath(report, entry);
    }
    streams.sort((a, b) => a.kind.localeCompare(b.kind) ||
      a.direction.localeCompare(b.direction));
    for (const stream of streams) {
      if (stream.rtt === null && path)
        stream.rtt = path.rtt;
    }
    return { streams, path };
  }

  /* Both counters since the last report; nothing the first time */
  #rates(entry, bytes, packets, lost) {
    const former = this.#former.get(entry.id);
    this.#former.set(entry.id,
      { timestamp: entry.timestamp, bytes, packets, lost });
    const seconds = former ? (entry.timestamp - former.timestamp) / 1000 : 0;
    if (!(seconds > 0))
      return { kbps: 0, lossPercent: 0 };
    const missing = Math.max(0, lost - former.lost);
    const all = packets - former.packets + missing;
    return {
      kbps: (bytes - former.bytes) * 8 / 1000 / seconds,
      lossPercent: all > 0 ? missing * 100 / all : 0,
    };
  }

  #inbound(report, entry) {
    const packets = entry.packetsReceived ?? 0;
    const lost = entry.packetsLost ?? 0;
    return {
      id: entry.id,
      direction: 'in',
      kind: entry.kind,
      codec: codecName(report, entry),
      packets,
      lost,
      ...this.#rates(entry, entry.bytesReceived ?? 0, packets, lost),
      jitter: milliseconds(entry.jitter),
      rtt: null,
      ...picture(entry),
    };
  }

  #outbound(report, entry) {
    const remote = report.get(entry.remoteId) ?? {};
    const packets = entry.packetsSent ?? 0;
    const lost = remote.packetsLost ?? 0;
    return {
      id: entry.id,
      direction: 'out',
      kind: entry.kind,
      codec: codecName(report, entry),
      packets,
      lost,
      ...this.#rates(entry, entry.bytesSent ?? 0, packets, lost),
      jitter: milliseconds(remote.jitter),
      rtt: milliseconds(remote.roundTripTime),
      ...picture(entry),
    };
  }
}

function codecName(report, entry) {
  const mime = report.get(entry.codecId)?.mimeType ?? '';
  return mime.slice(mime.indexOf('/') + 1);
}

function milliseconds(seconds) {
  return typeof seconds === 'number' ? seconds * 1000 : null;
}

function picture(entry) {
  return {
    width: entry.frameWidth ?? null,
    height: entry.frameHeight ?? null,
    fps: entry.framesPerSecond ?? null,
  };
}

function describePath(report, transport) {
  const pair = report.get(transport.selectedCandidatePairId);
  const local = report.get(pair?.localCandidateId);
  const remote = report.get(pair?.remoteCandidateId);
  return {
    local: local?.candidateType ?? '',
    remote: remote?.candidateType ?? '',
    protocol: local?.protocol ?? '',
    dtls: transport.dtlsState ?? '',
    rtt: milliseconds(pair?.currentRoundTripTime),
  };
}
