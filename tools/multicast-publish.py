#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright (C) 2026 The gst-multicast authors
#
# Turns a description of channels into what makes them findable: DNS records
# and the file tree of a DORMS metadata server.
"""Writes the DNS records and the metadata server's files of channels.

  multicast-publish CHANNELS.ini FOLDER

FOLDER/dns/ZONE.records   to be included in a reverse zone
FOLDER/dns/ZONE.generic   the same for servers that do not know AMTRELAY
FOLDER/www/               what the metadata server serves
FOLDER/nginx.conf         how nginx has to serve it
FOLDER/metadata.json      all metadata in one document, for yanglint
"""

import argparse
import configparser
import datetime
import ipaddress
import json
import os
import pathlib
import re
import sys
import urllib.parse

SERVER_KEYS = {'host', 'port', 'root', 'max-age', 'ttl', 'zones'}
CHANNEL_KEYS = {
    'source', 'group', 'port', 'relay', 'relay-direct',
    'manifest', 'stream-id', 'hash', 'layer', 'data-hold-time',
    'digest-hold-time', 'expiration',
    'rate', 'max-packet-size', 'rate-window', 'priority',
}
STREAM_KEYS = CHANNEL_KEYS & {
    'stream-id', 'hash', 'layer', 'data-hold-time', 'digest-hold-time',
    'expiration'}
RATE_KEYS = {'max-packet-size', 'rate-window', 'priority'}

# Those that receivers have to understand.
HASHES = ('sha-256', 'sha-384', 'sha-512')
SCHEMES = ('https', 'ambi+tls', 'ambi+dtls')

MODULES = (
    ('ietf-dorms', '2025-09-15', 'implement'),
    ('ietf-ambi', '2021-07-08', 'implement'),
    ('ietf-cbacc', '2021-07-08', 'implement'),
    ('ietf-inet-types', '2013-07-15', 'import'),
    ('ietf-yang-types', '2013-07-15', 'import'),
    ('ietf-routing-types', '2017-12-04', 'import'),
    ('iana-hash-algs', '2020-03-08', 'import'),
)

AMTRELAY = 260


class Mistake(Exception):
    """Something in the description that cannot be published."""


# --- reading ------------------------------------------------------------------


class Section:
    """A section of the description, whose values know where they stand."""

    def __init__(self, name, values, known):
        self.name = name
        self.values = values
        for key in values:
            if key not in known:
                self.fail(key, 'no such key; there are '
                          + ', '.join(sorted(known)))

    def fail(self, key, what):
        raise Mistake(f'[{self.name}] {key}: {what}')

    def has(self, key):
        return key in self.values

    def text(self, key, default=None):
        value = self.values.get(key, '').strip()
        if not value:
            if default is None:
                self.fail(key, 'is missing')
            return default
        return value

    def items(self, key):
        return self.text(key, '').replace(',', ' ').split()

    def uris(self, key):
        # They may hold commas, but not end in one.
        return [item.rstrip(',') for item in self.text(key, '').split()]

    def number(self, key, low, high, default=None):
        text = self.text(key, default if default is None else str(default))
        if not re.fullmatch(r'[0-9]{1,10}', text) \
                or not low <= int(text) <= high:
            self.fail(key, f'"{text}" is no number from {low} to {high}')
        return int(text)

    def choice(self, key, choices, default):
        value = self.text(key, default)
        if value not in choices:
            self.fail(key, f'"{value}" is none of ' + ', '.join(choices))
        return value

    def address(self, key):
        text = self.text(key)
        try:
            address = ipaddress.ip_address(text)
        except ValueError:
            self.fail(key, f'"{text}" is no IP address')
        if '%' in text or getattr(address, 'ipv4_mapped', None):
            self.fail(key, f'"{text}" means something on one host only')
        return address


def is_sender(address):
    return not (address.is_multicast or address.is_unspecified
                or str(address) == '255.255.255.255')


def is_host(text):
    """A name, and no address that would pass for one."""
    label = r'[A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?'
    return len(text) <= 253 and re.fullmatch(rf'{label}(\.{label})*', text) \
        and not re.fullmatch(r'[0-9.]+', text)


def read_server(section):
    host = section.text('host').rstrip('.')
    if not is_host(host):
        section.fail('host', f'"{host}" is no host name, which SRV records and'
                     ' certificates need')
    root = section.text('root', '/restconf').rstrip('/')
    if not re.fullmatch(r'(/[A-Za-z0-9_~-][A-Za-z0-9._~-]*)+', root):
        section.fail('root', f'"{root}" is no path like /restconf')
    return {
        'host': host,
        'port': section.number('port', 1, 65535, 443),
        'root': root,
        'max-age': section.number('max-age', 10, 86400, 60),
        'ttl': section.number('ttl', 1, 604800, 300),
        'zones': [zone.rstrip('.').lower() for zone in section.items('zones')],
    }


def read_relay(section, item):
    """RELAY or PRECEDENCE@RELAY, which is an address, a name or none."""
    match = re.fullmatch(r'([0-9]{1,3})@(.+)', item)
    precedence = int(match[1]) if match else 10
    relay = match[2] if match else item
    direct = section.choice('relay-direct', ('yes', 'no'), 'no') == 'yes'
    if precedence > 255:
        section.fail('relay', f'{precedence} is no precedence from 0 to 255')
    if relay == 'none':
        return (precedence, 0, 0, '.')
    try:
        address = ipaddress.ip_address(relay)
    except ValueError:
        if not is_host(relay.rstrip('.')):
            section.fail('relay', f'"{relay}" is no address and no host name')
        return (precedence, int(direct), 3, relay.rstrip('.') + '.')
    if '%' in relay or getattr(address, 'ipv4_mapped', None) \
            or not is_sender(address):
        section.fail('relay', f'"{relay}" cannot be a relay')
    return (precedence, int(direct), 1 if address.version == 4 else 2,
            str(address))


def read_expiration(section):
    text = section.text('expiration')
    try:
        date = datetime.datetime.fromisoformat(re.sub('[Zz]$', '+00:00', text))
        if date.tzinfo is None:
            raise ValueError
        utc = date.astimezone(datetime.timezone.utc)
    except (ValueError, OverflowError):
        section.fail('expiration',
                     f'"{text}" is no date like 2027-01-01T00:00:00Z')
    return utc.strftime('%Y-%m-%dT%H:%M:%SZ').rjust(20, '0')


def read_relays(section):
    relays = [read_relay(section, item) for item in section.items('relay')]
    if not relays and section.has('relay-direct'):
        section.fail('relay-direct', 'is of no use without "relay"')
    return relays


def is_manifest_uri(text):
    if not re.fullmatch(r'[!-~]+', text) or re.search(r'["<>\\^`{|}]', text) \
            or re.search(r',[a-z+]+://', text):
        return False
    try:
        parts = urllib.parse.urlsplit(text)
        return text.startswith(tuple(f'{scheme}://' for scheme in SCHEMES)) \
            and bool(parts.hostname) and parts.port != 0
    except ValueError:                  # of the port, or of brackets
        return False


def read_stream(section):
    """The manifest stream of a channel, in the words of ietf-ambi."""
    uris = section.uris('manifest')
    if not uris:
        for key in sorted(STREAM_KEYS):
            if section.has(key):
                section.fail(key, 'is of no use without "manifest"')
        return None
    for uri in uris:
        if not is_manifest_uri(uri):
            section.fail('manifest', f'"{uri}" is no URI of '
                         + ', '.join(SCHEMES))
    stream = {
        'id': section.number('stream-id', 0, 2 ** 32 - 1),
        'manifest-stream': [{'uri': uri} for uri in dict.fromkeys(uris)],
        'hash-algorithm': section.choice('hash', HASHES, 'sha-256'),
    }
    for key in ('data-hold-time', 'digest-hold-time'):
        if section.has(key):
            stream[key] = section.number(key, 0, 60000)
    if section.has('expiration'):
        stream['expiration'] = read_expiration(section)
    return stream


def read_rate(section):
    """What a channel promises of its rate, in the words of ietf-cbacc."""
    if not section.has('rate'):
        for key in sorted(RATE_KEYS):
            if section.has(key):
                section.fail(key, 'is of no use without "rate"')
        return None
    rate = {'max-speed': section.number('rate', 1, 2 ** 32 - 1)}
    for key, leaf, high in (('max-packet-size', 'max-packet-size', 65535),
                            ('rate-window', 'data-rate-window', 2 ** 32 - 1),
                            ('priority', 'priority', 65535)):
        if section.has(key):
            rate[leaf] = section.number(key, 0 if leaf == 'priority' else 1,
                                        high)
    return rate


def read_channel(section):
    source, group = section.address('source'), section.address('group')
    if not is_sender(source):
        section.fail('source', f'{source} cannot send')
    if not group.is_multicast:
        section.fail('group', f'{group} is no multicast group')
    if source.version != group.version:
        section.fail('group', f'{group} and {source} are of two families')
    ssm = ipaddress.ip_network('232.0.0.0/8') if group.version == 4 else None
    if group not in ssm if ssm else not re.match(
            'ff3[0-9a-f]:0000:', group.exploded):
        print(f'multicast-publish: [{section.name}] group: {group} is outside'
              ' of 232.0.0.0/8 and ff3x::/32, which networks keep for such'
              ' channels', file=sys.stderr)
    return {
        'section': section,
        'source': source,
        'group': group,
        'port': section.number('port', 1, 65535),
        'relays': read_relays(section),
        'layer': section.choice('layer', ('udp', 'ip'), 'udp'),
        'stream': read_stream(section),
        'rate': read_rate(section),
    }


def read_description(path):
    parser = configparser.ConfigParser(
        interpolation=None, delimiters=('=',), comment_prefixes=('#', ';'),
        default_section='')
    with open(path, encoding='utf-8-sig') as file:
        parser.read_file(file)
    if 'server' not in parser:
        raise Mistake('there is no section [server]')
    server = read_server(Section('server', parser['server'], SERVER_KEYS))
    channels = []
    for name in parser.sections():
        if name.startswith('channel '):
            channels.append(read_channel(
                Section(name, parser[name], CHANNEL_KEYS)))
        elif name != 'server':
            raise Mistake(f'[{name}]: sections are called [server] or'
                          ' [channel NAME]')
    if not channels:
        raise Mistake('there is no section [channel NAME]')
    return server, channels


# --- metadata -----------------------------------------------------------------


def add_stream(parent, channel):
    stream = channel['stream']
    streams = parent.setdefault('ietf-ambi:ambi', {'manifest-stream': []})
    for other in streams['manifest-stream']:
        if other['id'] == stream['id'] and other != stream:
            channel['section'].fail('stream-id', f'{stream["id"]} stands for'
                                    ' two streams of this port')
    if stream not in streams['manifest-stream']:
        streams['manifest-stream'].append(stream)


def make_groups(channels):
    """(source, group) -> its entry; sections of one group are merged."""
    groups = {}
    for channel in channels:
        key = channel['source'], channel['group']
        group = groups.setdefault(key, {'address': str(channel['group']),
                                        'udp-stream': []})
        ports = [udp for udp in group['udp-stream']
                 if udp['port'] == channel['port']]
        udp = ports[0] if ports else {'port': channel['port']}
        if not ports:
            group['udp-stream'].append(udp)
        if channel['stream']:
            add_stream(udp if channel['layer'] == 'udp' else group, channel)
        if channel['rate']:
            if group.setdefault('ietf-cbacc:cbacc', channel['rate']) \
                    != channel['rate']:
                channel['section'].fail(
                    'rate', 'another section says something else of this'
                    ' group, whose ports share one promise')
    return groups


def make_modules_state():
    return {'ietf-yang-library:modules-state': {
        'module-set-id': '1',
        'module': [{
            'name': name,
            'revision': revision,
            'namespace': f'urn:ietf:params:xml:ns:yang:{name}',
            'conformance-type': kind,
        } for name, revision, kind in MODULES]}}


def make_document(groups):
    """All of the metadata in one, as the modules see it."""
    senders = {}
    for (source, _), entry in groups.items():
        senders.setdefault(str(source), []).append(entry)
    return {'ietf-dorms:dorms': {'metadata': {'sender': [
        {'address': address, 'group': entries}
        for address, entries in senders.items()]}}}


def make_json(document):
    return json.dumps(document, indent=1) + '\n'


def make_tree(server, groups):
    """Path below www -> text."""
    root = server['root'][1:]
    documents = {
        '.well-known/host-meta.json':
            {'links': [{'rel': 'restconf', 'href': server['root']}]},
        f'{root}/yang-library-version':
            {'ietf-restconf:yang-library-version': '2016-06-21'},
        f'{root}/data/ietf-yang-library:modules-state': make_modules_state(),
    }
    for (source, group), entry in groups.items():
        documents[f'{metadata_folder(server)}/sender={source}/group={group}'] \
            = {'ietf-dorms:group': [entry]}
    tree = {path: make_json(document) for path, document in documents.items()}
    tree['.well-known/host-meta'] = (
        "<?xml version='1.0' encoding='UTF-8'?>\n"
        "<XRD xmlns='http://docs.oasis-open.org/ns/xri/xrd-1.0'>\n"
        f" <Link rel='restconf' href='{server['root']}'/>\n"
        '</XRD>\n')
    return tree


def metadata_folder(server):
    return f'{server["root"][1:]}/data/ietf-dorms:dorms/metadata'


def make_nginx(server):
    header = f'add_header Cache-Control "max-age={server["max-age"]}";'
    locations = ''.join(
        f'location {where} {{\n'
        f'  types {{ }}\n  default_type {kind};\n  {header}\n}}\n'
        for where, kind in (
            (f'^~ {server["root"]}/', 'application/yang-data+json'),
            ('= /.well-known/host-meta.json', 'application/json'),
            ('= /.well-known/host-meta', 'application/xrd+xml')))
    return ('# For the server block of ' + server['host'] + ', whose "root"'
            ' is the folder www.\n' + locations)


# --- DNS ----------------------------------------------------------------------


def zone_of(server, source):
    name = source.reverse_pointer
    if not server['zones']:
        labels = name.split('.')
        return '.'.join(labels[1 if source.version == 4 else 16:])
    zones = [zone for zone in server['zones'] if name.endswith('.' + zone)]
    if not zones:
        raise Mistake(f'[server] zones: none of them holds {name}')
    return max(zones, key=len)


def relay_rdata(relay):
    """The octets of an AMTRELAY record (RFC 8777, section 4.2)."""
    precedence, direct, kind, target = relay
    head = bytes([precedence, direct << 7 | kind])
    if kind == 0:
        return head
    if kind in (1, 2):
        return head + ipaddress.ip_address(target).packed
    # The final root label is part of the name.
    return head + b''.join(bytes([len(label)]) + label.encode('ascii')
                           for label in target.split('.'))


def relays_of(source, channels):
    """Those of all its channels: the DNS does not know of groups."""
    relays = {}
    for channel in channels:
        for relay in channel['relays'] if channel['source'] == source else ():
            precedence, direct, kind, target = relay
            if relays.setdefault((precedence, kind, target), direct) != direct:
                channel['section'].fail(
                    'relay-direct', f'another section of {source} says'
                    f' something else of the relay {target}')
    return sorted((precedence, direct, kind, target)
                  for (precedence, kind, target), direct in relays.items())


def make_records(server, channels):
    """Zone -> lines, with each relay in both forms."""
    zones = {}
    for source in dict.fromkeys(channel['source'] for channel in channels):
        records = zones.setdefault(zone_of(server, source), [])
        name, ttl = source.reverse_pointer, server['ttl']
        for relay in relays_of(source, channels):
            rdata = relay_rdata(relay)
            records.append((
                f'{name}. {ttl} IN AMTRELAY '
                + ' '.join(str(field) for field in relay),
                f'{name}. {ttl} IN TYPE{AMTRELAY} \\# {len(rdata)} '
                + rdata.hex()))
        service = (f'_dorms._tcp.{name}. {ttl} IN SRV 0 0 {server["port"]} '
                   f'{server["host"]}.')
        records.append((service, service))
    return zones


def make_zones(server, channels):
    """File name below dns -> text."""
    files = {}
    for zone, records in make_records(server, channels).items():
        note = f'; to be included in the zone {zone}\n'
        for form, suffix in enumerate(('records', 'generic')):
            files[f'{zone}.{suffix}'] = note + ''.join(
                record[form] + '\n' for record in records)
    return files


# --- writing ------------------------------------------------------------------


def write(path, text):
    """At no moment is there half a file, or none."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.is_file() and path.read_text(encoding='utf-8') == text:
        return                          # and its ETag stays
    draft = path.with_name(f'.{path.name}.new')
    draft.write_text(text, encoding='utf-8')
    os.replace(draft, path)


def remove_others(folder, pattern, wanted):
    """What an earlier run wrote and this one does not is withdrawn."""
    for path in sorted(folder.glob(pattern)):
        if path.is_file() and path not in wanted:
            path.unlink()


def publish(server, channels, folder):
    www, dns = folder / 'www', folder / 'dns'
    groups = make_groups(channels)
    files = {www / path: text
             for path, text in make_tree(server, groups).items()}
    files[folder / 'metadata.json'] = make_json(make_document(groups))
    files.update({dns / name: text for name, text in make_zones(
        server, channels).items()})
    files[folder / 'nginx.conf'] = make_nginx(server)
    for path, text in files.items():
        write(path, text)
    remove_others(www / metadata_folder(server), 'sender=*/group=*', files)
    remove_others(dns, '*.arpa.records', files)
    remove_others(dns, '*.arpa.generic', files)


def main(words=None):
    arguments = argparse.ArgumentParser(
        prog='multicast-publish', description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument('description', metavar='CHANNELS.ini')
    arguments.add_argument('folder', metavar='FOLDER', type=pathlib.Path)
    options = arguments.parse_args(words)
    try:
        server, channels = read_description(options.description)
        publish(server, channels, options.folder)
    except (Mistake, configparser.Error, UnicodeDecodeError) as error:
        print(f'multicast-publish: {options.description}: {error}',
              file=sys.stderr)
        return 1
    except OSError as error:
        print(f'multicast-publish: {error}', file=sys.stderr)
        return 1
    return 0


if __name__ == '__main__':
    sys.exit(main())
