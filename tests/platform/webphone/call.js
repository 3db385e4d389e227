// SPDX-License-Identifier: LGPL-2.1-or-later

/**
 * One call: its state, its session on the platform and its peer connection.
 *
 * Descriptions travel whole, with all candidates. Whatever changes the media
 * runs alone: an operation of ours or an offer of the far end, one after the
 * other. If both ends offer at once the platform refuses one of them (409),
 * which takes its offer back and answers the other's.
 *
 * Events of a Call: `change` when anything about it is different, `finished`
 * at its end.
 */

import { PlatformError } from './platform.js';
import { openSource, playDtmfInBand } from './media.js';
import { takePeer } from './peers.js';
import { countTransports, fromWire, isFlowing, lacksCandidates, offeredKinds,
  sessionId, toWire, withoutBundle } from './sdp.js';

/* Protocol calls 4.4 and 6.5 */
const GATHER_IDEAL = 1000;
const GATHER_MAX = 3000;
const AUDIT_INTERVAL = 25000;
const ANSWER_TIMEOUT = 30000;

const KINDS = ['audio', 'video'];

/* Not codecs of their own: they go with the one that is chosen */
const COMPANIONS = /\/(rtx|red|ulpfec|flexfec-03|telephone-event|CN)$/i;

const ENDED_WORDS = {
  403: 'The call was refused',
  404: 'There is no such address',
  408: 'Nobody answered',
  480: 'The other end is not signed on',
  486: 'The other end is busy',
  603: 'The call was declined',
};

export class Call extends EventTarget {
  #platform;
  #settings;
  #pc = null;
  #stream = new MediaStream();
  #tracks = new Map();
  #screen = null;
  #receives;
  #muted = new Set();
  #queue = Promise.resolve();
  #pending = null;
  #auditTimer = 0;
  #remoteSession = '';
  #invitation = '';

  constructor(platform, settings, { direction, remote, media }) {
    super();
    this.#platform = platform;
    this.#settings = settings;
    this.direction = direction;
    this.remote = remote;
    /** `sendrecv`, `sendonly`, `recvonly` or `none` for each kind */
    this.media = { audio: 'sendrecv', video: 'none', ...media };
    this.#receives = {};
    this.sid = '';
    this.state = 'Initiating';
    this.localHold = false;
    this.remoteHold = false;
    this.operation = '';
    this.reason = '';
    this.error = null;
    this.offered = { audio: false, video: false };
    this.mediaConnection = 'new';
    /** Wall-clock ms of what has happened so far */
    this.times = { created: Date.now() };
  }

  get isOver() {
    return this.state === 'Ended' || this.state === 'Cancelled';
  }

  get isUp() {
    return this.state === 'Connected' || this.state === 'On Hold';
  }

  get peer() {
    return this.#pc;
  }

  isMuted(kind) {
    return this.#muted.has(kind);
  }

  localTrack(kind) {
    return this.#tracks.get(kind) ?? null;
  }

  get isSharingScreen() {
    return this.#screen !== null;
  }

  /** The newest track of a kind that the far end sends now. */
  remoteTrack(kind) {
    const receiving = (this.#pc?.getTransceivers() ?? []).filter((t) =>
      t.receiver.track.kind === kind && t.currentDirection &&
      ['sendrecv', 'recvonly'].includes(t.currentDirection));
    return receiving.at(-1)?.receiver.track ?? null;
  }

  // --- establishment ---

  /** Places the call; resolves when the platform has taken it. */
  async start() {
    try {
      await this.#openTracks();
      this.#alive();
      this.#newPeer(this.#wantedKinds());
      for (const kind of KINDS) {
        if (this.media[kind] === 'none')
          continue;
        this.#prefer(this.#pc.addTransceiver(this.#tracks.get(kind) ?? kind,
          { direction: this.media[kind], streams: [this.#stream] }));
      }
      await this.#setOffer();
      const sdp = await this.#gathered();
      const reply = await this.#platform.request('Calling', 'POST',
        `${this.#platform.callsPath}/sessions`, {
          wrtcsSession: {
            clientCorrelator: this.#platform.correlator,
            tParticipantAddress: this.remote,
            offer: { sdp },
          },
        });
      this.sid = sessionOf(reply.wrtcsSession?.resourceURL);
      if (!this.sid)
        throw new PlatformError('Calling: the reply names no session.');
      if (this.isOver) {
        /* Ended while the request was on its way */
        await this.#delete();
        return;
      }
      this.#to('Initiated');
      this.#audit();
    } catch (error) {
      if (this.isOver)
        return;
      this.#finish('Ended', error.message, error);
      throw error;
    }
  }

  /** A Call of an invitation, which rings. */
  static invited(platform, settings, body) {
    const call = new Call(platform, settings,
      { direction: 'incoming', remote: plain(body.originatorAddress) });
    call.sid = sessionOf(body.link?.[0]?.href);
    call.#invitation = body.offer?.sdp ?? '';
    call.offered = call.#invitation ? offeredKinds(call.#invitation)
      : { audio: true, video: false };
    return call;
  }

  async ring() {
    try {
      await this.#request('Ringing', 'PUT', 'status',
        { wrtcsSessionStatus: { status: 'Ringing' } });
    } catch {
      /* The caller is not told that it rings; the call can be answered */
    }
    if (this.state === 'Initiating')
      this.#to('Ringing');
    this.#audit();
    if (this.#invitation)
      await this.#exclusive(async () => {
        if (this.isOver)
          return;
        this.#newPeer(countTransports(this.#invitation));
        await this.#setRemote('offer', this.#invitation);
      }).catch((error) => this.#giveUp(error));
  }

  answer(media = {}) {
    return this.#operate('Answering', ['Initiating', 'Ringing'], async () => {
      const began = Date.now();
      Object.assign(this.media, media);
      /* Without its devices it rings on: they can be allowed, or others be
       * chosen, and it can be answered then */
      try {
        await this.#openTracks();
      } catch (error) {
        KINDS.forEach((kind) => this.#dropTrack(kind));
        throw error;
      }
      this.times.answered = began;
      try {
        this.#alive();
        if (this.#invitation) {
          await this.#attachTracks();
          await this.#sendAnswer('Answering');
        } else {
          await this.#answerSlowStart();
        }
        this.#alive();
        this.#connected();
      } catch (error) {
        await this.#giveUp(error);
        throw error;
      }
    });
  }

  /* An invitation without an offer is answered with one; the answer to it
   * completes the call (protocol calls 4.10) */
  async #answerSlowStart() {
    this.#newPeer(this.#wantedKinds());
    for (const kind of KINDS) {
      if (this.media[kind] !== 'none')
        this.#prefer(this.#pc.addTransceiver(this.#tracks.get(kind) ?? kind,
          { direction: this.media[kind], streams: [this.#stream] }));
    }
    await this.#exchange('Answering', 'answer', 'wrtcsAnswer');
  }

  async reject() {
    await this.#hangUp('You declined the call');
  }

  /** Ends, cancels or declines: whatever the call's state asks for. */
  async end() {
    await this.#hangUp('You hung up');
  }

  async #hangUp(reason) {
    if (this.isOver)
      return;
    const known = Boolean(this.sid);
    this.#finish('Ended', reason);
    if (known)
      await this.#delete();
  }

  async #delete(options) {
    try {
      await this.#request('Hanging up', 'DELETE', '', undefined, options);
    } catch (error) {
      /* 404: the other end was faster */
      if (error.status !== 404)
        this.error = error;
    }
  }

  async #giveUp(error) {
    if (this.isOver)
      return;
    this.#finish('Ended', error.message, error);
    await this.#delete();
  }

  /** While the page goes away. */
  abandon() {
    if (this.isOver || !this.sid)
      return;
    this.#delete({ keepalive: true });
    this.#finish('Ended', 'The page was closed');
  }

  // --- operations on a call that is up ---

  hold() {
    return this.#change('Holding', ['Connected', 'On Hold'], {
      prepare: () => this.#direct(true),
      undo: () => this.#direct(this.localHold),
      done: () => {
        this.localHold = true;
      },
    });
  }

  unhold() {
    return this.#change('Resuming', ['On Hold'], {
      prepare: () => this.#direct(false),
      undo: () => this.#direct(this.localHold),
      done: () => {
        this.localHold = false;
      },
    });
  }

  addVideo(source = this.#settings.videoSource) {
    let transceiver = null;
    let isNew = false;
    let received = this.#receives.video;
    return this.#change('Adding video', ['Connected'], {
      prepare: async () => {
        if (this.#tracks.has('video'))
          throw new PlatformError('Your picture is being sent already.');
        const track = await openSource('video', source);
        this.#keepTrack(track);
        received = this.#receives.video;
        this.#receives.video = true;
        ({ transceiver, isNew } = await this.#sendPicture(track, this.#stream));
      },
      undo: async () => {
        this.#receives.video = received;
        this.#dropTrack('video');
        if (isNew)
          transceiver.stop();
        else
          await transceiver?.sender.replaceTrack(null);
        this.#direct(false);
      },
    });
  }

  removeVideo() {
    return this.#change('Removing video', ['Connected'], {
      prepare: async () => {
        if (!this.#tracks.has('video'))
          throw new PlatformError('Your picture is not being sent.');
        for (const { sender, receiver } of this.#pc.getTransceivers()) {
          if (receiver.track.kind === 'video' && sender.track &&
              sender.track !== this.#screen)
            await sender.replaceTrack(null);
        }
        this.#dropTrack('video');
        this.#direct(false);
      },
    });
  }

  /** A second picture beside the camera's, in a stream of its own. */
  addScreen(source = this.#settings.screenSource) {
    let transceiver = null;
    let isNew = false;
    return this.#change('Sharing the screen', ['Connected'], {
      prepare: async () => {
        if (this.#screen)
          throw new PlatformError('Your screen is being sent already.');
        const track = await openSource('video', source);
        this.#screen = track;
        ({ transceiver, isNew } = await this.#sendPicture(track,
          new MediaStream([track])));
        /* The browser offers to stop it, too */
        track.addEventListener('ended', () => {
          if (this.#screen === track)
            this.removeScreen().catch(() => {});
        });
      },
      undo: async () => {
        this.#dropScreen();
        if (isNew)
          transceiver.stop();
        else
          await transceiver?.sender.replaceTrack(null);
        this.#direct(false);
      },
    });
  }

  removeScreen() {
    return this.#change('Hiding the screen', ['Connected'], {
      prepare: async () => {
        if (!this.#screen)
          throw new PlatformError('Your screen is not being sent.');
        const sender = this.#pc.getSenders()
          .find(({ track }) => track === this.#screen);
        this.#dropScreen();
        await sender?.replaceTrack(null);
        this.#direct(false);
      },
    });
  }

  /** New candidates and credentials, for a network that has changed. */
  restart() {
    return this.#change('Restarting ICE', ['Connected', 'On Hold'],
      { iceRestart: true });
  }

  /** Resolves when the last tone has been played. */
  dtmf(digits, duration = 100, gap = 70) {
    return this.#operate('Sending tones', ['Connected'], async () => {
      const sender = this.#pc.getSenders()
        .find((s) => s.track?.kind === 'audio');
      if (!sender)
        throw new PlatformError('Tones need sound that is sent.');
      if (!sender.dtmf?.canInsertDTMF) {
        await playDtmfInBand(sender, digits, duration, gap);
        return;
      }
      await new Promise((resolve, reject) => {
        const timer = setTimeout(
          () => reject(new PlatformError('The tones were not sent.')),
          5000 + digits.length * (duration + gap + 2000));
        sender.dtmf.ontonechange = ({ tone }) => {
          if (tone)
            return;
          clearTimeout(timer);
          resolve();
        };
        sender.dtmf.insertDTMF(digits, duration, gap);
      });
    });
  }

  /** Silences what is sent, without telling the far end. */
  mute(kind, muted = true) {
    if (muted)
      this.#muted.add(kind);
    else
      this.#muted.delete(kind);
    const track = this.#tracks.get(kind);
    if (track)
      track.enabled = !muted;
    this.#changed();
  }

  // --- notifications ---

  handle(type, body) {
    if (this.isOver)
      return;
    switch (type) {
      case 'wrtcsEventNotification':
        this.#event(body);
        break;
      case 'wrtcsAcceptanceNotification':
      case 'wrtcsAnswerNotification':
        this.#answered(body.answer?.sdp ?? '');
        break;
      case 'wrtcsOfferNotification':
        this.#offered(body.offer?.sdp ?? '');
        break;
      default:
        break;
    }
  }

  #event(body) {
    switch (body.eventType) {
      case 'Ringing':
        if (this.state === 'Initiated')
          this.#to('Ringing');
        break;
      case 'SessionEnded': {
        const words = this.isUp ? 'The other end hung up'
          : 'The call was declined';
        this.#finish('Ended', ENDED_WORDS[body.statusCode] ?? words);
        break;
      }
      case 'Cancelled':
        /* Never for a leg that has answered (protocol calls 2.6) */
        if (!this.isUp)
          this.#finish('Cancelled', 'The caller gave up');
        break;
      default:
        break;
    }
  }

  #answered(sdp) {
    if (this.#pending) {
      this.#pending.answer.resolve(sdp);
      return;
    }
    if (this.direction !== 'outgoing' || this.isUp)
      return;
    this.times.answered = Date.now();
    this.#exclusive(async () => {
      if (this.isOver || this.isUp)
        return;
      await this.#setRemote('answer', sdp);
      this.#connected();
    }).catch((error) => this.#giveUp(error));
  }

  #offered(sdp) {
    /* Ours is on its way: the platform lets one through. If it has taken ours
     * it was to hold this one back; the far end's is the one that counts */
    if (this.#pending) {
      this.#pending.crossed = true;
      if (this.#pending.accepted)
        this.#pending.answer.reject(glare());
    }
    this.#exclusive(() => this.#answerOffer(sdp)).catch((error) => {
      this.error = error;
      this.#changed();
    });
  }

  async #answerOffer(sdp) {
    if (this.isOver)
      return;
    if (!sdp) {
      await this.#exchange('Offering', 'answer', 'wrtcsAnswer');
      this.#changed();
      return;
    }
    const isFirst = !this.isUp;
    const isRebuilt = !isFirst && this.#remoteSession &&
      sessionId(sdp) !== this.#remoteSession;
    if (isRebuilt)
      this.#newPeer(countTransports(sdp));
    else if (this.#pc.signalingState === 'have-local-offer')
      await this.#pc.setLocalDescription({ type: 'rollback' });
    try {
      await this.#setRemote('offer', sdp);
      if (isFirst || isRebuilt)
        await this.#attachTracks();
      else
        this.#direct(this.localHold);
      await this.#sendAnswer('Answering a change');
    } catch (error) {
      if (this.#pc.signalingState === 'have-remote-offer')
        await this.#pc.setLocalDescription({ type: 'rollback' });
      throw error;
    }
    this.remoteHold = !isFlowing(sdp);
    if (isFirst)
      this.#connected();
    else
      this.#to(this.#upState());
  }

  // --- negotiation ---

  /* By an m-line that sends nothing, or by a new one */
  async #sendPicture(track, stream) {
    let transceiver = this.#pc.getTransceivers().find((t) =>
      t.receiver.track.kind === 'video' && !t.sender.track &&
      t.currentDirection && t.currentDirection !== 'stopped');
    const isNew = !transceiver;
    if (isNew) {
      transceiver = this.#pc.addTransceiver(track,
        { direction: 'sendrecv', streams: [stream] });
      this.#prefer(transceiver);
    } else {
      await transceiver.sender.replaceTrack(track);
      transceiver.sender.setStreams(stream);
    }
    this.#direct(false);
    return { transceiver, isNew };
  }

  /* Waits for its turn, then changes the media by an offer of ours */
  #change(what, states, { prepare, undo, done, iceRestart = false }) {
    return this.#operate(what, states, async () => {
      try {
        await prepare?.();
        await this.#exchange(what, 'update', 'wrtcsOffer', { iceRestart });
      } catch (error) {
        if (!this.isOver) {
          if (this.#pc.signalingState === 'have-local-offer')
            await this.#pc.setLocalDescription({ type: 'rollback' });
          await undo?.();
        }
        throw error;
      }
      done?.();
      this.#to(this.#upState());
    });
  }

  /* An offer of ours goes, its answer comes */
  async #exchange(what, resource, wrapper, options) {
    const pending = { answer: deferred(), accepted: false, crossed: false };
    const late = setTimeout(() => pending.answer.reject(new PlatformError(
      `${what}: the other end did not answer in time.`)), ANSWER_TIMEOUT);

    this.#pending = pending;
    try {
      await this.#setOffer(options);
      const sdp = await this.#gathered();
      await this.#request(what, 'PUT', resource, { [wrapper]: { sdp } });
      pending.accepted = true;
      if (pending.crossed)
        throw glare();
      await this.#setRemote('answer', await pending.answer.promise);
      await this.#sendPreferred();
    } finally {
      clearTimeout(late);
      this.#pending = null;
    }
  }

  async #sendAnswer(what) {
    await this.#pc.setLocalDescription();
    await this.#sendPreferred();
    const sdp = await this.#gathered();
    await this.#request(what, 'PUT', 'answer', { wrtcsAnswer: { sdp } });
  }

  /* Browsers offer to bundle whatever their policy is */
  async #setOffer(options) {
    const { type, sdp } = await this.#pc.createOffer(options);
    await this.#pc.setLocalDescription(
      { type, sdp: this.#settings.bundle ? sdp : withoutBundle(sdp) });
  }

  async #setRemote(type, sdp) {
    try {
      await this.#pc.setRemoteDescription({
        type,
        sdp: fromWire(sdp, type, this.direction === 'outgoing'),
      });
    } catch (cause) {
      throw new PlatformError('The other end\'s description of the call ' +
        `cannot be used: ${cause.message}`, { cause });
    }
    this.#remoteSession = sessionId(sdp);
  }

  /* The local description when it has its candidates */
  #gathered() {
    const pc = this.#pc;
    return new Promise((resolve, reject) => {
      const timers = [];
      const settle = (error) => {
        timers.forEach(clearTimeout);
        pc.removeEventListener('icecandidate', check);
        pc.removeEventListener('icegatheringstatechange', check);
        if (error)
          reject(error);
        else
          resolve(toWire(pc.localDescription.sdp, this.#settings.bandwidth));
      };
      const check = () => {
        if (pc.signalingState === 'closed')
          settle(new PlatformError('The call has ended.'));
        else if (pc.iceGatheringState === 'complete' &&
                 !lacksCandidates(pc.localDescription.sdp))
          settle();
      };
      timers.push(setTimeout(() => {
        if (pc.localDescription && !lacksCandidates(pc.localDescription.sdp))
          settle();
      }, GATHER_IDEAL), setTimeout(() => {
        if (pc.localDescription?.sdp.includes('a=candidate:'))
          settle();
        else
          settle(new PlatformError('There is no network to send media over.'));
      }, GATHER_MAX));
      pc.addEventListener('icecandidate', check);
      pc.addEventListener('icegatheringstatechange', check);
      check();
    });
  }

  #wantedKinds() {
    return KINDS.filter((kind) => this.media[kind] !== 'none').length;
  }

  #newPeer(transports) {
    const pc = takePeer(this.#settings, transports);
    this.#pc?.close();
    this.#dropScreen();
    this.#pc = pc;
    pc.onconnectionstatechange = () => {
      if (this.#pc !== pc)
        return;
      this.mediaConnection = pc.connectionState;
      if (pc.connectionState === 'connected')
        this.times.media ??= Date.now();
      this.#changed();
    };
    pc.ontrack = () => this.#changed();
  }

  /* To the m-lines of a remote offer, the first of each kind */
  async #attachTracks() {
    const given = new Set();
    for (const transceiver of this.#pc.getTransceivers()) {
      const { kind } = transceiver.receiver.track;
      const track = this.#tracks.get(kind);
      if (transceiver.mid === null) {
        /* Of an offer that was taken back */
        transceiver.stop();
        continue;
      }
      if (track && !given.has(kind)) {
        await transceiver.sender.replaceTrack(track);
        transceiver.sender.setStreams(this.#stream);
        given.add(kind);
      }
      this.#prefer(transceiver);
    }
    this.#direct(this.localHold);
  }

  /* Every m-line's direction, of what is sent, what is wanted and the hold */
  #direct(held) {
    for (const transceiver of this.#pc.getTransceivers()) {
      if (transceiver.direction === 'stopped')
        continue;
      const sends = Boolean(transceiver.sender.track);
      const receives = this.#receives[transceiver.receiver.track.kind] ?? true;
      if (held)
        transceiver.direction = 'inactive';
      else if (sends)
        transceiver.direction = receives ? 'sendrecv' : 'sendonly';
      else
        transceiver.direction = receives ? 'recvonly' : 'inactive';
    }
  }

  #prefer(transceiver) {
    const { kind } = transceiver.receiver.track;
    const wanted = this.#settings[`${kind}Codec`];
    let { codecs } = RTCRtpReceiver.getCapabilities(kind);
    if (!this.#settings.telephoneEvents)
      codecs = codecs.filter((c) => !/telephone-event$/i.test(c.mimeType));
    if (!wanted) {
      if (!this.#settings.telephoneEvents && kind === 'audio')
        transceiver.setCodecPreferences(codecs);
      return;
    }
    const mime = `${kind}/${wanted}`.toLowerCase();
    const chosen = codecs.filter((c) => c.mimeType.toLowerCase() === mime);
    if (chosen.length === 0)
      throw new PlatformError(`This browser has no ${wanted}.`);
    transceiver.setCodecPreferences(chosen.concat(
      codecs.filter((c) => COMPANIONS.test(c.mimeType))));
  }

  /* What is preferred is received; a browser sends what the far end likes best
   * of all that it takes, unless it is told otherwise (RFC 3264 section 6.1
   * wants what the answer lists) */
  async #sendPreferred() {
    if (!this.#settings.sendsPreferred)
      return;
    for (const { sender } of this.#pc.getTransceivers()) {
      const wanted = sender.track && this.#settings[`${sender.track.kind}Codec`];
      if (!wanted)
        continue;
      const parameters = sender.getParameters();
      const mime = `${sender.track.kind}/${wanted}`.toLowerCase();
      const codec = parameters.codecs
        .find((c) => c.mimeType.toLowerCase() === mime);
      if (!codec || parameters.encodings.length === 0)
        continue;
      parameters.encodings[0].codec = codec;
      await sender.setParameters(parameters);
    }
  }

  // --- tracks ---

  async #openTracks() {
    for (const kind of KINDS) {
      const way = this.media[kind];
      /* What nobody spoke of yet is received when the far end adds it */
      this.#receives[kind] = way === 'none'
        ? this.direction === 'outgoing' || !this.offered[kind]
        : way !== 'sendonly';
      if (way.startsWith('send') && !this.#tracks.has(kind))
        this.#keepTrack(await openSource(kind,
          this.#settings[`${kind}Source`]));
    }
    this.#changed();
  }

  #keepTrack(track) {
    if (this.isOver) {
      track.stop();
      this.#alive();
    }
    track.enabled = !this.#muted.has(track.kind);
    this.#tracks.set(track.kind, track);
    this.#stream.addTrack(track);
  }

  #dropScreen() {
    this.#screen?.stop();
    this.#screen = null;
  }

  #dropTrack(kind) {
    const track = this.#tracks.get(kind);
    if (!track)
      return;
    this.#tracks.delete(kind);
    this.#stream.removeTrack(track);
    track.stop();
  }

  // --- state ---

  /* One operation at a time (protocol calls 3.5) */
  #operate(what, states, action) {
    if (!states.includes(this.state))
      return Promise.reject(new PlatformError(
        `${what} is not possible while the call is ${this.state}.`));
    if (this.operation)
      return Promise.reject(new PlatformError(
        `${what} has to wait: ${this.operation.toLowerCase()} is going on.`));
    this.operation = what;
    this.error = null;
    this.#changed();
    return this.#exclusive(async () => {
      this.#alive();
      await action();
    }).catch((error) => {
      this.error = error;
      throw error;
    }).finally(() => {
      this.operation = '';
      this.#changed();
    });
  }

  #exclusive(action) {
    const turn = this.#queue.then(action);
    this.#queue = turn.catch(() => {});
    return turn;
  }

  #alive() {
    if (this.isOver)
      throw new PlatformError('The call has ended.');
  }

  #connected() {
    this.times.connected = Date.now();
    this.#to(this.#upState());
  }

  #upState() {
    return this.localHold || this.remoteHold ? 'On Hold' : 'Connected';
  }

  /* Protocol calls 6.5: also while it rings */
  #audit() {
    const audit = async () => {
      try {
        const reply = await this.#request('Auditing', 'PUT', 'status',
          { wrtcsSessionStatus: { status: 'Connected' } });
        if (reply.wrtcsSessionStatus?.status !== 'Closed')
          return;
      } catch (error) {
        if (error.status !== 404)
          return;
      }
      if (!this.isOver)
        this.#finish('Ended', 'The platform does not know the call any more');
    };
    clearInterval(this.#auditTimer);
    if (this.isOver)
      return;
    this.#auditTimer = setInterval(audit, AUDIT_INTERVAL);
    audit();
  }

  #request(what, method, resource, body, options) {
    const path = `${this.#platform.callsPath}/sessions/${this.sid}` +
      (resource ? `/${resource}` : '');
    if (body) {
      const [wrapped] = Object.values(body);
      wrapped.clientCorrelator = this.#platform.correlator;
    }
    return this.#platform.request(what, method, path, body, options);
  }

  #to(state) {
    if (this.isOver)
      return;
    this.state = state;
    this.times[state.toLowerCase()] ??= Date.now();
    this.#changed();
  }

  #finish(state, reason, error = null) {
    if (this.isOver)
      return;
    this.#to(state);
    this.times.ended = Date.now();
    this.reason = reason;
    this.error = error;
    clearInterval(this.#auditTimer);
    this.#pending?.answer.reject(new PlatformError('The call has ended.'));
    this.#pc?.close();
    this.mediaConnection = 'closed';
    KINDS.forEach((kind) => this.#dropTrack(kind));
    this.#dropScreen();
    this.#changed();
    this.dispatchEvent(new Event('finished'));
  }

  #changed() {
    this.dispatchEvent(new Event('change'));
  }
}

/** A call's id on the platform: what follows `sessions/` */
export function sessionOf(url) {
  return typeof url === 'string' ? url.split('sessions/')[1] ?? '' : '';
}

function plain(address) {
  return String(address ?? '').replace(/^sips?:/, '');
}

function glare() {
  return new PlatformError(
    'Both ends changed the call at the same moment; try again.',
    { status: 409 });
}

function deferred() {
  const result = {};
  result.promise = new Promise((resolve, reject) => {
    Object.assign(result, { resolve, reject });
  });
  /* It may be refused before anybody waits for it */
  result.promise.catch(() => {});
  return result;
}
