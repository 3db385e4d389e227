// SPDX-License-Identifier: LGPL-2.1-or-later

/**
 * The programs that take part: the loopback platform and the pipeline end.
 * Both print lines; both are ended by their id.
 */

import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { EventEmitter } from 'node:events';

import { ended, until } from './wait.mjs';

const EXIT_TIMEOUT = 8000;

class Program extends EventEmitter {
  #process;
  #errors = [];

  constructor(path, args, env = {}) {
    super();
    this.path = path;
    this.exit = null;
    this.#process = spawn(path, args, {
      env: { ...process.env, ...env },
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    this.#process.stdin.on('error', () => {});
    this.#process.on('error', (error) => {
      this.#errors.push(error.message);
      this.exit = { code: null, signal: error.code };
      this.emit('exit');
    });
    this.#process.on('exit', (code, signal) => {
      this.exit = { code, signal };
      this.emit('exit');
    });
    createInterface({ input: this.#process.stdout })
      .on('line', (line) => this.emit('line', line));
    createInterface({ input: this.#process.stderr })
      .on('line', (line) => this.#errors.push(line));
  }

  get pid() {
    return this.#process.pid;
  }

  /** What it printed on its standard error. */
  get complaints() {
    return this.#errors;
  }

  write(line) {
    this.#process.stdin.write(`${line}\n`);
  }

  kill(signal) {
    this.#process.kill(signal);
  }

  /** Waits for its end; it is killed if it does not come. */
  async finished(timeout = EXIT_TIMEOUT) {
    try {
      await until(() => this.exit, `${this.path} to end`, { timeout });
    } catch (error) {
      this.kill('SIGKILL');
      throw error;
    }
    return this.exit;
  }
}

/** kandy-loopback, on a port of its own for both TLS and plain. */
export class Loopback extends Program {
  static async start(path, args = []) {
    const self = new Loopback(path, ['--port', '0', '--tls',
      ...args]);
    let first = '';
    self.once('line', (line) => {
      first = line;
    });
    await until(() => first || self.exit, 'the loopback platform to listen');
    const match = /^listening on https:(\S+)$/.exec(first);
    if (!match)
      throw new Error(`The loopback platform did not start: ${first} ` +
        self.complaints.join(' '));
    self.tlsOrigin = `https:${match[1]}`;
    self.origin = `http:${match[1]}`;
    return self;
  }

  /** A request to its control interface. */
  async control(method, path, body) {
    const reply = await fetch(`${this.origin}/loopback${path}`, {
      method,
      headers: body === undefined ? {}
        : { 'Content-Type': 'application/json' },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
    const text = await reply.text();
    if (!reply.ok)
      throw new Error(`${method} /loopback${path}: ${reply.status} ${text}`);
    return text ? JSON.parse(text) : null;
  }

  /** How many legs of calls the platform knows. */
  async sessions() {
    const { accounts } = await this.control('GET', '/state');
    return accounts.reduce((sum, account) => sum + account.sessions, 0);
  }

  async stop() {
    if (!this.exit)
      this.kill('SIGTERM');
    const exit = await this.finished();
    if (exit.code !== 0)
      throw new Error(`The loopback platform ended with ${ended(exit)}: ` +
        this.complaints.join('\n'));
  }
}

/** browser-endpoint: commands go in, replies and events come out. */
export class EndpointProgram extends Program {
  #nextId = 1;
  #replies = new Map();

  constructor(path, env) {
    super(path, [], env);
    this.events = [];
    this.on('line', (line) => {
      let message;
      try {
        message = JSON.parse(line);
      } catch {
        this.complaints.push(line);
        return;
      }
      if (message.reply !== undefined) {
        this.#replies.get(message.reply)?.(message);
        this.#replies.delete(message.reply);
      } else {
        this.events.push(message);
      }
    });
    this.on('exit', () => {
      for (const reply of this.#replies.values())
        reply({ error: `the pipeline's process ended with ${ended(this.exit)}`
          + `: ${this.complaints.join('\n')}` });
      this.#replies.clear();
    });
  }

  async command(verb, members = {}) {
    if (this.exit)
      throw new Error(`The pipeline's process has ended with ` +
        `${ended(this.exit)}: ${this.complaints.join('\n')}`);
    const id = this.#nextId++;
    const reply = await new Promise((resolve) => {
      this.#replies.set(id, resolve);
      this.write(JSON.stringify({ id, do: verb, ...members }));
    });
    if (reply.error)
      throw new Error(`${verb}: ${reply.error}`);
    return reply;
  }
}
