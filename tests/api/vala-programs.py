#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Vala programs that are compiled, linked and, if they can, run: a binding that
names a function which is not there is noticed by the linker only.

Usage: vala-programs.py VALAC KANDY_LOOPBACK SOURCE_ROOT BUILD_ROOT

Prints TAP.
"""

import glob
import os
import subprocess
import sys
import tempfile

EXPECTED = """presence Vala
sender alice@loopback.example
status Sent
history 1
found bob@loopback.example
group Roof of 2
refused SVC0002
"""


def link_headers(roots, folder):
    """The headers as they are installed: all in one folder."""
    os.makedirs(folder)
    for root in roots:
        for path in glob.glob(f'{root}/**/*.h', recursive=True):
            target = os.path.join(folder, os.path.basename(path))
            if not os.path.exists(target):
                os.symlink(path, target)


def build(valac, source, build_root, work, libraries, packages):
    program = os.path.join(work, os.path.basename(source)[:-5])
    command = [valac, '-o', program, '-d', work, source, '-X', '-w']
    for include in ('', '/kandy', '/gst/kandy'):
        command += ['-X', f'-I{work}/include{include}']
    for package in ['gio-2.0', 'libsoup-3.0', 'json-glib-1.0', *packages]:
        command += ['--pkg', package]
    for folder, library in libraries:
        command += ['--vapidir', f'{build_root}/{folder}', '--pkg', library,
                    '-X', f'-L{build_root}/{folder}', '-X', f'-l{library}',
                    '-X', f'-Wl,-rpath,{build_root}/{folder}']
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        print('\n'.join(f'# {line}' for line in done.stderr.splitlines()))
        return None
    return program


def run(program, loopback):
    platform = subprocess.Popen([loopback, '--port', '0'],
                                stdout=subprocess.PIPE, text=True)
    try:
        port = platform.stdout.readline().rsplit(':', 1)[1].strip()
        done = subprocess.run([program, port], capture_output=True, text=True,
                              timeout=15, check=False)
        if done.stdout != EXPECTED or done.returncode != 0:
            print('\n'.join(f'# {line}' for line in (
                done.stdout + done.stderr).splitlines()))
            return False
        return True
    finally:
        platform.terminate()
        platform.wait()


def main():
    valac, loopback, source_root, build_root = sys.argv[1:]
    kandy = ('signalling', 'kandy-1.0')
    with tempfile.TemporaryDirectory() as work:
        # pkg-config is not to find what is installed, nor to miss it
        for name in ('kandy-1.0', 'gstkandy-1.0'):
            with open(f'{work}/{name}.pc', 'w', encoding='ascii') as file:
                file.write(f'Name: {name}\nDescription: -\nVersion: 0\n')
        os.environ['PKG_CONFIG_PATH'] = work
        link_headers([f'{source_root}/signalling', f'{build_root}/signalling'],
                     f'{work}/include/kandy')
        link_headers([f'{source_root}/gst', f'{build_root}/gst'],
                     f'{work}/include/gst/kandy')
        program = build(valac, f'{source_root}/tests/api/program.vala',
                        build_root, work, [kandy], [])
        bindings = build(valac, f'{source_root}/tests/api/bindings.vala',
                         build_root, work, [kandy], [])
        media = build(valac, f'{source_root}/tests/api/bindings-gst.vala',
                      build_root, work, [kandy, ('gst', 'gstkandy-1.0')],
                      ['gstreamer-1.0'])
        works = program is not None and run(program, loopback)
    results = [('a program of the client library is linked', program),
               ('and does what it should', works),
               ('calls are linked', bindings),
               ('a program of the media half is linked', media)]
    for number, (name, well) in enumerate(results, 1):
        print(f'{"ok" if well else "not ok"} {number} - {name}')
    print(f'1..{len(results)}')
    sys.exit(0 if all(well for name, well in results) else 1)


main()
