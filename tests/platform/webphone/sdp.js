// SPDX-License-Identifier: LGPL-2.1-or-later

/**
 * What the phone reads and changes in session descriptions: text in, text out.
 */

/** @returns {string[][]} the session's lines, then those of each m-line */
function sections(sdp) {
  const parts = [[]];
  for (const line of sdp.split(/\r\n|\n/)) {
    if (line.startsWith('m='))
      parts.push([]);
    if (line)
      parts.at(-1).push(line);
  }
  return parts;
}

function join(parts) {
  return parts.flat().map((line) => `${line}\r\n`).join('');
}

function direction(section, session) {
  for (const lines of [section, session]) {
    const line = lines.find(
      (l) => /^a=(sendrecv|sendonly|recvonly|inactive)$/.test(l));
    if (line)
      return line.slice(2);
  }
  return 'sendrecv';
}

function isAlive(section) {
  return !/^m=\S+ 0 /.test(section[0]) || section.includes('a=bundle-only');
}

function without(sdp, line) {
  return join(sections(sdp).map((lines) =>
    lines.filter((l) => !l.startsWith(line))));
}

/* RFC 8866 section 5: behind the c= line */
function withBandwidth(sdp, { kind, type, value }) {
  return join(sections(sdp).map((lines) => (lines[0].startsWith(`m=${kind} `)
    ? lines.flatMap((line) => (line.startsWith('c=')
      ? [line, `b=${type}:${value}`] : [line]))
    : lines)));
}

/**
 * A local description as it travels: complete with its candidates, so nothing
 * is said of trickling.
 * @param {?{kind: string, type: string, value: number}} bandwidth of a b= line
 */
export function toWire(sdp, bandwidth = null) {
  const text = without(sdp, 'a=ice-options:trickle');
  return bandwidth ? withBandwidth(text, bandwidth) : text;
}

/** A description whose m-lines have a transport each. */
export function withoutBundle(sdp) {
  return without(sdp, 'a=group:BUNDLE');
}

/**
 * A remote description as a browser takes it: an answer must choose its DTLS
 * role and an offer must leave it open (protocol calls 4.3, 4.9).
 */
export function fromWire(sdp, type, isCaller) {
  if (type === 'offer')
    return sdp.replace(/^a=setup:active(\r?)$/gm, 'a=setup:actpass$1');
  return sdp.replace(/^a=setup:actpass(\r?)$/gm,
    `a=setup:${isCaller ? 'passive' : 'active'}$1`);
}

/** The session's identity: another one means another peer connection. */
export function sessionId(sdp) {
  return /^o=\S+ (\S+)/m.exec(sdp)?.[1] ?? '';
}

/** Kinds that a description offers to send or to exchange. */
export function offeredKinds(sdp) {
  const [session, ...media] = sections(sdp);
  const offers = (kind) => media.some((section) =>
    section[0].startsWith(`m=${kind} `) && isAlive(section) &&
    direction(section, session).startsWith('send'));
  return { audio: offers('audio'), video: offers('video') };
}

/**
 * Whether media flows (protocol calls 4.6): not if every picture is inactive
 * and all sound inactive or only sent, as music on hold is.
 */
export function isFlowing(sdp) {
  const [session, ...media] = sections(sdp);
  return media.some((section) => {
    if (!isAlive(section))
      return false;
    const way = direction(section, session);
    if (section[0].startsWith('m=audio '))
      return way === 'sendrecv' || way === 'recvonly';
    return section[0].startsWith('m=video ') && way !== 'inactive';
  });
}

/* Sections with a transport of their own: all but those that join a bundle */
function ownTransports(sdp) {
  const [session, ...media] = sections(sdp);
  const bundles = session.filter((line) => line.startsWith('a=group:BUNDLE'))
    .map((line) => line.split(' ').slice(1));
  return media.filter(isAlive).filter((section) => {
    const mid = section.find((line) => line.startsWith('a=mid:'))?.slice(6);
    const bundle = bundles.find((mids) => mids.includes(mid));
    return !bundle || bundle[0] === mid;
  });
}

export function countTransports(sdp) {
  return ownTransports(sdp).length;
}

/** Whether some transport of a description has no candidate yet. */
export function lacksCandidates(sdp) {
  return ownTransports(sdp).some((section) =>
    !section.some((line) => line.startsWith('a=candidate:')));
}
