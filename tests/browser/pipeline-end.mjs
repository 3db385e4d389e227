// SPDX-License-Identifier: LGPL-2.1-or-later

/**
 * Our elements as one end of a call: a pipeline with `kandysink` and `kandysrc`
 * in a process of its own.
 */

import { colourName } from './measure.mjs';
import { EndpointProgram } from './processes.mjs';
import { ended, until } from './wait.mjs';

const COLOURS = {
  red: '0xffd01818',
  green: '0xff18a018',
  blue: '0xff1830d0',
};

const NOISE = 'videotestsrc is-live=true pattern=snow ' +
  '! video/x-raw,format=I420,width=320,height=240,framerate=15/1 ! identity';

const DTMF_KEYS = '0123456789*#ABCD';

const sends = (way) => way === 'sendrecv' || way === 'sendonly';
const receives = (way) => way === 'sendrecv' || way === 'recvonly';

/* Properties as gst-launch-1.0 takes them */
const list = (values) => Object.entries(values)
  .map(([name, value]) => `${name}=${value}`).join(' ');

const picture = (colour) => 'videotestsrc is-live=true pattern=solid-color ' +
  `foreground-color=${COLOURS[colour]} ` +
  '! video/x-raw,width=320,height=240,framerate=15/1 ! identity';
const tone = (hz) => `audiotestsrc is-live=true freq=${hz} volume=0.4 ` +
  '! audio/x-raw,rate=48000,channels=1 ! identity';

export class PipelineEnd {
  #program = null;
  #options;

  /**
   * @param {object} options `origin`, `user`, `tone` (Hz), `colour`, `audio`
   *   and `video` (ways), `properties` (more of them for the account's
   *   element), `receiving` (properties of `kandysrc`), `sound` and `picture`
   *   (in place of raw sources)
   */
  constructor(path, options) {
    this.path = path;
    this.#options = options;
  }

  get name() {
    return this.#options.user;
  }

  get colour() {
    return this.#options.colour;
  }

  /** What the account's element needs for calls. */
  get callProperties() {
    return { 'auto-answer': this.#options.answers === 'at once' };
  }

  get address() {
    return `${this.#options.user}@loopback.example`;
  }

  async open() {
    this.#program = new EndpointProgram(this.path, {
      KANDY_PASSWORD: this.#options.user,
      G_DEBUG: 'fatal-criticals',
    });
    await this.#play(this.callProperties);
    await until(() => this.#progress('subscribe')?.type === 'complete',
      `${this.name}'s pipeline to sign on`, { explain: () => this.explain() });
  }

  #play(more) {
    const { origin, properties } = this.#options;
    const account = list({
      server: origin,
      username: this.address,
      'client-id': 'loopback',
      ...more,
      ...properties,
    });

    return this.command('play', { pipeline: this.description(account) });
  }

  /** The pipeline as `gst-launch-1.0` takes it. */
  description(account) {
    const { tone, colour, audio, video, sound, picture, receiving }
      = this.#options;
    const isSending = sends(audio) || sends(video);
    const isReceiving = receives(audio) || receives(video);
    const parts = [];

    if (isSending)
      parts.push(`kandysink name=out ${account}`);
    if (isReceiving)
      parts.push(`kandysrc name=in ${isSending ? '' : account} ` +
        list(receiving ?? {}));
    if (sends(audio))
      parts.push(`audiotestsrc is-live=true freq=${tone} volume=0.4 ` +
        '! audio/x-raw,rate=48000,channels=1 ' +
        `${sound ? `! ${sound} ` : ''}! out.audio_0`);
    if (sends(video))
      parts.push('videotestsrc is-live=true pattern=solid-color ' +
        `foreground-color=${COLOURS[colour]} ` +
        '! video/x-raw,width=320,height=240,framerate=15/1 ' +
        `${picture ? `! ${picture} ` : ''}! out.video_0`);
    return parts.join(' ');
  }

  command(verb, members) {
    return this.#program.command(verb, members);
  }

  /* The element that has the call's properties */
  get #element() {
    const { audio, video } = this.#options;
    return sends(audio) || sends(video) ? 'out' : 'in';
  }

  get events() {
    return this.#program.events;
  }

  get exit() {
    return this.#program.exit;
  }

  messages(name) {
    return this.events.filter((e) => e.event === 'message' && e.name === name);
  }

  #progress(code) {
    return this.events.findLast((e) => e.event === 'message' &&
      e.type === 'progress' && e.fields?.code === code)?.fields;
  }

  /** Wall-clock ms of the first sound or picture, 0 before. */
  firstAt(what) {
    return this.events.find((e) => e.event === what)?.time ?? 0;
  }

  async explain() {
    const measured = this.exit ? {} : await this.#program.command('measure')
      .catch((error) => ({ error: error.message }));
    return { measured, exit: this.exit, events: this.events.slice(-40),
      complaints: this.#program.complaints };
  }

  async #get(property) {
    const { value } = await this.#program.command('get',
      { element: this.#element, property });
    return value;
  }

  #emit(signal, ...args) {
    return this.#program.command('emit',
      { element: this.#element, signal, args });
  }

  dial(address) {
    return this.#emit('call', address);
  }

  answer() {
    return this.#emit('answer');
  }

  reject() {
    return this.#emit('reject');
  }

  hangUp() {
    return this.#emit('end');
  }

  hold() {
    return this.#emit('hold');
  }

  resume() {
    return this.#emit('unhold');
  }

  localHold() {
    return this.#get('local-hold');
  }

  /** A picture of one colour for a new pad of `kandysink`. */
  plug(pad, colour) {
    return this.#program.command('plug', { element: 'out', pad,
      source: picture(colour) });
  }

  /** Another source for what a pad sends, by a name of a colour, Hz or noise. */
  async replace(pad, source) {
    const count = this.#replaced.length;
    const description = typeof source === 'number' ? tone(source)
      : source === 'noise' ? NOISE : picture(source);

    await this.#program.command('replace', { element: 'out', pad,
      source: description });
    const { error } = await until(() => this.#replaced[count],
      'the track to be replaced', { explain: () => this.explain() });
    if (error)
      throw new Error(`The track was not replaced: ${error}`);
  }

  get #replaced() {
    return this.events.filter((e) => e.event === 'replaced');
  }

  unplug(pad) {
    return this.#program.command('unplug', { element: 'out', pad });
  }

  /** A `camera` or `screen`, to be called before any is opened. */
  addDevice(kind, colour) {
    return this.#program.command('device', { name: kind,
      class: kind === 'screen' ? 'Source/Monitor' : 'Video/Source',
      colour: COLOURS[colour] });
  }

  /** Lets `kandysink` open it. */
  openDevice(kind) {
    return this.#emit(kind === 'screen' ? 'start-screenshare' : 'start-video',
      `media,${kind === 'screen' ? 'screen' : 'video'}-options=` +
        '(structure)[options,width=320,height=240,frame-rate=15]');
  }

  closeScreen() {
    return this.#emit('stop-screenshare');
  }

  /** As if it had been unplugged. */
  loseDevice(kind) {
    return this.#program.command('device', { name: kind, fails: true });
  }

  addVideo() {
    return this.plug('video_7', this.#options.colour);
  }

  removeVideo() {
    return this.unplug('video_7');
  }

  mute(pad, muted) {
    return this.#program.command('set',
      { element: 'out', pad, property: 'mute', value: String(muted) });
  }

  async state() {
    return this.#get('state');
  }

  /** DTMF, each tone of so many ms. */
  sendTones(tones, duration) {
    return this.#emit('send-dtmf', tones, String(duration));
  }

  remoteHold() {
    return this.#get('remote-hold');
  }

  stats() {
    return this.#get('stats');
  }

  async hears() {
    const { hz } = await this.#program.command('measure');
    return hz;
  }

  async sees() {
    const { colour } = await this.#program.command('measure');
    return colour && colourName(colour);
  }

  /** Colours that come now, each by the stream of the pad by which it does. */
  async seesAll() {
    const { pictures } = await this.#program.command('measure');
    const streams = Object.fromEntries(this.events
      .filter((e) => e.event === 'pad').map((e) => [e.name, e.stream]));
    return Object.fromEntries(Object.entries(pictures)
      .map(([pad, colour]) => [streams[pad], colourName(colour)]));
  }

  /** Keys of the telephone events that came, in order. */
  tones() {
    return this.messages('dtmf-event').filter((e) => e.fields.start !== false)
      .map((e) => DTMF_KEYS[e.fields.number]);
  }

  /** Ends the process as a user would; tells what was wrong with it. */
  async close() {
    const problems = [];
    if (!this.#program)
      return problems;
    if (!this.exit)
      await this.#program.command('quit').catch(() => {});
    const exit = await this.#program.finished();
    if (exit.code !== 0)
      problems.push(`the pipeline's process ended with ${ended(exit)}`);
    for (const line of this.#program.complaints) {
      if (/CRITICAL|ERROR|Sanitizer/.test(line))
        problems.push(line);
    }
    return problems;
  }
}
