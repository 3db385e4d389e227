#!/usr/bin/env node
// SPDX-License-Identifier: LGPL-2.1-or-later

/**
 * The browser suite: calls between a real browser with the web phone and our
 * elements, over the loopback platform. The calls are in scenarios.mjs.
 */

import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { homedir, loadavg, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';

import { Loopback } from './processes.mjs';
import { play } from './scene.mjs';
import { SCENARIOS } from './scenarios.mjs';

/* The last one that Debian 12's Node.js can run */
const PLAYWRIGHT = '1.57.0';
const SETUP_GOAL = 400;
/* A row takes 2 to 8 s, and many times as long on a machine with other work */
const ROW_TIMEOUT = 120000;
/* Chromium without its windows starts and draws in half the time */
const CHROMIUMS = ['/usr/bin/chromium-headless-shell', '/usr/bin/chromium'];
const CHROMIUM_ARGS = [
  '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
  '--disable-background-networking', '--disable-component-update',
  '--disable-sync', '--autoplay-policy=no-user-gesture-required',
  '--use-fake-device-for-media-stream', '--use-fake-ui-for-media-stream',
];

const USAGE = `Usage: tests/browser/run.mjs [OPTION]...

Calls between a browser and our elements, each a row of scenarios.mjs.

  --build DIR        meson build directory (default: build)
  --only TEXT        only rows whose name contains it
  --far KIND         only rows with this far end: pipeline, page or chat
  --repeat N         the whole table so many times (default: 1)
  --jobs N           so many calls at a time, each on a platform of its own
                     (default: 1)
  --again N          what was late is played again alone, so many times at the
                     most, and named (default: 0)
  --chromium FILE    the browser (default: ${CHROMIUMS[0]},
                     or ${CHROMIUMS[1]} if that is not there)
  --cache DIR        where playwright-core is kept (default:
                     ~/.cache/gst-kandy/playwright-core-${PLAYWRIGHT})
  --list             names of the rows
  --help             this text

Output is TAP; the last line is "N passed, N failed". The exit status is 0 if
nothing failed, 1 if something did, 2 if the suite was used wrongly, 77 if it
cannot be run on this machine.
`;

class BadUsage extends Error {}
class CannotRun extends Error {}

function options() {
  const { values } = parseArgs({
    options: {
      build: { type: 'string', default: 'build' },
      only: { type: 'string', default: '' },
      far: { type: 'string', default: '' },
      repeat: { type: 'string', default: '1' },
      jobs: { type: 'string', default: '1' },
      again: { type: 'string', default: '0' },
      chromium: {
        type: 'string',
        default: CHROMIUMS.find((file) => existsSync(file)) ?? CHROMIUMS[0],
      },
      cache: {
        type: 'string',
        default: join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'),
          'gst-kandy', `playwright-core-${PLAYWRIGHT}`),
      },
      list: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  return values;
}

/* The one package that is not Debian's; kept outside the tree */
function loadPlaywright(cache) {
  const installed = join(cache, 'node_modules', 'playwright-core');
  if (!existsSync(installed)) {
    mkdirSync(cache, { recursive: true });
    try {
      execFileSync('npm', ['install', '--prefix', cache, '--no-save',
        '--no-audit', '--no-fund', `playwright-core@${PLAYWRIGHT}`],
      { stdio: ['ignore', 'ignore', 'pipe'] });
    } catch (error) {
      throw new CannotRun('playwright-core cannot be installed: ' +
        `${error.stderr?.toString() ?? error.message}`);
    }
  }
  return createRequire(join(cache, 'package.json'))('playwright-core');
}

function program(build, path) {
  const full = join(resolve(build), path);
  if (!existsSync(full))
    throw new CannotRun(`${full} is not there: build the project first.`);
  return full;
}

const known = new Map();

function hasElement(name) {
  if (!known.has(name)) {
    try {
      execFileSync('gst-inspect-1.0', ['--exists', name], { stdio: 'ignore' });
      known.set(name, true);
    } catch {
      known.set(name, false);
    }
  }
  return known.get(name);
}

/* Why a row cannot be played on this machine */
function whySkipped({ needs = [], lacks = [] }) {
  const missing = needs.find((name) => !hasElement(name));
  const there = lacks.find((name) => hasElement(name));
  if (missing)
    return `there is no ${missing}`;
  return there ? `there is ${there}` : '';
}

function count(text, option, least = 1) {
  if (!/^\d{1,4}$/.test(text) || Number(text) < least)
    throw new BadUsage(`${option} needs a number`);
  return Number(text);
}

/* Nothing was wrong but the time that it took, in whatever step */
function isLate(problem) {
  return /^([^\n:]+: )?Waited \d+ ms /.test(problem);
}

function indent(text) {
  return text.split('\n').map((line) => `#   ${line}`).join('\n');
}

function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)];
}

async function main() {
  const { build, only, far, repeat, jobs, again, chromium, cache, list, help }
    = options();
  const rows = SCENARIOS.filter((row) => row.name.includes(only) &&
    (!far || (row.far ?? 'pipeline') === far));

  if (help || list) {
    process.stdout.write(help ? USAGE
      : rows.map((row) => `${row.name}\n`).join(''));
    return 0;
  }
  if (!existsSync(chromium))
    throw new CannotRun(`There is no ${chromium}: apt-get install ` +
      'chromium-headless-shell');
  const loopbackPath = program(build, 'tests/platform/kandy-loopback');
  const endpointPath = program(build, 'tests/browser/browser-endpoint');
  const playwright = loadPlaywright(resolve(cache));

  process.env.GST_PLUGIN_PATH = [join(resolve(build), 'plugins'),
    process.env.GST_PLUGIN_PATH].filter(Boolean).join(':');
  process.env.GST_REGISTRY = join(resolve(build), 'tests', 'registry.bin');
  process.env.GST_DEBUG_NO_COLOR = '1';

  const profile = mkdtempSync(join(tmpdir(), 'kandy-browser-'));
  const all = Array.from({ length: count(repeat, '--repeat') }, () => rows)
    .flat();
  const setups = [];
  const platforms = [];
  let passed = 0;
  let failed = 0;
  let done = false;
  let browser = null;
  let stopped = '';

  /* Rows that wait for a browser that is gone would wait long, each */
  const stop = (why) => {
    if (!stopped)
      process.stderr.write(`${why}: no more calls\n`);
    stopped = why;
  };
  for (const signal of ['SIGINT', 'SIGTERM'])
    process.once(signal, () => {
      stop(signal);
      browser?.close();
    });

  /* How a row went: a line of TAP, or what went wrong */
  const playRow = async (row, number, platform) => {
    const started = performance.now();
    const took = () => `${((performance.now() - started) / 1000).toFixed(1)} s`;
    const reason = whySkipped(row);
    if (reason)
      return { line: `ok ${number} - ${row.name} # SKIP ${reason}\n` };
    try {
      const setup = await play({ row, browser, platform, endpointPath,
        timeout: ROW_TIMEOUT });
      passed++;
      if (!setup)
        return { line: `ok ${number} - ${row.name} # ${took()}\n` };
      setups.push({ ...setup, name: row.name });
      return { line: `ok ${number} - ${row.name} # ${took()}, ` +
        `${Math.round(setup.ms)} ms from click to media (${setup.marks})\n` };
    } catch (error) {
      return { took: took(), problem: error.message };
    }
  };
  const startPlatform = async () => {
    const platform = await Loopback.start(loopbackPath);
    platforms.push(platform);
    return platform;
  };
  /* Faults are a platform's: calls at one time have one each. What is written
   * stays with its platform: who writes has one alone. */
  const lane = async (numbers, turnsLeft, unsteady) => {
    let platform = await startPlatform();
    while (numbers.length > 0 && !stopped) {
      const number = numbers.shift();
      const row = all[number - 1];
      if (row.far === 'chat') {
        await platform.stop();
        platforms.splice(platforms.indexOf(platform), 1);
        platform = await startPlatform();
      }
      const { line, took, problem } = await playRow(row, number, platform);
      if (line) {
        process.stdout.write(line);
      } else if (turnsLeft > 0 && !stopped && isLate(problem)) {
        unsteady.push(number);
        process.stdout.write(`# UNSTEADY ${row.name}, ${took}\n` +
          `${indent(problem)}\n`);
      } else {
        failed++;
        process.stdout.write(`not ok ${number} - ${row.name} # ${took}\n` +
          `${indent(problem)}\n`);
      }
    }
  };
  const playAll = async () => {
    let numbers = all.map((row, index) => index + 1);
    let lanes = count(jobs, '--jobs');
    for (let left = count(again, '--again', 0); numbers.length > 0; left--) {
      const unsteady = [];
      await Promise.all(Array.from({ length: lanes },
        () => lane(numbers, left, unsteady)));
      numbers = unsteady;
      lanes = 1;
    }
  };

  try {
    browser = await playwright.chromium.launch({
      executablePath: chromium,
      args: CHROMIUM_ARGS,
      handleSIGINT: false,
      handleSIGTERM: false,
      env: { ...process.env, XDG_CONFIG_HOME: profile, XDG_CACHE_HOME: profile },
    });
    browser.on('disconnected', () => {
      if (!done)
        stop('The browser has gone');
    });
    process.stdout.write(`1..${all.length}\n`);
    await playAll();
    done = true;
  } finally {
    await browser?.close();
    for (const platform of platforms)
      await platform.stop();
    rmSync(profile, { recursive: true, force: true });
  }

  if (setups.length > 0) {
    const worst = setups.reduce((a, b) => (b.ms > a.ms ? b : a));
    process.stdout.write('# set-up, click to media in the pipeline: median ' +
      `${Math.round(median(setups.map(({ ms }) => ms)))} ms, longest ` +
      `${Math.round(worst.ms)} ms (${worst.name}: ${worst.marks}), goal under ` +
      `${SETUP_GOAL} ms\n`);
  }
  process.stdout.write(`# load average ${loadavg().map((n) => n.toFixed(1))
    .join(' ')}\n`);
  if (stopped)
    failed++;
  process.stdout.write(`${passed} passed, ${failed} failed\n`);
  return failed === 0 ? 0 : 1;
}

main().then((status) => {
  process.exitCode = status;
}, (error) => {
  const isUsage = error instanceof BadUsage ||
    error.code?.startsWith('ERR_PARSE_ARGS');
  process.stderr.write(`${isUsage || error instanceof CannotRun
    ? error.message : error.stack}\n`);
  process.exitCode = isUsage ? 2 : error instanceof CannotRun ? 77 : 1;
});
