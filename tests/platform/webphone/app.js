// SPDX-License-Identifier: LGPL-2.1-or-later

/**
 * The page: shows what the phone is doing and does what is pressed.
 *
 * The address may carry `?user=`, `?call=` (fills the field in), `?audio=`
 * and `?video=` (sources: `device`, a frequency, a colour). Never a password.
 */

import { ChatView } from './chat-view.js';
import { $, attempt } from './page.js';
import { PeopleView } from './people-view.js';
import { Phone } from './phone.js';

const phone = new Phone();
const chatView = new ChatView(phone);
const peopleView = new PeopleView(phone);
const DOMAIN = 'loopback.example';
const COLUMNS = [...document.querySelectorAll('thead th')]
  .map((head) => head.textContent);
const CODECS_OF_LINE = /\/(rtx|red|ulpfec|flexfec-03|telephone-event|CN)$/i;

window.phone = phone;
phone.remoteVideo = $('remote-video');

// --- settings ---

function option(select, value, text) {
  if (![...select.options].some((o) => o.value === value))
    select.append(new Option(text, value));
  select.value = value;
}

function readSettings() {
  Object.assign(phone.settings, {
    audioSource: $('audio-source').value,
    videoSource: $('video-source').value,
    audioCodec: $('audio-codec').value,
    videoCodec: $('video-codec').value,
    bundle: $('bundle').checked,
    iceServer: $('ice-server').value,
  });
}

function listCodecs(kind) {
  const names = RTCRtpReceiver.getCapabilities(kind).codecs
    .filter((codec) => !CODECS_OF_LINE.test(codec.mimeType))
    .map((codec) => codec.mimeType.split('/')[1]);
  for (const name of new Set(names))
    $(`${kind}-codec`).append(new Option(`${name} only`, name));
}

function media(withVideo) {
  return {
    audio: $('audio-way').value,
    video: withVideo ? $('video-way').value : 'none',
  };
}

function readAddress() {
  const query = new URLSearchParams(location.search);
  if (query.has('user'))
    $('username').value = query.get('user');
  if (query.has('call'))
    $('destination').value = query.get('call');
  const audio = query.get('audio');
  if (audio === 'device' || /^[1-9]\d{1,4}$/.test(audio ?? ''))
    option($('audio-source'), audio, `a tone of ${audio} Hz`);
  const video = query.get('video');
  if (/^[a-z]{1,16}$/.test(video ?? ''))
    option($('video-source'), video, `a ${video} test picture`);
}

function complete(name) {
  return name.includes('@') ? name : `${name}@${DOMAIN}`;
}

// --- what is pressed ---

$('sign-on').addEventListener('submit', attempt(async () => {
  const button = $('sign-on').querySelector('button');
  button.disabled = true;
  try {
    readSettings();
    await phone.signOn(complete($('username').value.trim()),
      $('password').value);
    $('password').value = '';
    /* Who has gone on meanwhile is left where he is */
    if (document.activeElement === document.body)
      $('destination').focus();
  } finally {
    button.disabled = false;
  }
}));

$('sign-off').addEventListener('click', attempt(async () => {
  await phone.signOff();
  $('password').focus();
}));

$('dial').addEventListener('submit', attempt(async (event) => {
  readSettings();
  await phone.dial($('destination').value,
    media(event.submitter?.value === 'video'));
}));

$('answer').addEventListener('click', attempt(() => {
  readSettings();
  /* The other end's picture is looked at even if ours is not shown */
  const { offered } = phone.call;
  return phone.answer({ ...media(false),
    video: offered.video ? 'recvonly' : 'none' });
}));
$('answer-video').addEventListener('click', attempt(() => {
  readSettings();
  return phone.answer(media(true));
}));
$('reject').addEventListener('click', attempt(() => phone.reject()));
$('end').addEventListener('click', attempt(() => phone.end()));
$('hold').addEventListener('click', attempt(() =>
  (phone.call.localHold ? phone.call.unhold() : phone.call.hold())));
$('mute').addEventListener('click', attempt(() =>
  phone.call.mute('audio', !phone.call.isMuted('audio'))));
$('video').addEventListener('click', attempt(() => {
  readSettings();
  return phone.call.localTrack('video') ? phone.call.removeVideo()
    : phone.call.addVideo();
}));
$('screen').addEventListener('click', attempt(() => (
  phone.call.isSharingScreen ? phone.call.removeScreen()
    : phone.call.addScreen())));
$('restart').addEventListener('click', attempt(() => phone.call.restart()));

const waitingKeys = [];

/* Keys that are pressed faster than tones are played wait for their turn */
const sendKey = attempt(async (key) => {
  waitingKeys.push(key);
  if (waitingKeys.length > 1)
    return;
  try {
    for (; waitingKeys.length > 0; waitingKeys.shift())
      await phone.call.dtmf(waitingKeys[0]);
  } finally {
    waitingKeys.length = 0;
  }
});

$('keypad').addEventListener('click', (event) => {
  if (event.target.tagName === 'BUTTON')
    sendKey(event.target.textContent);
});
document.addEventListener('keydown', (event) => {
  if (!$('keypad').open || event.ctrlKey || event.altKey || event.metaKey ||
      /^(INPUT|SELECT|TEXTAREA)$/.test(event.target.tagName))
    return;
  if (/^[0-9*#]$/.test(event.key) && phone.call?.state === 'Connected')
    sendKey(event.key);
});

// --- what is shown ---

function setStream(element, track) {
  const shown = element.srcObject?.getTracks()[0] ?? null;
  if (shown === track)
    return;
  element.srcObject = track ? new MediaStream([track]) : null;
  if (track)
    element.play().catch(() => {});
}

function describeState(call) {
  switch (call.state) {
    case 'Initiating':
    case 'Initiated':
      return 'Calling…';
    case 'Ringing':
      return call.direction === 'outgoing' ? 'It rings…' : 'Ringing';
    case 'On Hold':
      if (call.localHold && call.remoteHold)
        return 'Held by both ends';
      return call.localHold ? 'You hold the call'
        : 'The other end holds the call';
    case 'Connected':
      switch (call.mediaConnection) {
        case 'connected':
          return 'Connected';
        case 'disconnected':
          return 'The connection is interrupted…';
        case 'failed':
          return 'The connection has failed. “Repair connection” tries again.';
        default:
          return 'Connecting the media…';
      }
    default:
      return call.reason;
  }
}

function describeAccount() {
  const { platform } = phone;
  if (!platform.signedOn)
    return 'Not signed on';
  switch (platform.connection) {
    case 'connected':
      return platform.address;
    case 'connecting':
      return `${platform.address} – connecting…`;
    default:
      return `${platform.address} – not connected; sign off and on again`;
  }
}

function render() {
  const { call, platform } = phone;
  const isOn = platform.signedOn;
  const isLive = Boolean(call) && !call.isOver;
  const isRinging = isLive && call.direction === 'incoming' && !call.isUp;
  const wasRinging = !$('incoming').hidden;

  $('account').textContent = describeAccount();
  $('sign-off').hidden = !isOn;
  $('sign-on').hidden = isOn;
  $('sections').hidden = !isOn;
  document.body.classList.toggle('signed-on', isOn);
  $('dial').hidden = !isOn || isLive;
  $('incoming').hidden = !isRinging;
  $('call').hidden = !isLive || isRinging;
  document.title = isRinging ? `${call.remote} is calling`
    : isLive ? `In a call – ${platform.address}`
      : isOn ? `Web phone – ${platform.address}` : 'Web phone';

  if (isRinging) {
    const { offered } = call;
    $('incoming-title').textContent = `${call.remote} is calling`;
    $('incoming-media').textContent = offered.video
      ? 'With sound and picture.' : 'With sound.';
    $('answer').disabled = Boolean(call.operation);
    $('answer-video').disabled = Boolean(call.operation);
    if (!wasRinging)
      $('answer').focus();
  }
  if (isLive && !isRinging)
    renderCall(call);
  chatView.render();
  peopleView.render();
  setStream($('remote-audio'), isLive ? call.remoteTrack('audio') : null);
  setStream($('remote-video'), isLive ? call.remoteTrack('video') : null);
  setStream($('local-video'), isLive ? call.localTrack('video') : null);
}

function renderCall(call) {
  const name = call.remote.replace(/^sips?:/, '');
  const canChange = call.isUp && !call.operation;

  $('call-title').textContent = name;
  $('call-state').textContent = call.operation && call.isUp
    ? `${call.operation}…` : describeState(call);
  $('hold').disabled = $('restart').disabled = !canChange;
  $('hold').setAttribute('aria-pressed', call.localHold);
  $('mute').disabled = !call.localTrack('audio');
  $('mute').setAttribute('aria-pressed', call.isMuted('audio'));
  $('video').disabled = $('screen').disabled
    = !canChange || call.state !== 'Connected';
  $('video').setAttribute('aria-pressed', Boolean(call.localTrack('video')));
  $('screen').setAttribute('aria-pressed', call.isSharingScreen);
  for (const key of $('keypad').querySelectorAll('button'))
    key.disabled = call.state !== 'Connected';
  $('pictures').classList.toggle('has-remote',
    Boolean(call.remoteTrack('video')));
  $('pictures').classList.toggle('has-local',
    Boolean(call.localTrack('video')));
}

function cell(row, text) {
  const td = row.insertCell();
  td.textContent = text;
  td.dataset.label = COLUMNS[td.cellIndex];
}

function renderStats() {
  const rows = phone.stats.streams.map((stream) => {
    const row = document.createElement('tr');
    const head = document.createElement('th');
    head.scope = 'row';
    head.textContent = `${stream.kind === 'audio' ? 'Sound' : 'Picture'} ` +
      (stream.direction === 'in' ? 'received' : 'sent');
    row.append(head);
    cell(row, stream.codec || '–');
    cell(row, stream.kbps.toFixed(0));
    cell(row, `${stream.lost} (${stream.lossPercent.toFixed(1)} %)`);
    cell(row, stream.jitter === null ? '–' : `${stream.jitter.toFixed(1)} ms`);
    cell(row, stream.rtt === null ? '–' : `${stream.rtt.toFixed(1)} ms`);
    cell(row, stream.width
      ? `${stream.width}×${stream.height}, ${Math.round(stream.fps ?? 0)}/s`
      : '–');
    return row;
  });
  $('stats').replaceChildren(...rows);

  const { path } = phone.stats;
  const { hz, db } = phone.tone();
  const heard = hz ? `Loudest tone heard: ${hz.toFixed(0)} Hz at ` +
    `${db.toFixed(0)} dB.` : 'Nothing is heard.';
  $('heard').textContent = path
    ? `${heard} Path: ${path.local} to ${path.remote} over ${path.protocol}.`
    : heard;
}

phone.addEventListener('change', render);
phone.addEventListener('stats', renderStats);
phone.addEventListener('log', ({ detail }) => {
  const item = document.createElement('li');
  const time = document.createElement('time');
  time.textContent = detail.time.toLocaleTimeString();
  item.append(time, detail.text);
  item.classList.toggle('bad', detail.bad);
  $('log').prepend(item);
  while ($('log').children.length > 100)
    $('log').lastChild.remove();
});

/* A page that comes back from the browser's cache has lost its connection */
addEventListener('pageshow', (event) => {
  if (event.persisted)
    location.reload();
});

listCodecs('audio');
listCodecs('video');
readAddress();
render();
