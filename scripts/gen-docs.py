#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright (C) 2026 The gst-multicast authors
#
# Writes the element reference in docs/plugins from the built elements
# themselves and from the documentation blocks in their sources.
"""Writes docs/plugins: one page per element, an index and the plugin cache.

  meson setup build && ninja -C build && scripts/gen-docs.py
  scripts/gen-docs.py --check      exits 1 with a diff when a page is outdated
"""

import argparse
import difflib
import json
import os
import re
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
NOTICE = '<!-- Written by scripts/gen-docs.py from the element; do not edit. -->'

Gst = GObject = None  # imported once the environment is set, see load_plugins


# --- documentation blocks -----------------------------------------------------


def read_blocks(source_dirs):
    """All gtk-doc blocks of the sources: name -> (annotations, text)."""
    blocks = {}
    for directory in source_dirs:
        for path in sorted(directory.rglob('*.[ch]')):
            source = path.read_text(encoding='utf-8', errors='replace')
            for match in re.finditer(r'/\*\*[ \t]*\n(.*?)\*/', source, re.S):
                name, block = parse_block(match.group(1))
                if name:
                    blocks[name] = block
    return blocks


def parse_block(body):
    lines = []
    for line in body.split('\n'):
        stripped = re.sub(r'^\s*\*( |$)?', '', line, count=1)
        lines.append(stripped.rstrip())
    while lines and not lines[0]:
        lines.pop(0)
    if not lines:
        return None, None
    first = lines.pop(0).strip()
    # "SECTION:element-x", "GstX:property:", "GstX::signal:", "GstX:"
    match = re.match(r'^(SECTION:[\w-]+|\w+(?:::?[\w-]+)?)\s*:?\s*'
                     r'(?:\([^)]*\)\s*:?\s*)*$', first)
    if not match:
        return None, None
    notes = {}
    while lines and (not lines[0].strip() or lines[0].startswith('@')):
        line = lines.pop(0)
        note = re.match(r'^@([\w-]+):\s*(.*)$', line)
        if note:
            value = note.group(2)
            # the rest of an annotation that is longer than a line
            while lines and lines[0].startswith(' '):
                value += ' ' + lines.pop(0).strip()
            notes[note.group(1)] = value
    text = '\n'.join(lines).strip()
    since = re.search(r'^Since:\s*([\w.]+)\s*$', text, re.M)
    if since:
        notes['since'] = since.group(1)
        text = (text[:since.start()] + text[since.end():]).strip()
    return match.group(1), (notes, text)


def to_markdown(text):
    """gtk-doc's own marks, outside of code, as Markdown."""
    text = re.sub(r'\s*\|\[\s*(?:<!--\s*language="(\w+)"\s*-->)?\n?(.*?)\s*\]\|\s*',
                  lambda m: '\n\n```%s\n%s\n```\n\n' % (
                      (m.group(1) or '').lower(), m.group(2)),
                  text, flags=re.S).strip()
    parts = re.split(r'(```.*?```|`[^`\n]*`)', text, flags=re.S)
    for i in range(0, len(parts), 2):
        part = parts[i]
        part = re.sub(r'#Gst\w+::([\w-]+)', r'`\1`', part)
        part = re.sub(r'#Gst\w+:([\w-]+)', r'`\1`', part)
        part = re.sub(r'(?<![\w&])#([A-Z]\w+|g[a-z]+[0-9]*\b)', r'`\1`', part)
        part = re.sub(r'(?<![\w%])%([A-Z][A-Z0-9_]+)\b', r'`\1`', part)
        part = re.sub(r'(?<![\w@.])@([a-z][\w-]*)\b(?!\.)', r'`\1`', part)
        parts[i] = part
    return ''.join(parts)


def split_intro(text):
    """What stands before the first heading, and the rest."""
    match = re.search(r'^#+ ', text, re.M)
    if not match:
        return text.strip(), ''
    return text[:match.start()].strip(), text[match.start():].strip()


# --- what the elements say of themselves --------------------------------------


def load_plugins(directory):
    """The plugins under directory and nothing else of this system."""
    global Gst, GObject
    scratch = tempfile.TemporaryDirectory()
    os.environ['GST_REGISTRY'] = os.path.join(scratch.name, 'registry.bin')
    os.environ['GST_REGISTRY_FORK'] = 'no'
    os.environ['GST_PLUGIN_PATH_1_0'] = scratch.name
    os.environ['GST_PLUGIN_SYSTEM_PATH_1_0'] = scratch.name
    import gi
    gi.require_version('Gst', '1.0')
    from gi.repository import GObject as gobject
    from gi.repository import Gst as gst
    Gst, GObject = gst, gobject
    Gst.init(None)
    files = [directory] if directory.is_file() else sorted(
        directory.rglob('libgst*.so'))
    return [Gst.Plugin.load_file(str(path)) for path in files], scratch


def type_chain(gtype):
    chain = []
    while gtype.name != 'void' and gtype != GObject.TYPE_INVALID:
        chain.append(gtype.name)
        if gtype == GObject.TYPE_OBJECT:
            break
        gtype = gtype.parent
    return chain


def mutability(flags):
    if flags & Gst.PARAM_MUTABLE_PLAYING:
        return 'playing'
    if flags & Gst.PARAM_MUTABLE_PAUSED:
        return 'paused'
    if flags & Gst.PARAM_MUTABLE_READY:
        return 'ready'
    return 'null'


def value_text(value):
    if value is None:
        return 'NULL'
    if isinstance(value, bool):
        return 'true' if value else 'false'
    if hasattr(value, 'value_nick'):
        return '%s (%d)' % (value.value_nick, int(value))
    if isinstance(value, Gst.Caps):
        return value.to_string()
    if isinstance(value, float):
        return repr(value)
    return str(value)


def enum_values(gtype):
    values = []
    for value in sorted(gtype.pytype.__enum_values__.values()):
        values.append({'name': value.value_nick, 'value': str(int(value)),
                       'desc': value.value_name})
    return values


def describe_property(element, spec):
    flags = int(spec.flags)
    info = {
        'blurb': spec.blurb or '',
        'conditionally-available':
            bool(flags & Gst.PARAM_CONDITIONALLY_AVAILABLE),
        'construct': bool(flags & GObject.ParamFlags.CONSTRUCT),
        'construct-only': bool(flags & GObject.ParamFlags.CONSTRUCT_ONLY),
        'controllable': bool(flags & Gst.PARAM_CONTROLLABLE),
        'deprecated': bool(flags & GObject.ParamFlags.DEPRECATED),
        'mutable': mutability(flags),
        'readable': bool(flags & GObject.ParamFlags.READABLE),
        'type': spec.value_type.name,
        'writable': bool(flags & GObject.ParamFlags.WRITABLE),
    }
    gtype = spec.value_type
    if gtype.is_a(GObject.TYPE_ENUM):
        default = spec.default_value
    elif gtype == Gst.Caps.__gtype__:
        default = element.get_property(spec.name)
    elif gtype.is_a(GObject.TYPE_BOXED) or gtype.is_a(GObject.TYPE_OBJECT):
        return info
    else:
        default = getattr(spec, 'default_value', None)
    if info['writable']:
        info['default'] = value_text(default)
    for key, name in (('min', 'minimum'), ('max', 'maximum')):
        try:
            info[key] = value_text(getattr(spec, name))
        except AttributeError:
            pass
    return info


def describe_signal(signal_id):
    query = GObject.signal_query(signal_id)
    flags = int(query.signal_flags)
    when = 'last'
    if flags & GObject.SignalFlags.RUN_FIRST:
        when = 'first'
    elif flags & GObject.SignalFlags.RUN_CLEANUP:
        when = 'cleanup'
    return query.signal_name, {
        'action': bool(flags & GObject.SignalFlags.ACTION),
        'args': [{'name': 'arg%d' % i, 'type': gtype.name}
                 for i, gtype in enumerate(query.param_types)],
        'return-type': query.return_type.name,
        'when': when,
    }


def own_types(gtype):
    """The element's type and those ancestors that a library does not own."""
    types = []
    libraries = {'GstElement', 'GstBin', 'GstPipeline', 'GstBaseSrc',
                 'GstPushSrc', 'GstBaseSink', 'GstBaseTransform',
                 'GstAggregator', 'GstObject', 'GObject',
                 'GInitiallyUnowned'}
    while gtype.name not in libraries:
        types.append(gtype)
        gtype = gtype.parent
    return types


def structure_fields(structure):
    fields = []
    for i in range(structure.n_fields()):
        name = structure.nth_field_name(i)
        fields.append((name, structure.get_field_type(name).name))
    return fields


def describe_pads(element):
    """The templates, and the types of pads that are more than a GstPad."""
    templates, types = {}, {}
    for template in element.get_pad_template_list():
        info = templates[template.name_template] = {
            'caps': template.caps.to_string(),
            'direction': template.direction.value_nick,
            'presence': template.presence.value_nick,
        }
        gtype = template.get_property('gtype')
        if gtype.name in ('void', 'GstPad'):
            continue
        info['type'] = gtype.name
        pad = element.request_pad(template, None, None)
        types[gtype.name] = {
            'hierarchy': type_chain(gtype),
            'kind': 'object',
            'properties': {spec.name: describe_property(pad, spec)
                           for spec in pad.list_properties()
                           if spec.owner_type == gtype},
        }
        element.release_request_pad(pad)
    # the order in which they are listed is that of a hash table
    return dict(sorted(templates.items(), key=lambda item: (
        item[1]['presence'] != 'always', item[1]['direction'], item[0]))), types


def describe_element(factory):
    element = factory.create(None)
    gtype = factory.get_element_type()
    mine = own_types(gtype)
    properties, statistics = {}, {}
    for spec in element.list_properties():
        if spec.owner_type not in mine:
            continue
        properties[spec.name] = describe_property(element, spec)
        if spec.value_type == Gst.Structure.__gtype__:
            value = element.get_property(spec.name)
            if value is not None:
                statistics[spec.name] = structure_fields(value)
    signals = dict(describe_signal(i) for t in mine
                   for i in GObject.signal_list_ids(t))
    templates, pad_types = describe_pads(element)
    rank = factory.get_rank()
    ranks = {0: 'none', 64: 'marginal', 128: 'secondary', 256: 'primary'}
    entry = {
        'author': factory.get_metadata('author'),
        'description': factory.get_metadata('description'),
        'hierarchy': type_chain(gtype),
        'interfaces': [i.name for i in gtype.interfaces
                       if i.name != 'GstChildProxy'
                       or not gtype.is_a(Gst.Bin.__gtype__)],
        'klass': factory.get_metadata('klass'),
        'long-name': factory.get_metadata('long-name'),
        'pad-templates': templates,
        'properties': properties,
        'rank': ranks.get(rank, str(rank)),
        'signals': signals,
    }
    protocols = factory.get_uri_protocols()
    if protocols:
        entry['uri-protocols'] = list(protocols)
    enums = {spec.value_type.name: enum_values(spec.value_type)
             for spec in element.list_properties()
             if spec.owner_type in mine
             and spec.value_type.is_a(GObject.TYPE_ENUM)}
    order = [spec.name for spec in element.list_properties()
             if spec.owner_type in mine]
    return entry, {'enums': enums, 'statistics': statistics, 'order': order,
                   'type': gtype.name, 'pad-types': pad_types}


# --- pages --------------------------------------------------------------------


def paragraphs(*texts):
    return '\n\n'.join(t for t in texts if t)


def human_time(blurb, value):
    """Nanoseconds in the unit one thinks in."""
    if not re.search(r'nanosecond|\bns\b', blurb) or not value.isdigit():
        return ''
    ns = int(value)
    if ns == 0 or ns >= 2 ** 63 - 1:
        return ''
    for unit, size in (('s', 10 ** 9), ('ms', 10 ** 6), ('µs', 10 ** 3)):
        if ns % size == 0:
            return ' (%d %s)' % (ns // size, unit)
    return ''


LIMITS = {str(2 ** 64 - 1): '2^64 - 1', str(2 ** 63 - 1): '2^63 - 1',
          str(-2 ** 63): '-2^63', str(2 ** 32 - 1): '2^32 - 1',
          str(2 ** 31 - 1): '2^31 - 1', str(-2 ** 31): '-2^31'}

MUTABLE = {'null': 'in NULL or READY', 'ready': 'in NULL or READY',
           'paused': 'up to PAUSED', 'playing': 'in any state'}


def property_section(name, info, extra, block):
    notes, text = block or ({}, '')
    lines = ['- Type: `%s`' % info['type']]
    if 'min' in info and info['type'] not in ('gboolean', 'gchararray'):
        lines.append('- Range: %s to %s' % (
            LIMITS.get(info['min'], info['min']),
            LIMITS.get(info['max'], info['max'])))
    if 'default' in info:
        shown = info['default'] if info['default'] != '' else '""'
        lines.append('- Default: `%s`%s' % (
            shown, human_time(info['blurb'], info['default'])))
    if not info['writable']:
        lines.append('- Read-only')
    elif info['construct-only']:
        lines.append('- Can be set: on construction only')
    else:
        lines.append('- Can be set: ' + MUTABLE[info['mutable']])
    if info['writable'] and not info['readable']:
        lines.append('- Write-only')
    if info['controllable']:
        lines.append('- Controllable')
    if info['deprecated']:
        lines.append('- Deprecated')
    if 'since' in notes:
        lines.append('- Since: ' + notes['since'])
    values = extra['enums'].get(info['type'])
    table = ''
    if values:
        table = '\n'.join(['| value | nick | meaning |', '|---|---|---|'] + [
            '| %s | `%s` | %s |' % (v['value'], v['name'], v['desc'])
            for v in values])
    fields = extra['statistics'].get(name)
    if fields:
        table = '\n'.join(
            ['Fields of a new element:', '', '| field | type |', '|---|---|']
            + ['| `%s` | `%s` |' % field for field in fields])
    text = to_markdown(text)
    if not text:
        # the line that gst-inspect-1.0 shows
        text = info['blurb'][:1].upper() + info['blurb'][1:]
        if text and not text.endswith(('.', ')', '!', '?')):
            text += '.'
    return paragraphs('### `%s`' % name, text, '\n'.join(lines), table)


def signal_section(name, info, block):
    notes, text = block or ({}, '')
    names = [n for n in notes if n not in ('since', 'returns')]
    args = []
    for i, arg in enumerate(info['args']):
        # the first documented name is the element itself
        doc = names[i + 1] if len(names) > i + 1 else ''
        label = doc or arg['name']
        args.append('- `%s` `%s`%s' % (
            arg['type'], label,
            ': ' + to_markdown(notes[doc]) if doc and notes[doc] else ''))
    lines = args
    if info['return-type'] != 'void':
        lines.append('- Returns: `%s`' % info['return-type'])
    if info['action']:
        lines.append('- Action signal')
    if 'since' in notes:
        lines.append('- Since: ' + notes['since'])
    return paragraphs('### `%s`' % name, to_markdown(text), '\n'.join(lines))


def pad_section(name, info, extra, blocks):
    caps = info['caps'].replace('; ', '\n')
    sections = [
        '### `%s`' % name,
        '%s pad, %s.' % (info['direction'].capitalize(), info['presence']),
        '```\n%s\n```' % caps]
    if 'type' in info:
        properties = extra['pad-types'][info['type']]['properties']
        sections.append('Properties of the pad (`%s`):' % info['type'])
        sections += ['#' + property_section(
            n, i, extra, blocks.get('%s:%s' % (info['type'], n)))
            for n, i in properties.items()]
    return paragraphs(*sections)


def element_page(name, entry, extra, plugin, blocks):
    notes, text = blocks.get('SECTION:element-' + name, ({}, ''))
    intro, rest = split_intro(to_markdown(text))
    gtype = extra['type']
    details = [
        ('Plugin', '`%s`' % plugin),
        ('Class', entry['klass']),
        ('Rank', entry['rank']),
        ('Hierarchy', ' → '.join('`%s`' % t for t in reversed(
            entry['hierarchy']))),
        ('Interfaces', ', '.join('`%s`' % i for i in entry['interfaces'])),
        ('URIs', ', '.join('`%s://`' % p
                           for p in entry.get('uri-protocols', []))),
        ('Author', entry['author'].replace('<', '&lt;')),
        ('Since', notes.get('since', '')),
    ]
    table = '\n'.join(['| | |', '|---|---|'] + [
        '| %s | %s |' % d for d in details if d[1]])
    description = entry['description']
    if not description.endswith('.'):
        description += '.'
    sections = [NOTICE, '# ' + (notes.get('title') or name),
                '**%s.** %s' % (entry['long-name'], description), intro, table,
                '## Pads']
    sections += [pad_section(n, i, extra, blocks)
                 for n, i in entry['pad-templates'].items()]
    if entry['properties']:
        sections.append('## Properties')
        parent = entry['hierarchy'][1]
        sections.append('Those of `%s` come on top.' % parent)
        sections += [
            property_section(n, entry['properties'][n], extra,
                             blocks.get('%s:%s' % (gtype, n)))
            for n in extra['order']]
    if entry['signals']:
        sections.append('## Signals')
        sections += [signal_section(n, i, blocks.get('%s::%s' % (gtype, n)))
                     for n, i in entry['signals'].items()]
    sections.append(rest)
    return paragraphs(*sections) + '\n'


def index_page(elements):
    rows = ['| element | plugin | what it does |', '|---|---|---|']
    for name, plugin, entry in elements:
        rows.append('| [%s](%s.md) | `%s` | %s |' % (
            name, name, plugin, entry['description']))
    return paragraphs(NOTICE, '# Elements', '\n'.join(rows)) + '\n'


def generate(plugins, blocks):
    """name of the file -> its text"""
    files, cache, elements = {}, {}, []
    registry = Gst.Registry.get()
    for plugin in plugins:
        entries, other_types = {}, {}
        for factory in registry.get_feature_list_by_plugin(plugin.get_name()):
            if not isinstance(factory, Gst.ElementFactory):
                continue
            name = factory.get_name()
            entry, extra = describe_element(factory)
            entries[name] = entry
            elements.append((name, plugin.get_name(), entry))
            files[name + '.md'] = element_page(name, entry, extra,
                                               plugin.get_name(), blocks)
            for enum, values in extra['enums'].items():
                other_types[enum] = {'kind': 'enum', 'values': values}
            other_types.update(extra['pad-types'])
        filename = Path(plugin.get_filename()).name
        cache[plugin.get_name()] = {
            'description': plugin.get_description(),
            'elements': entries,
            'filename': re.sub(r'^lib|\.so$', '', filename),
            'license': plugin.get_license(),
            'other-types': other_types,
            'package': plugin.get_package(),
            'source': plugin.get_source(),
            'tracers': {},
            'url': plugin.get_origin(),
        }
    elements.sort()
    files['README.md'] = index_page(elements)
    files['gst_plugins_cache.json'] = json.dumps(
        cache, indent=4, sort_keys=True, ensure_ascii=False) + '\n'
    return files


# --- writing and comparing ----------------------------------------------------


def check(files, output):
    """Prints how the folder differs; True when it does not."""
    same = True
    present = {p.name for p in output.glob('*') if p.suffix in ('.md', '.json')}
    for name in sorted(present | set(files)):
        path = output / name
        old = path.read_text(encoding='utf-8') if name in present else ''
        new = files.get(name, '')
        if old != new:
            same = False
            sys.stdout.writelines(difflib.unified_diff(
                old.splitlines(True), new.splitlines(True),
                'committed/' + name, 'generated/' + name))
    if not same:
        print('\ngen-docs: docs/plugins is outdated; '
              'run scripts/gen-docs.py and commit the result', file=sys.stderr)
    return same


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--plugins', type=Path, default=ROOT / 'build' / 'gst',
                        help='folder of the built plugins (build/gst)')
    parser.add_argument('--source', type=Path, default=ROOT / 'gst',
                        help='folder of their sources (gst)')
    parser.add_argument('--output', type=Path, default=ROOT / 'docs/plugins')
    parser.add_argument('--check', action='store_true',
                        help='compare instead of writing')
    args = parser.parse_args()

    plugins, scratch = load_plugins(args.plugins)
    with scratch:
        if not plugins:
            print('gen-docs: no plugin in %s' % args.plugins, file=sys.stderr)
            return 77 if args.check else 1
        files = generate(plugins, read_blocks([args.source]))
    if args.check:
        return 0 if check(files, args.output) else 1
    args.output.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (args.output / name).write_text(text, encoding='utf-8')
    for path in args.output.glob('*.md'):
        if path.name not in files:
            path.unlink()
    return 0


if __name__ == '__main__':
    sys.exit(main())
