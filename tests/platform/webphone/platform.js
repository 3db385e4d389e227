// SPDX-License-Identifier: LGPL-2.1-or-later

/**
 * The platform's wire protocol as a browser speaks it: sign-on, requests, the
 * notification channel with its websocket, and what is subscribed to on it
 * (services.js). What a call says over it is in call.js, what is written and
 * who is there in chat.js and people.js.
 *
 * Events of a Platform:
 *  - `connection`    detail `{ state, reason }`, see `Platform.connection`
 *  - `notification`  detail `{ type, body }`, each id once
 *  - `complaint`     detail the error of a service that is not to be had
 *  - `expired`       the tokens are no longer good and could not be renewed
 */

import { subscribeToServices } from './services.js';

const AUTH = '/cpaas/auth/v1/token';
const CHANNELS = '/cpaas/notificationchannel/v1/';

const REQUEST_TIMEOUT = 30000;
const OPEN_TIMEOUT = 5000;
const RECONNECT_FIRST = 250;
const RECONNECT_MAX = 8000;
/* After so many refused attempts the channel itself is asked for */
const RECONNECT_SUSPICIOUS = 3;
const PING_INTERVAL = 30000;
const MAX_MISSED_PINGS = 3;
const CHANNEL_LIFETIME = 3600;
const ID_CACHE_LENGTH = 100;

/** What went wrong, in words, with the platform's code and HTTP status. */
export class PlatformError extends Error {
  constructor(message, { code = '', status = 0, cause } = {}) {
    super(message, { cause });
    this.name = 'PlatformError';
    this.code = String(code);
    this.status = status;
  }
}

export function randomId() {
  /* crypto.randomUUID() is for secure origins only */
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (b) => b.toString(16).padStart(2, '0')).join('');
}

export function sleep(ms, signal) {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    signal?.addEventListener('abort', () => {
      clearTimeout(timer);
      resolve();
    }, { once: true });
  });
}

const STATUS_WORDS = {
  400: 'the platform did not understand the request',
  401: 'the sign-on is not valid or has expired',
  403: 'the platform does not allow this',
  404: 'the platform does not know this address or call',
  408: 'the platform gave up waiting',
  409: 'both ends changed the call at the same moment; try again',
  429: 'too many requests; try again in a while',
  500: 'the platform has an internal error',
  502: 'the platform cannot be reached behind its gateway',
  503: 'the platform is overloaded; try again in a while',
};

function errorOfReply(what, status, body) {
  const wrapped = body?.requestError;
  const exception = wrapped?.serviceException ?? wrapped?.policyException;
  let text = STATUS_WORDS[status] ?? `the platform answered ${status}`;
  let code = status;

  if (exception && typeof exception === 'object') {
    code = exception.messageId ?? status;
    if (typeof exception.text === 'string') {
      const variables = Array.isArray(exception.variables)
        ? exception.variables : [];
      const said = exception.text.replace(/%(\d+)/g,
        (all, n) => String(variables[n - 1] ?? all));
      text += ` (${said})`;
    }
  }
  return new PlatformError(`${what}: ${text}.`, { code, status });
}

/** Claims of an id token; its signature is the platform's own concern. */
function claimsOf(token) {
  try {
    const part = token.split('.')[1].replace(/-/g, '+').replace(/_/g, '/');
    const bytes = Uint8Array.from(atob(part), (c) => c.charCodeAt(0));
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch (cause) {
    throw new PlatformError('Sign-on: the id token cannot be read.', { cause });
  }
}

export class Platform extends EventTarget {
  #tokens = null;
  #refreshTimer = 0;
  #refreshing = null;
  #channel = null;
  #lifetimeTimer = 0;
  #services = new Map();
  #socket = null;
  #pingTimer = 0;
  #lastAck = 0;
  #reconnecting = null;
  #seen = [];
  #leave = new AbortController();

  /** @param {string} origin where the platform is, for example this page's */
  constructor(origin = location.origin) {
    super();
    this.origin = origin;
    this.clientId = 'loopback';
    this.correlator = `webphone-${randomId().slice(0, 8)}`;
    this.pingInterval = PING_INTERVAL;
    this.user = '';
    this.identity = '';
    /** One of `off`, `connecting`, `connected`, `lost` */
    this.connection = 'off';

    addEventListener('online', () => this.#reconnect('network is back'));
  }

  get signedOn() {
    return this.#tokens !== null;
  }

  /** Own address, `name@domain`. */
  get address() {
    return this.identity || this.user;
  }

  /** Where a service of the user is, for example `/cpaas/chat/v1/{user}`. */
  pathOf(service) {
    return `/cpaas/${service}/v1/${encodeURI(this.user)}`;
  }

  get callsPath() {
    return this.pathOf('webrtcsignaling');
  }

  /** What was subscribed to as `service`, undefined if it is not to be had. */
  service(name) {
    return this.#services.get(name);
  }

  /** A name belongs to our own domain. */
  complete(name) {
    const text = name.trim().replace(/^sips?:/, '').toLowerCase();
    const domain = this.address.split('@')[1];
    return !text || text.includes('@') || !domain ? text : `${text}@${domain}`;
  }

  // --- sign-on ---

  async signOn(username, password) {
    await this.#fetchTokens('Sign-on', {
      grant_type: 'password',
      username,
      password,
      client_id: this.clientId,
      scope: 'openid',
    });
  }

  async #fetchTokens(what, form) {
    let reply;
    try {
      reply = await fetch(this.origin + AUTH, {
        method: 'POST',
        headers: { Accept: 'application/json' },
        body: new URLSearchParams(form),
        signal: AbortSignal.timeout(REQUEST_TIMEOUT),
      });
    } catch (cause) {
      throw unreachable(what, cause);
    }
    const body = await reply.json().catch(() => null);
    if (!reply.ok) {
      /* The one endpoint whose errors are OAuth's (protocol session 1.1) */
      const wrong = body?.error === 'invalid_grant';
      throw new PlatformError(wrong
        ? `${what}: the address or the password is wrong.`
        : `${what}: ${body?.error_description ?? STATUS_WORDS[reply.status]
           ?? `the platform answered ${reply.status}`}.`,
      { code: body?.error ?? reply.status, status: reply.status });
    }
    if (typeof body?.access_token !== 'string' ||
        typeof body?.id_token !== 'string')
      throw new PlatformError(`${what}: the platform sent no tokens.`);

    const claims = claimsOf(body.id_token);
    if (typeof claims.preferred_username !== 'string')
      throw new PlatformError(`${what}: the id token names no user.`);
    this.user = claims.preferred_username;
    this.identity = claims['services-identity'] ?? '';
    this.#tokens = {
      access: body.access_token,
      refresh: body.refresh_token ?? this.#tokens?.refresh,
    };

    clearTimeout(this.#refreshTimer);
    const lifetime = Number(body.expires_in);
    if (lifetime > 0)
      this.#refreshTimer = setTimeout(() => {
        this.#refresh().catch(() => {});
      }, Math.min(lifetime * 750, 0x7fffffff));
  }

  /* One at a time: several requests may be refused by one expiry */
  #refresh() {
    this.#refreshing ??= (async () => {
      try {
        if (!this.#tokens?.refresh)
          throw new PlatformError('The sign-on has expired.', { status: 401 });
        await this.#fetchTokens('Renewing the sign-on', {
          grant_type: 'refresh_token',
          refresh_token: this.#tokens.refresh,
          client_id: this.clientId,
          scope: 'openid',
        });
      } catch (error) {
        if (error.status === 400 || error.status === 401)
          this.#emit('expired', { error });
        throw error;
      } finally {
        this.#refreshing = null;
      }
    })();
    return this.#refreshing;
  }

  // --- requests ---

  /* Once more with renewed tokens if those that we have are refused */
  async #fetch(what, method, url, { headers, body, keepalive = false }) {
    if (!this.#tokens)
      throw new PlatformError(`${what}: not signed on.`);

    for (let attempt = 0; ; attempt++) {
      let reply;
      try {
        reply = await fetch(url, {
          method,
          keepalive,
          headers: {
            Authorization: `Bearer ${this.#tokens.access}`,
            'X-Cpaas-Agent': 'loopback-webphone/1.0',
            ...headers,
          },
          body,
          signal: keepalive ? undefined : AbortSignal.timeout(REQUEST_TIMEOUT),
        });
      } catch (cause) {
        throw unreachable(what, cause);
      }
      if (reply.status === 401 && attempt === 0 && !keepalive) {
        const renewed = await this.#refresh().then(() => true, () => false);
        if (renewed && this.#tokens)
          continue;
      }
      if (!reply.ok)
        throw errorOfReply(what, reply.status,
          parseJson(await reply.text().catch(() => '')));
      return reply;
    }
  }

  /**
   * @param {string} what the operation, for the error's words
   * @param body what becomes JSON, or a FormData
   * @returns the reply's JSON, `{}` if it has none
   */
  async request(what, method, path, body, { keepalive = false } = {}) {
    const isForm = body instanceof FormData;
    const reply = await this.#fetch(what, method, this.origin + path, {
      keepalive,
      headers: {
        Accept: 'application/json',
        /* A form's type has its boundary, which the browser knows */
        ...isForm ? {} : { 'Content-Type': 'application/json' },
      },
      body: body === undefined || isForm ? body : JSON.stringify(body),
    });
    if (reply.status === 204 || method === 'DELETE')
      return {};
    const json = parseJson(await reply.text().catch(() => ''));
    if (json === null || typeof json !== 'object')
      throw new PlatformError(`${what}: the platform's reply is not JSON.`,
        { status: reply.status });
    return json;
  }

  /** @returns {Promise<Blob>} what is at a link that the platform gave */
  async download(what, link) {
    const url = new URL(link, this.origin);
    /* Our tokens are the platform's; a message may name any other place */
    if (url.origin !== new URL(this.origin).origin)
      throw new PlatformError(`${what}: it is not on this platform.`);
    const reply = await this.#fetch(what, 'GET', url.href, {});
    return reply.blob().catch((cause) => {
      throw unreachable(what, cause);
    });
  }

  /** Tells of a service that does not work while the others do. */
  complain(error) {
    this.#emit('complaint', error);
  }

  // --- channel and subscription ---

  /** Makes a channel, opens its websocket and subscribes to the services. */
  async subscribe() {
    this.#leave.abort();
    this.#leave = new AbortController();
    try {
      this.#set('connecting');
      await this.#establish();
    } catch (error) {
      await this.unsubscribe();
      throw error;
    }
  }

  /* What it made is in #channel and #services also when it fails */
  async #establish() {
    const reply = await this.request('Opening the notification channel',
      'POST', `${CHANNELS}${encodeURI(this.user)}/channels`, {
        notificationChannel: {
          channelLifetime: CHANNEL_LIFETIME,
          channelType: 'Websockets',
          clientCorrelator: this.correlator,
          'x-connCheckRole': 'client',
        },
      });
    const channel = reply.notificationChannel;
    if (typeof channel?.channelData?.channelURL !== 'string' ||
        typeof channel.callbackURL !== 'string' ||
        typeof channel.resourceURL !== 'string')
      throw new PlatformError(
        'Opening the notification channel: the reply lacks its addresses.');
    this.#channel = channel;
    await this.#open();
    this.#services = await subscribeToServices(this, channel.callbackURL);
    this.#keepChannel(Number(channel.channelLifetime) || CHANNEL_LIFETIME);
    this.#set('connected');
  }

  /** The reverse, as far as the platform takes part. Never fails. */
  async unsubscribe() {
    const channel = this.#channel;
    const services = this.#services;

    this.#leave.abort();
    this.#channel = null;
    this.#services = new Map();
    this.#reconnecting = null;
    clearInterval(this.#lifetimeTimer);
    await Promise.all([...services.values()].filter(({ path }) => path)
      .map(({ path }) => this.request('Unsubscribing', 'DELETE', path)
        .catch(() => {})));
    this.#dropSocket();
    this.#set('off');
    if (channel)
      await this.request('Closing the channel', 'DELETE', channel.resourceURL)
        .catch(() => {});
  }

  async signOff() {
    await this.unsubscribe();
    clearTimeout(this.#refreshTimer);
    this.#tokens = null;
    this.user = this.identity = '';
  }

  /** While the page goes away: what a request that outlives it can do. */
  abandon() {
    const channel = this.#channel;
    this.#leave.abort();
    this.#channel = null;
    if (channel && this.#tokens)
      this.request('Closing the channel', 'DELETE', channel.resourceURL,
        undefined, { keepalive: true }).catch(() => {});
  }

  /** Credentials of the platform's TURN servers. */
  async turnCredentials() {
    const reply = await this.request('Fetching TURN credentials', 'POST',
      `${this.callsPath}/turn`,
      { wrtcsTurnCredentials: { clientCorrelator: this.correlator } });
    return reply.wrtcsTurnCredentials ?? {};
  }

  #keepChannel(lifetime) {
    clearInterval(this.#lifetimeTimer);
    this.#lifetimeTimer = setInterval(() => {
      const channel = this.#channel;
      if (channel)
        this.request('Keeping the channel', 'PUT',
          `${channel.resourceURL}/channelLifetime`,
          { notificationChannelLifetime: { channelLifetime: lifetime } })
          .catch((error) => {
            if (error.status !== 404 || this.#channel !== channel)
              return;
            this.#dropSocket();
            this.#reconnect('the channel has expired');
          });
    }, lifetime * 500);
  }

  // --- websocket ---

  #open() {
    const url = this.origin.replace(/^http/, 'ws') +
      this.#channel.channelData.channelURL +
      `?access_token=${encodeURIComponent(this.#tokens.access)}`;
    const socket = new WebSocket(url);

    this.#dropSocket();
    this.#socket = socket;
    return new Promise((resolve, reject) => {
      const failed = () => {
        clearTimeout(timer);
        if (this.#socket === socket)
          this.#dropSocket();
        reject(new PlatformError(
          'The notification websocket could not be opened.'));
      };
      const timer = setTimeout(failed, OPEN_TIMEOUT);
      socket.onerror = failed;
      socket.onclose = failed;
      socket.onopen = () => {
        clearTimeout(timer);
        socket.onerror = null;
        socket.onclose = (event) => this.#closed(socket, event);
        this.#lastAck = performance.now();
        this.#ping(socket);
        resolve();
      };
      socket.onmessage = (event) => this.#frame(socket, event.data);
    });
  }

  #dropSocket() {
    const socket = this.#socket;
    clearTimeout(this.#pingTimer);
    this.#socket = null;
    if (socket) {
      socket.onopen = socket.onclose = socket.onerror = socket.onmessage = null;
      socket.close();
    }
  }

  /* Protocol session 5.4, client role, pingPong */
  #ping(socket) {
    if (this.#socket !== socket)
      return;
    if (performance.now() - this.#lastAck >=
        this.pingInterval * MAX_MISSED_PINGS) {
      this.#dropSocket();
      this.#reconnect('the platform stopped answering');
      return;
    }
    if (socket.readyState === WebSocket.OPEN)
      socket.send(JSON.stringify(
        { connCheck: { interval: this.pingInterval / 1000 } }));
    this.#pingTimer = setTimeout(() => this.#ping(socket), this.pingInterval);
  }

  #closed(socket, event) {
    if (this.#socket !== socket)
      return;
    this.#dropSocket();
    if (event.code === 1000) {
      /* Protocol session 5.3: never reconnected */
      this.#channel = null;
      this.#set('lost', 'the platform closed the connection');
    } else if (event.code === 4001) {
      this.#channel = null;
      this.#set('lost', 'another page took over this connection');
    } else {
      this.#reconnect('the connection was lost');
    }
  }

  #reconnect(reason) {
    if (!this.#channel || this.#socket || this.#reconnecting ||
        this.#leave.signal.aborted)
      return;
    this.#set('connecting', reason);
    this.#reconnecting = this.#reconnectLoop(this.#leave.signal)
      .finally(() => {
        this.#reconnecting = null;
      });
  }

  async #reconnectLoop(signal) {
    let delay = RECONNECT_FIRST;
    for (let failures = 0; !signal.aborted;) {
      try {
        if (this.#channel) {
          await this.#open();
          this.#set('connected');
        } else {
          await this.#establish();
        }
        return;
      } catch {
        failures++;
      }
      if (failures % RECONNECT_SUSPICIOUS === 0 &&
          await this.#channelIsGone()) {
        this.#channel = null;
        this.#services = new Map();
        continue;
      }
      await sleep(delay, signal);
      delay = Math.min(delay * 2, RECONNECT_MAX);
    }
  }

  /* A browser does not tell why an upgrade was refused; a request does */
  async #channelIsGone() {
    const channel = this.#channel;
    if (!channel)
      return false;
    return this.request('Looking for the channel', 'GET', channel.resourceURL)
      .then(() => false, (error) => error.status === 404);
  }

  #frame(socket, data) {
    let message;
    try {
      message = JSON.parse(data);
    } catch {
      console.warn('A frame that is not JSON was dropped');
      return;
    }
    if (message === null || typeof message !== 'object')
      return;
    if (message.connCheck) {
      socket.send(JSON.stringify({ connAck: {} }));
      return;
    }
    if (message.connAck) {
      this.#lastAck = performance.now();
      return;
    }
    const [type, body] = Object.entries(message)
      .find(([, value]) => value?.id) ?? [];
    if (!type) {
      console.warn('A notification without an id was dropped');
      return;
    }
    if (this.#seen.includes(body.id))
      return;
    this.#seen.push(body.id);
    if (this.#seen.length > ID_CACHE_LENGTH)
      this.#seen.shift();
    this.#emit('notification', { type, body });
  }

  #set(state, reason = '') {
    if (this.connection === state && !reason)
      return;
    this.connection = state;
    this.#emit('connection', { state, reason });
  }

  #emit(type, detail) {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }
}

function unreachable(what, cause) {
  const text = cause?.name === 'TimeoutError'
    ? 'the platform did not answer in time'
    : 'the platform cannot be reached';
  return new PlatformError(`${what}: ${text}.`,
    { code: cause?.name ?? '', cause });
}

function parseJson(text) {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
