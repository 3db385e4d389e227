#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Checks the table of what answers each row of the API document.

Every row has to be in the table once, and nothing else. What the table names
has to be there: symbols, signals and properties of the libraries in their GIR
files, those of the elements in gst-inspect, requests in the library that serves
them. Rows without an answer have to be in the list at the end, and only those.
The signal that answers an event has to say so in its documentation. With the
document at hand (--document, or KANDY_API_DOCUMENT), the names of the rows are
checked against its headings and configuration keys.
"""

import argparse
import os
import re
import subprocess
import sys
import xml.etree.ElementTree as ElementTree

CORE = '{http://www.gtk.org/introspection/core/1.0}'
C = '{http://www.gtk.org/introspection/c/1.0}'
GLIB = '{http://www.gtk.org/introspection/glib/1.0}'
ELEMENTS = ['kandychatsink', 'kandychatsrc', 'kandysignaller', 'kandysink',
            'kandysrc']


def read_document(path):
    """The names of the document's rows, in its order."""
    rows, namespace, kind = [], None, None
    with open(path, encoding='utf-8') as document:
        for line in document:
            heading = re.match(r'^(#+) (.*)$', line)
            key = re.match(r'^ *\*   `([a-zA-Z0-9.]+)`', line)
            if heading:
                level, name = len(heading[1]), heading[2].strip()
                if name in ('Parameters', 'Examples', 'Properties'):
                    continue
                if level == 2:
                    namespace = name
                    rows.append(name)
                elif level == 3:
                    kind = name
                    own = ':' in name or namespace == 'config'
                    rows.append(name if own else f'{namespace}.{name}')
                elif level == 4:
                    rows.append(f'{namespace}.{kind}.{name}')
            elif key and namespace == 'config':
                rows.append(f'config: {key[1]}')
    return rows


def read_table(path):
    """Cells of each row, and the rows that are said to have no answer."""
    table, unanswered, at_end = [], [], False
    with open(path, encoding='utf-8') as text:
        for line in text:
            cells = re.match(r'^\| `(.+?)` \|(.*)\|(.*)\|(.*)\|$', line.rstrip())
            item = re.match(r'^- `(.+)`$', line.rstrip())
            at_end = at_end or line.startswith('## Not answered')
            if cells:
                table.append([cell.strip() for cell in cells.groups()])
            elif item and at_end:
                unanswered.append(item[1])
    return table, unanswered


def read_claims(node):
    """The rows that documentation says it answers."""
    rows = set()
    for text in re.findall(r'API\s+document:([^).]*(?:\.\w[^).]*)*)', node.text):
        rows.update(re.findall(r'`([^`]+)`', text))
    return rows


def read_girs(paths):
    """C symbols; "Class::signal" and "Class:property" with the rows that their
    documentation claims; and all claims."""
    symbols, members, claimed = set(), {}, set()
    for path in paths:
        for node in ElementTree.parse(path).iter():
            if node.tag == CORE + 'doc':
                claimed.update(read_claims(node))
            for name in (node.get(C + 'identifier'), node.get(C + 'type')):
                if name:
                    symbols.add(name)
            kind = node.get(C + 'type')
            if node.tag in (CORE + 'class', CORE + 'interface'):
                for tag, mark in ((GLIB + 'signal', '::'),
                                  (CORE + 'property', ':')):
                    for child in node.findall(tag):
                        doc = child.find(CORE + 'doc')
                        members[kind + mark + child.get('name')] = \
                            read_claims(doc) if doc is not None else set()
    return symbols, members, claimed


class Elements:
    """What the elements have, as gst-inspect prints it: actions have an arrow
    since GStreamer 1.24. Their pads' properties stand among their own, but
    deeper."""

    def __init__(self, gst_inspect):
        self.signals, self.properties = set(), set()
        self.pad_properties, self.parents = set(), set()
        for element in ELEMENTS:
            text = subprocess.run(
                [gst_inspect, '--no-colors', element], check=True,
                capture_output=True, text=True).stdout
            self.signals.update(
                re.findall(r'^  "([a-z-]+)" (?::|->)', text, re.M))
            self.properties.update(
                re.findall(r'^  ([a-z0-9-]+) +: ', text, re.M))
            self.pad_properties.update(
                re.findall(r'^ {6,}([a-z0-9-]+) +: ', text, re.M))
            if re.search(r'^ +GstChildProxy$', text, re.M):
                self.parents.add(element)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--rows', required=True)
    parser.add_argument('--table', required=True)
    parser.add_argument('--gir', action='append', required=True)
    parser.add_argument('--gst-inspect', required=True)
    parser.add_argument('--binary', action='append', required=True)
    parser.add_argument('--document',
                        default=os.environ.get('KANDY_API_DOCUMENT'))
    options = parser.parse_args()
    problems = []

    with open(options.rows, encoding='utf-8') as text:
        rows = text.read().splitlines()
    if options.document:
        headings = read_document(options.document)
        for row in headings:
            if row not in rows:
                problems.append(f'{row}: in the document, not in {options.rows}')
        for row in rows:
            if row not in headings:
                problems.append(f'{row}: in {options.rows}, not in the document')
    table, unanswered = read_table(options.table)
    symbols, members, claimed = read_girs(options.gir)
    there_is = Elements(options.gst_inspect)
    strings = b''
    for path in options.binary:
        with open(path, 'rb') as file:
            strings += file.read()

    names = [cells[0] for cells in table]
    for row in rows:
        if names.count(row) != 1:
            problems.append(f'{row}: {names.count(row)} times in the table')
    for row in set(names) - set(rows):
        problems.append(f'{row}: no row of the document')
    for row, library, elements, remark in table:
        answers = library.replace('`', '').split()
        surfaces = [surface for surface in elements.replace('`', '').split(', ')
                    if surface not in ('', '-')]
        for name in answers:
            known = members if ':' in name else symbols
            if name not in known:
                problems.append(f'{row}: {name} is in no GIR')
        for surface in surfaces:
            kind, _, name = surface.partition(' ')
            if kind == 'signal':
                there = name in there_is.signals
            elif kind == 'property':
                there = name in there_is.properties
            elif surface.startswith('pad property '):
                there = surface[13:] in there_is.pad_properties
            elif kind == 'request':
                there = name == row and 'request' in there_is.signals \
                    and name.encode() + b'\0' in strings
            elif kind.startswith('client::'):
                there = f'KandyConfig:{kind[8:]}' in members
            elif kind == 'kandy-event':
                there = any(
                    row in members.get(answer, ()) for answer in answers)
            elif kind == 'client':
                there = bool(there_is.parents)
            elif kind == 'element':
                there = name in ELEMENTS
            elif kind == 'log':
                there = name.encode() + b'\0' in strings
            else:
                there = False
            if not there:
                problems.append(f'{row}: the elements have no {surface}')
        answered = bool(answers or surfaces or remark)
        if answered == (row in unanswered):
            problems.append(f'{row}: is answered, but listed as if it were not'
                            if answered else f'{row}: has no answer')
    for row in set(unanswered) & claimed:
        problems.append(f'{row}: the documentation of something says that it '
                        'answers it: which belongs into the table')
    for row in set(unanswered) - set(rows):
        problems.append(f'{row}: no row of the document')

    for problem in problems:
        print(problem)
    print(f'{len(rows)} rows, {len(unanswered)} of them not answered yet, '
          f'{len(problems)} problems')
    return 1 if problems else 0


if __name__ == '__main__':
    sys.exit(main())
