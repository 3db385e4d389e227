// SPDX-License-Identifier: LGPL-2.1-or-later

/**
 * Where sound and pictures come from, and what arrives of them: microphone,
 * camera, a test tone, a test picture; and meters for the far end's.
 *
 * A test source is known exactly, so that the other end can tell whether it
 * got it: a tone of one frequency, a picture of one colour.
 */

const FFT_SIZE = 8192;
/* dB full scale; what is below is not a tone but the codec's noise */
const SILENCE = -70;
const PICTURE_WIDTH = 320;
const PICTURE_HEIGHT = 240;
const PICTURE_RATE = 15;

export const COLOURS = {
  red: '#d01818',
  green: '#18a018',
  blue: '#1830d0',
  yellow: '#d0c018',
  grey: '#808080',
};

/* Protocol calls 5 */
const DTMF = {
  1: [697, 1209], 2: [697, 1336], 3: [697, 1477],
  4: [770, 1209], 5: [770, 1336], 6: [770, 1477],
  7: [852, 1209], 8: [852, 1336], 9: [852, 1477],
  '*': [941, 1209], 0: [941, 1336], '#': [941, 1477],
};

let sharedContext = null;

/** One AudioContext a page: browsers allow few. */
export function audioContext() {
  sharedContext ??= new AudioContext({ latencyHint: 'interactive' });
  return sharedContext;
}

/** To be called from a click: browsers start audio for a gesture only. */
export async function wakeAudio() {
  const context = audioContext();
  if (context.state === 'suspended')
    await context.resume();
}

function words(kind, cause) {
  const device = kind === 'audio' ? 'microphone' : 'camera';
  switch (cause?.name) {
    case 'NotAllowedError':
      return `The browser was not allowed to use the ${device}. ` +
        'Allow it in the address bar, or choose a test source.';
    case 'NotFoundError':
      return `There is no ${device}. Plug one in, or choose a test source.`;
    case 'NotReadableError':
      return `The ${device} is in use by another program.`;
    default:
      return `The ${device} cannot be used: ${cause?.message ?? 'no reason'}`;
  }
}

async function openScreen() {
  if (!navigator.mediaDevices?.getDisplayMedia)
    throw new Error('This browser shows no screen to this page.');
  try {
    const stream = await navigator.mediaDevices.getDisplayMedia();
    return stream.getVideoTracks()[0];
  } catch (cause) {
    throw new Error(cause.name === 'NotAllowedError'
      ? 'The browser was not allowed to show the screen.'
      : `The screen cannot be shown: ${cause.message}`, { cause });
  }
}

async function openDevice(kind) {
  /* Browsers hide it from origins that are not secure */
  if (!navigator.mediaDevices)
    throw new Error('Browsers give a microphone and a camera to secure ' +
      'pages only: use https or localhost, or choose a test source.');
  try {
    const stream = await navigator.mediaDevices.getUserMedia({
      [kind]: kind === 'audio' ? true
        : { width: { ideal: 640 }, height: { ideal: 480 } },
    });
    return stream.getTracks()[0];
  } catch (cause) {
    throw new Error(words(kind, cause), { cause });
  }
}

function openTone(frequency) {
  const context = audioContext();
  const oscillator = new OscillatorNode(context, { frequency });
  const gain = new GainNode(context, { gain: 0.4 });
  const output = new MediaStreamAudioDestinationNode(context,
    { channelCount: 1 });

  oscillator.connect(gain).connect(output);
  oscillator.start();
  const [track] = output.stream.getAudioTracks();
  onStop(track, () => {
    oscillator.stop();
    oscillator.disconnect();
    gain.disconnect();
  });
  return track;
}

function openPicture(colour) {
  const canvas = document.createElement('canvas');
  const context = canvas.getContext('2d', { alpha: false });
  let step = 0;

  canvas.width = PICTURE_WIDTH;
  canvas.height = PICTURE_HEIGHT;
  /* A bar runs along the lower edge: an encoder needs something that moves,
   * and a person sees that the picture is alive */
  const draw = () => {
    context.fillStyle = COLOURS[colour] ?? colour;
    context.fillRect(0, 0, PICTURE_WIDTH, PICTURE_HEIGHT);
    context.fillStyle = '#ffffff';
    context.fillRect((step * 4) % PICTURE_WIDTH, PICTURE_HEIGHT - 12, 24, 12);
    step++;
  };
  draw();
  const timer = setInterval(draw, 1000 / PICTURE_RATE);
  const [track] = canvas.captureStream(PICTURE_RATE).getVideoTracks();
  onStop(track, () => clearInterval(timer));
  return track;
}

/* `ended` does not fire for a stop() of one's own */
function onStop(track, action) {
  const stop = track.stop.bind(track);
  track.stop = () => {
    if (track.readyState !== 'ended')
      action();
    stop();
  };
}

/**
 * @param {'audio'|'video'} kind
 * @param {string} source `device`, `screen`, a frequency in Hz, or a colour
 * @returns {Promise<MediaStreamTrack>} to be stopped by the caller
 */
export async function openSource(kind, source) {
  if (source === 'device')
    return openDevice(kind);
  if (source === 'screen')
    return openScreen();
  return kind === 'audio' ? openTone(Number(source) || 440)
    : openPicture(source);
}

/**
 * Plays DTMF in place of what a sender sends, as telephones do (beside speech
 * no detector would find it), for a far end that takes no telephone events.
 * Resolves when all is played and the sender is as it was.
 */
export async function playDtmfInBand(sender, digits, duration, gap) {
  const context = audioContext();
  const output = new MediaStreamAudioDestinationNode(context,
    { channelCount: 1 });
  const former = sender.track;
  const pair = new GainNode(context, { gain: 0.25 });
  let when = context.currentTime + 0.05;

  if (!/^[0-9*#]+$/.test(digits))
    throw new Error('Only 0-9, * and # can be sent to this far end.');
  pair.connect(output);
  let last = null;
  for (const digit of digits) {
    for (const frequency of DTMF[digit]) {
      last = new OscillatorNode(context, { frequency });
      last.connect(pair);
      last.start(when);
      last.stop(when + duration / 1000);
    }
    when += (duration + gap) / 1000;
  }
  await sender.replaceTrack(output.stream.getAudioTracks()[0]);
  await new Promise((resolve) => {
    last.onended = resolve;
  });
  await sender.replaceTrack(former);
}

/** The strongest frequency of a track, and how loud the track is. */
export class ToneMeter {
  #source = null;
  #analyser = null;
  #track = null;

  attach(track) {
    if (this.#track === track)
      return;
    this.#source?.disconnect();
    this.#source = this.#analyser = null;
    this.#track = track;
    if (!track)
      return;
    const context = audioContext();
    this.#analyser = new AnalyserNode(context,
      { fftSize: FFT_SIZE, smoothingTimeConstant: 0 });
    this.#source = new MediaStreamAudioSourceNode(context,
      { mediaStream: new MediaStream([track]) });
    this.#source.connect(this.#analyser);
  }

  /** @returns {{hz: number, db: number}} `hz` is 0 in silence */
  read() {
    if (!this.#analyser)
      return { hz: 0, db: -Infinity };
    const bins = new Float32Array(this.#analyser.frequencyBinCount);
    this.#analyser.getFloatFrequencyData(bins);
    let peak = 1;
    for (let i = 2; i < bins.length - 1; i++) {
      if (bins[i] > bins[peak])
        peak = i;
    }
    const db = bins[peak];
    if (!(db > SILENCE))
      return { hz: 0, db };
    /* A parabola through the peak and its neighbours: finer than a bin */
    const [a, b, c] = [bins[peak - 1], db, bins[peak + 1]];
    const offset = (a - c) / (2 * (a - 2 * b + c)) || 0;
    const width = this.#analyser.context.sampleRate / FFT_SIZE;
    return { hz: (peak + offset) * width, db };
  }
}

/** The colour of the middle of a video element's picture. */
export class ColourMeter {
  #canvas = document.createElement('canvas');
  #context;

  constructor() {
    this.#canvas.width = this.#canvas.height = 16;
    this.#context = this.#canvas.getContext('2d', {
      willReadFrequently: true,
      alpha: false,
    });
  }

  /** @returns {?{r: number, g: number, b: number}} null without a picture */
  read(video) {
    const { videoWidth: width, videoHeight: height } = video;
    if (!width || !height || video.readyState < 2)
      return null;
    this.#context.drawImage(video, width * 0.375, height * 0.375,
      width / 4, height / 4, 0, 0, 16, 16);
    const { data } = this.#context.getImageData(0, 0, 16, 16);
    const sum = [0, 0, 0];
    for (let i = 0; i < data.length; i += 4) {
      for (let c = 0; c < 3; c++)
        sum[c] += data[i + c];
    }
    const [r, g, b] = sum.map((value) => Math.round(value * 4 / data.length));
    return { r, g, b };
  }
}
