// SPDX-License-Identifier: LGPL-2.1-or-later

/**
 * Peer connections, one of them in reserve: it gathers its candidates before
 * somebody calls, which is most of what a browser takes to make an offer.
 */

/* One transport for each kind of media, until bundling is agreed on */
const TRANSPORTS = 2;
/* An older one may be of another network */
const MAX_AGE = 300000;

let spare = null;

function configuration(settings) {
  return {
    iceServers: settings.iceServers,
    bundlePolicy: settings.bundle ? 'balanced' : 'max-compat',
    iceCandidatePoolSize: TRANSPORTS,
  };
}

export function dropSpare() {
  spare?.pc.close();
  spare = null;
}

export function prepareSpare(settings) {
  dropSpare();
  const wanted = configuration(settings);
  spare = {
    pc: new RTCPeerConnection(wanted),
    key: JSON.stringify(wanted),
    time: Date.now(),
  };
}

/**
 * The one in reserve, if it is what is wanted; else a new one.
 *
 * @param {number} transports that the first description will have. What is
 *   gathered for more of them would be used, stale, in an ICE restart
 */
export function takePeer(settings, transports) {
  const wanted = configuration(settings);
  const taken = spare;

  spare = null;
  if (taken?.key === JSON.stringify(wanted) &&
      taken.time > Date.now() - MAX_AGE) {
    taken.pc.setConfiguration({ ...wanted, iceCandidatePoolSize: transports });
    return taken.pc;
  }
  taken?.pc.close();
  return new RTCPeerConnection({ ...wanted, iceCandidatePoolSize: 0 });
}

addEventListener('online', dropSpare);
addEventListener('offline', dropSpare);
