// SPDX-License-Identifier: LGPL-2.1-or-later

/**
 * The browser suite's table: one call a row.
 *
 *   name        what it is about
 *   caller      `browser` (default) or `far`
 *   far         the other end: `pipeline` (default), `page` for a second web
 *               phone, which judges the page and the platform without us, or
 *               `chat` for a pipeline of the elements that write and read
 *   audio       way of the sound as the browser sees it: `sendrecv` (default),
 *   video       `sendonly`, `recvonly`, `none` (default for video)
 *   codecs      `{ audio, video }`: the only one that the browser takes
 *   page        more options of the browser's end (page-end.mjs)
 *   pipeline    more options of the pipeline's end (pipeline-end.mjs)
 *   call        `answered` (default): media is checked both ways as soon as the
 *               call is up; `ringing`: the steps begin while it rings;
 *               `none`: both ends are signed on, the steps do the rest
 *   becomes     ways that come of the offer, if they are others than offered
 *   needs       GStreamer elements without which the row is skipped
 *   lacks       GStreamer elements with which the row is skipped
 *   tls         both ends use the platform over TLS
 *   steps       done in order (steps.mjs)
 *   end         who hangs up after the steps: `browser` (default), `far`, or
 *               `nobody` if the steps have ended the call
 */

const BOTH = { audio: 'sendrecv', video: 'sendrecv' };
/* webrtcbin cannot take apart what it has offered as one: the elements are told
 * beforehand */
const APART = { 'client::remove-bundling': true };
const H264 = { 'client::remove-h264-codecs': false };

const pages = [
  { name: 'two pages talk', far: 'page' },
  { name: 'two pages with video; the far one hangs up', far: 'page', ...BOTH,
    end: 'far' },
  { name: 'a page declines', far: 'page', call: 'ringing',
    steps: ['far declines'], end: 'nobody' },
  { name: 'a page gives up calling', far: 'page', call: 'ringing',
    steps: ['browser cancels'], end: 'nobody' },
  { name: 'a page holds and resumes', far: 'page', ...BOTH,
    steps: ['browser holds', 'browser resumes'] },
  { name: 'two pages add and remove video', far: 'page',
    steps: ['browser adds video', 'browser removes video',
      'browser adds video'] },
  { name: 'a page restarts ICE', far: 'page',
    steps: ['browser restarts ICE'] },
  { name: 'two pages without bundling', far: 'page', ...BOTH,
    page: { bundle: false } },
  { name: 'both pages hold at the same moment', far: 'page',
    steps: ['both hold at once', 'both resume'] },
  { name: 'a page loses its websocket', far: 'page',
    steps: ['websockets break', 'browser holds', 'browser resumes'] },
  { name: 'a page over TLS', far: 'page', tls: true, ...BOTH },
  { name: 'a page with a microphone and a camera', far: 'page', ...BOTH,
    page: { tone: 'device', colour: 'device', realAddresses: true } },
  { name: 'a page calls an unknown address', far: 'page', call: 'none',
    steps: ['browser calls nobody'], end: 'nobody' },
  { name: 'a page is busy', far: 'page',
    steps: ['a third one calls the browser'] },
  { name: 'the tokens of a page expire', far: 'page',
    steps: ['tokens expire', 'browser holds', 'browser resumes'] },
  { name: 'the channel of a page expires', far: 'page', call: 'none',
    steps: ['channel expires', 'far calls, browser answers'] },
  { name: 'the platform ends a call', far: 'page',
    steps: ['platform ends the call'], end: 'nobody' },
  { name: 'a page is used by keyboard', far: 'page', call: 'ringing',
    steps: ['keyboard answers and hangs up'], end: 'nobody' },
  { name: 'an invitation without an offer', far: 'page', caller: 'far',
    call: 'none', steps: ['slow start'] },
  { name: 'a page closes its tab', far: 'page',
    steps: ['browser closes its tab'], end: 'nobody' },
];

const calls = [
  { name: 'browser calls, sound' },
  { name: 'pipeline calls, sound', caller: 'far' },
  { name: 'browser calls, sound and picture', ...BOTH },
  { name: 'pipeline calls, sound and picture', caller: 'far', ...BOTH },
  { name: 'browser calls, picture only', audio: 'none', video: 'sendrecv' },
  { name: 'pipeline calls, picture only', caller: 'far', audio: 'none',
    video: 'sendrecv' },
  { name: 'browser only sends', audio: 'sendonly', video: 'sendonly' },
  { name: 'browser only receives', audio: 'recvonly', video: 'recvonly' },
  { name: 'pipeline calls and only receives', caller: 'far',
    audio: 'sendonly', video: 'sendonly' },
  { name: 'pipeline calls and only sends', caller: 'far', audio: 'recvonly',
    video: 'recvonly' },
  { name: 'real addresses in the candidates', ...BOTH,
    page: { realAddresses: true }, steps: ['candidates are addresses'] },
  { name: 'candidates hidden behind mDNS', ...BOTH,
    steps: ['candidates are hidden'] },
  { name: 'browser calls over TLS', tls: true },
  { name: 'pipeline calls over TLS', caller: 'far', tls: true },
  { name: 'browser calls and is refused its microphone', call: 'none',
    page: { tone: 'device', refused: true },
    steps: ['browser calls without a microphone'] },
  { name: 'browser answers and is refused its microphone', caller: 'far',
    call: 'ringing', page: { tone: 'device', refused: true },
    steps: ['browser answers without a microphone'] },
];

const codecs = ['opus', 'G722', 'PCMU', 'PCMA'].flatMap((audio) => [
  { name: `browser calls with ${audio}`, codecs: { audio } },
  { name: `pipeline calls, browser takes ${audio}`, caller: 'far',
    codecs: { audio } },
]).concat(['VP8', 'VP9', 'H264', 'AV1'].flatMap((video) => {
  const more = {
    ...BOTH,
    codecs: { video },
    pipeline: video === 'H264' ? { properties: H264 } : {},
    /* The others' elements are those of the packages that we need */
    needs: video === 'AV1' ? ['rtpav1pay', 'rtpav1depay'] : [],
  };
  return [
    { name: `browser calls with ${video}`, ...more },
    { name: `pipeline calls, browser takes ${video}`, caller: 'far', ...more },
  ];
})).concat([
  { name: 'browser calls with a picture that we cannot decode', ...BOTH,
    codecs: { video: 'AV1' }, lacks: ['rtpav1depay'],
    becomes: { video: 'none' } },
  /* A browser sends what the offer likes best, whatever its answer says */
  { name: 'browser answers with PCMU and sends Opus', caller: 'far',
    page: { audioCodec: 'PCMU', sendsPreferred: false } },
]);

const endings = [
  { name: 'pipeline hangs up', end: 'far' },
  { name: 'pipeline calls and hangs up', caller: 'far', end: 'far' },
  { name: 'browser answers, then hangs up', caller: 'far', end: 'browser' },
  { name: 'pipeline declines', call: 'ringing', steps: ['far declines'],
    end: 'nobody' },
  { name: 'browser declines', caller: 'far', call: 'ringing',
    steps: ['browser declines'], end: 'nobody' },
  { name: 'browser gives up calling', call: 'ringing',
    steps: ['browser cancels'], end: 'nobody' },
  { name: 'pipeline gives up calling', caller: 'far', call: 'ringing',
    steps: ['far cancels'], end: 'nobody' },
  { name: 'browser closes its tab', steps: ['browser closes its tab'],
    end: 'nobody' },
];

const changes = ['browser', 'far'].flatMap((caller) => {
  const calling = caller === 'browser' ? 'calls' : 'is called';
  return [
    { name: `browser ${calling}, holds and resumes`, caller, ...BOTH,
      steps: ['browser holds', 'browser resumes', 'browser holds',
        'browser resumes'] },
    { name: `browser ${calling}, adds and removes video`, caller,
      steps: ['browser adds video', 'browser removes video',
        'browser adds video'] },
    { name: `browser ${calling}, pipeline holds and resumes`, caller, ...BOTH,
      steps: ['far holds', 'far resumes', 'far holds', 'far resumes'] },
    { name: `browser ${calling}, pipeline adds and removes video`, caller,
      steps: ['far adds video', 'far removes video', 'far adds video'] },
    { name: `browser ${calling}, both hold`, caller, ...BOTH,
      steps: ['both hold, one after the other'] },
    { name: `browser ${calling}, both add video`, caller,
      steps: ['browser adds video', 'far adds video', 'browser removes video',
        'far removes video'] },
    { name: `browser ${calling}, restarts ICE`, caller, ...BOTH,
      steps: ['browser restarts ICE', 'browser restarts ICE'] },
    { name: `browser ${calling} and sends tones`, caller,
      steps: [['browser sends tones', '15#']] },
    { name: `browser ${calling} and hears tones`, caller,
      steps: [['far sends tones', [['1', 697, 1209], ['#', 941, 1477]]]] },
    { name: `browser ${calling} without bundling`, caller, ...BOTH,
      page: { bundle: false },
      pipeline: { properties: caller === 'far' ? APART : {} } },
    { name: `browser ${calling} without bundling, holds and resumes`, caller,
      ...BOTH, page: { bundle: false },
      pipeline: { properties: caller === 'far' ? APART : {} },
      steps: ['browser holds', 'browser resumes'] },
  ];
}).concat([
  { name: 'everything in one call', steps: ['browser adds video',
    'browser holds', 'browser resumes', 'browser restarts ICE',
    ['browser sends tones', '9'], 'browser removes video', 'browser holds',
    'browser resumes'] },
  { name: 'browser adds video without bundling', page: { bundle: false },
    steps: ['browser adds video', 'browser removes video'] },
]);

const CHAT = { far: 'chat', call: 'none', end: 'nobody' };
const messages = [
  { name: 'browser and pipeline write to each other', ...CHAT,
    steps: [['browser writes', 'Lunch at noon? \u{1f35c}'],
      ['far writes', 'Yes, <b>there</b> & "then"'],
      ['browser writes', 'two\nlines'], ['far writes', 'See you']] },
  { name: 'pipeline writes to a browser that reads nothing', ...CHAT,
    steps: ['far writes unread'] },
  { name: 'browser and pipeline tell that they are typing', ...CHAT,
    steps: [['browser writes', 'Hello'], 'browser types', 'far types'] },
  { name: 'browser and pipeline tell how they are', ...CHAT,
    steps: ['browser tells its presence', 'far tells its presence'] },
  { name: 'browser makes a group', ...CHAT,
    steps: ['browser makes a group', ['browser writes to the group', 'All?'],
      ['far writes to the group', 'Almost'], 'browser deletes the group'] },
  { name: 'browser joins a group of the pipeline', ...CHAT,
    steps: ['far makes a group', ['far writes to the group', 'Welcome'],
      ['browser writes to the group', 'Thanks'], 'far deletes the group'] },
  { name: 'browser reads older messages', ...CHAT,
    steps: ['browser reads history'] },
  { name: 'browser and pipeline send files', ...CHAT,
    steps: ['browser sends a file', 'far sends a file'] },
  { name: 'browser cannot send and tries again', ...CHAT,
    steps: ['browser sends again'] },
  { name: 'browser keeps contacts', ...CHAT, steps: ['browser keeps contacts'] },
  { name: 'browser writes by keyboard on a narrow screen', ...CHAT,
    page: { viewport: { width: 360, height: 740 } },
    steps: ['browser writes by keyboard', 'nothing sticks out'] },
  { name: 'two devices of a user', ...CHAT, steps: ['a second device'] },
];

const media = ['browser', 'far'].flatMap((caller) => {
  const calling = caller === 'browser' ? 'calls' : 'is called';
  return [
    { name: `browser ${calling}, statistics`, caller, ...BOTH,
      steps: ['statistics agree'] },
    { name: `browser ${calling}, quality`, caller,
      steps: ['sound stops for a while'] },
    { name: `browser ${calling}, packets are lost`, caller,
      page: { path: {} },
      steps: [['the path becomes bad, and good again', { loss: 30 },
        'high-loss']] },
    { name: `browser ${calling}, browser mutes`, caller, ...BOTH,
      steps: ['browser mutes', 'browser unmutes'] },
    { name: `browser ${calling}, pipeline mutes`, caller, ...BOTH,
      steps: ['far mutes', 'far unmutes'] },
    { name: `browser ${calling}, browser replaces its tracks`, caller, ...BOTH,
      steps: ['browser replaces its tracks'] },
    { name: `browser ${calling}, pipeline replaces its tracks`, caller, ...BOTH,
      steps: ['far replaces its tracks'] },
    { name: `browser ${calling}, camera and screen of the browser`, caller,
      ...BOTH, page: { screen: 'blue' },
      steps: ['browser shows its screen', 'browser hides its screen',
        'browser shows its screen'] },
    { name: `browser ${calling}, camera and screen of the pipeline`, caller,
      ...BOTH, steps: ['far shows its screen', 'far hides its screen',
        'far shows its screen'] },
    { name: `browser ${calling}, pipeline opens devices`, caller,
      steps: ['far opens its camera', 'far opens its screen',
        'far closes its screen', 'far loses its camera'] },
    { name: `browser ${calling} without telephone events`, caller,
      page: { telephoneEvents: false },
      pipeline: { receiving: { 'detect-dtmf': true } },
      steps: ['tones are sound only', ['browser sends tones', '15#'],
        ['far sends tones', [['5', 770, 1336], ['*', 941, 1209]]]] },
    { name: `browser ${calling}, limits`, caller, ...BOTH,
      pipeline: { receiving: { 'bandwidth-video': 90 } },
      steps: [['the limit is kept', 'video', 90]] },
    { name: `browser ${calling}, limits of the browser`, caller, ...BOTH,
      page: { bandwidth: caller === 'far'
        ? { kind: 'video', type: 'AS', value: 300 }
        : { kind: 'video', type: 'TIAS', value: 300000 } },
      steps: [['far keeps to the limit', 300]] },
  ];
}).concat([
  { name: 'browser calls, packets are slow', page: { path: {} },
    steps: [['the path becomes bad, and good again', { latency: 300 },
      'high-round-trip']] },
  { name: 'pipeline calls and prefers PCMA and VP9', caller: 'far', ...BOTH,
    pipeline: { properties: { 'audio-codecs': '"PCMA,OPUS"',
      'video-codecs': '"VP9,VP8"' } },
    steps: [['the codec is', 'audio', 'PCMA'],
      ['the codec is', 'video', 'VP9']] },
  { name: 'pipeline answers with PCMU and VP9 only',
    ...BOTH, pipeline: { properties: { 'audio-codecs': 'PCMU',
      'video-codecs': 'VP9' } } },
]);

export const SCENARIOS = [...pages, ...calls, ...codecs, ...endings, ...changes,
  ...media, ...messages];
