#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright (C) 2026 The gst-multicast authors
#
# What multicast-publish writes: our own search finds it, BIND loads it, nginx
# serves it, and descriptions with a mistake are refused by its name.

import contextlib
import http.client
import importlib.util
import io
import json
import os
import pathlib
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import unittest

PUBLISH = os.environ['MC_PUBLISH']
READ_TREE = os.environ['MC_READ_TREE']

specification = importlib.util.spec_from_file_location('publish', PUBLISH)
PROGRAM = importlib.util.module_from_spec(specification)
specification.loader.exec_module(PROGRAM)

SERVER = '''
[server]
host = dorms.example.com
root = /top/restconf
'''

NEWS = '''
[channel news]
source = 198.51.100.10
group = 232.10.10.1
port = 5001
relay = 203.0.113.15, 20@amtrelays.example.com
manifest = https://manifests.example.com/s1.ambi
  ambi+tls://manifests.example.com:9001
stream-id = 1
data-hold-time = 1000
digest-hold-time = 5000
expiration = 2027-01-01T01:00:00+01:00
rate = 12000
max-packet-size = 1344
rate-window = 1000
priority = 300

[channel news, the next stream]
source = 198.51.100.10
group = 232.10.10.1
port = 5001
manifest = https://manifests.example.com/s2.ambi
stream-id = 2
hash = sha-384
'''

SIX = '''
[channel six]
source = 2001:DB8::A
group = ff3e:0::8000:1
port = 5001
relay = 2001:db8::15
relay-direct = yes
layer = ip
manifest = https://manifests.example.com/v6.ambi,
  ambi+dtls://manifests.example.com:9002
stream-id = 4294967295
hash = sha-512
rate = 8000
priority = 65535
'''

PLAIN = '''
[channel plain]
source = 198.51.100.10
group = 232.10.10.2
port = 5002
relay = 0@none
'''

TREE = '/top/restconf/data/ietf-dorms:dorms/metadata'
WALK = ['asked /.well-known/host-meta.json',
        'asked /top/restconf/yang-library-version',
        'asked /top/restconf/data/ietf-yang-library:modules-state']


class Publish(unittest.TestCase):
    def setUp(self):
        self.temporary = tempfile.TemporaryDirectory()
        self.addCleanup(self.temporary.cleanup)
        self.folder = pathlib.Path(self.temporary.name)
        self.out = self.folder / 'out'

    def run_publish(self, text):
        """Exit status and messages of the program, run in here for speed."""
        description = self.folder / 'channels.ini'
        description.write_text(text, encoding='utf-8')
        messages = io.StringIO()
        with contextlib.redirect_stderr(messages):
            status = PROGRAM.main([str(description), str(self.out)])
        return status, messages.getvalue()

    def publish(self, text):
        self.assertEqual(self.run_publish(text), (0, ''))

    def test_program(self):
        description = self.folder / 'channels.ini'
        for text, status in ((SERVER + PLAIN, 0), (SERVER, 1)):
            description.write_text(text, encoding='utf-8')
            done = subprocess.run(
                [sys.executable, PUBLISH, str(description), str(self.out)],
                check=False, capture_output=True, text=True)
            self.assertEqual(done.returncode, status)
            self.assertEqual(bool(done.stderr), status != 0)

    def look_up(self, source, group):
        return subprocess.run(
            [READ_TREE, str(self.out / 'www'), 'dorms.example.com', source,
             group], stdout=subprocess.PIPE, text=True,
            check=True).stdout.splitlines()

    def records(self, name):
        text = (self.out / 'dns' / name).read_text(encoding='utf-8')
        return [line for line in text.splitlines() if line[0] != ';']

    def test_read_back(self):
        self.publish(SERVER + NEWS + SIX + PLAIN)
        self.assertEqual(self.look_up('198.51.100.10', '232.10.10.1'), WALK + [
            f'asked {TREE}/sender=198.51.100.10/group=232.10.10.1',
            'port 5001',
            'stream udp 5001 1 sha-256 1000 5000 1798761600'
            ' https://manifests.example.com/s1.ambi'
            ' ambi+tls://manifests.example.com:9001',
            'stream udp 5001 2 sha-384 2000 10000 -1'
            ' https://manifests.example.com/s2.ambi',
            'rate 12000000 1344 1000 300'])
        self.assertEqual(self.look_up('2001:db8::a', 'ff3e::8000:1'), WALK + [
            f'asked {TREE}/sender=2001%3Adb8%3A%3Aa/group=ff3e%3A%3A8000%3A1',
            'port 5001',
            'stream ip -1 4294967295 sha-512 2000 10000 -1'
            ' https://manifests.example.com/v6.ambi'
            ' ambi+dtls://manifests.example.com:9002',
            'rate 8000000 1400 2000 65535'])
        self.assertEqual(self.look_up('198.51.100.10', '232.10.10.2')[4:],
                         ['port 5002'])
        self.assertEqual(self.look_up('198.51.100.10', '232.10.10.3')[-1],
                         'error no-metadata')

    def test_document(self):
        self.publish(SERVER + NEWS + SIX + PLAIN)
        document = json.loads((self.out / 'metadata.json').read_text(
            encoding='utf-8'))
        found = {}
        for sender in document['ietf-dorms:dorms']['metadata']['sender']:
            for group in sender['group']:
                found[f'sender={sender["address"]}/'
                      f'group={group["address"]}'] = group
        served = self.out / ('www' + TREE)
        self.assertEqual(
            {str(path.relative_to(served)): json.loads(path.read_text(
                encoding='utf-8'))['ietf-dorms:group']
             for path in served.glob('*/*')},
            {path: [group] for path, group in found.items()})
        self.assertEqual(len(found), 3)

    def test_lists(self):
        """Spaces, commas and lines part what is in a list."""
        self.publish('\ufeff' + SERVER + PLAIN.replace(
            '0@none', '192.0.2.1,192.0.2.2 192.0.2.3,\n  192.0.2.4'))
        records = self.records('100.51.198.in-addr.arpa.records')
        self.assertEqual([line.split()[-1] for line in records[:-1]],
                         [f'192.0.2.{i}' for i in (1, 2, 3, 4)])

    def test_xrd(self):
        self.publish(SERVER + PLAIN)
        (self.out / 'www/.well-known/host-meta.json').unlink()
        lines = self.look_up('198.51.100.10', '232.10.10.2')
        self.assertEqual(lines[1], 'asked /.well-known/host-meta')
        self.assertEqual(lines[-1], 'port 5002')

    def test_records(self):
        self.publish(SERVER + 'port = 8443\nttl = 60\n' + NEWS + SIX + PLAIN)
        name = '10.100.51.198.in-addr.arpa.'
        service = f'_dorms._tcp.{name} 60 IN SRV 0 0 8443 dorms.example.com.'
        self.assertEqual(self.records('100.51.198.in-addr.arpa.records'), [
            f'{name} 60 IN AMTRELAY 0 0 0 .',
            f'{name} 60 IN AMTRELAY 10 0 1 203.0.113.15',
            f'{name} 60 IN AMTRELAY 20 0 3 amtrelays.example.com.', service])
        self.assertEqual(self.records('100.51.198.in-addr.arpa.generic'), [
            f'{name} 60 IN TYPE260 \\# 2 0000',
            f'{name} 60 IN TYPE260 \\# 6 0a01cb00710f',
            f'{name} 60 IN TYPE260 \\# 25'
            ' 140309616d7472656c617973076578616d706c6503636f6d00', service])
        name = 'a' + '.0' * 15
        zone = '.0' * 7 + '.0.8.b.d.0.1.0.0.2.ip6.arpa'
        records = self.records(zone[1:] + '.records')
        self.assertEqual(records[0], f'{name}{zone}. 60 IN AMTRELAY 10 1 2'
                         ' 2001:db8::15')
        self.assertEqual(self.records(zone[1:] + '.generic')[0],
                         f'{name}{zone}. 60 IN TYPE260 \\# 18'
                         ' 0a8220010db8000000000000000000000015')

    @unittest.skipUnless(shutil.which('named-checkzone'),
                         'no named-checkzone here')
    def test_zones(self):
        self.publish(SERVER + 'zones = 51.198.in-addr.arpa.'
                     ' 8.b.d.0.1.0.0.2.ip6.arpa\n' + NEWS + SIX + PLAIN)
        files = sorted((self.out / 'dns').iterdir())
        self.assertEqual([file.name for file in files], [
            '51.198.in-addr.arpa.generic', '51.198.in-addr.arpa.records',
            '8.b.d.0.1.0.0.2.ip6.arpa.generic',
            '8.b.d.0.1.0.0.2.ip6.arpa.records'])
        dumps = []
        for file in files:
            zone = self.folder / 'zone'
            zone.write_text(
                '$TTL 60\n@ SOA ns.example. admin.example. 1 60 60 60 60\n'
                f'@ NS ns.example.\n$INCLUDE {file}\n', encoding='utf-8')
            done = subprocess.run(
                ['named-checkzone', '-i', 'none', '-D', file.stem, str(zone)],
                capture_output=True, text=True, check=False)
            self.assertEqual(done.returncode, 0, done.stderr)
            dumps.append(done.stdout)
        # Both forms are the same records.
        self.assertEqual(dumps[0], dumps[1])
        self.assertEqual(dumps[2], dumps[3])
        self.assertIn('AMTRELAY\t20 0 3 amtrelays.example.com.', dumps[0])

    @unittest.skipUnless(shutil.which('nginx'), 'no nginx here')
    def test_nginx(self):
        self.publish(SERVER + SIX)
        process = self.start_nginx()
        try:
            for path, kind in (
                    ('/.well-known/host-meta.json', 'application/json'),
                    ('/.well-known/host-meta', 'application/xrd+xml'),
                    ('/top/restconf/yang-library-version',
                     'application/yang-data+json'),
                    (f'{TREE}/sender=2001%3Adb8%3A%3Aa'
                     '/group=ff3e%3A%3A8000%3A1',
                     'application/yang-data+json')):
                answer = self.get(path)
                self.assertEqual(answer.status, 200, path)
                self.assertEqual(answer.headers['Content-Type'], kind)
                self.assertEqual(answer.headers['Cache-Control'],
                                 'max-age=60')
                self.assertTrue(answer.headers['ETag'])
            self.assertEqual(self.get(f'{TREE}/sender=x/group=y').status, 404)
        finally:
            process.terminate()
            process.communicate()

    def start_nginx(self):
        config = self.folder / 'test.conf'
        temporary = ''.join(f'{name}_temp_path tmp; ' for name in (
            'client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'))
        config.write_text(
            'daemon off; master_process off; pid pid; error_log stderr;\n'
            'events { }\nhttp { access_log off; ' + temporary + '\n'
            f' server {{ listen unix:{self.folder}/socket; root out/www;'
            ' include out/nginx.conf; } }\n', encoding='utf-8')
        process = subprocess.Popen(
            ['nginx', '-p', str(self.folder), '-c', str(config), '-e',
             'stderr'], stderr=subprocess.PIPE, text=True)
        deadline = time.monotonic() + 10
        while process.poll() is None and time.monotonic() < deadline:
            try:
                self.connect().close()
                return process
            except OSError:
                time.sleep(0.01)
        process.kill()
        return self.fail(process.communicate()[1])

    def connect(self):
        connection = socket.socket(socket.AF_UNIX)
        try:
            connection.connect(str(self.folder / 'socket'))
        except OSError:
            connection.close()
            raise
        return connection

    def get(self, path):
        client = http.client.HTTPConnection('dorms.example.com')
        client.sock = self.connect()
        try:
            client.request('GET', path)
            answer = client.getresponse()
            answer.read()
            return answer
        finally:
            client.close()

    def test_again(self):
        """Files that say the same stay, those of lost channels go."""
        self.publish(SERVER + NEWS + PLAIN + SIX)
        kept = self.out / ('www' + TREE) / 'sender=198.51.100.10'
        (self.out / 'dns/my.zone').write_text('', encoding='utf-8')
        before = (kept / 'group=232.10.10.2').stat()
        self.publish(SERVER + PLAIN)
        after = (kept / 'group=232.10.10.2').stat()
        self.assertEqual((before.st_ino, before.st_mtime_ns),
                         (after.st_ino, after.st_mtime_ns))
        self.assertEqual([path.name for path in kept.iterdir()],
                         ['group=232.10.10.2'])
        self.assertEqual(self.look_up('2001:db8::a', 'ff3e::8000:1')[-1],
                         'error no-metadata')
        self.assertEqual(sorted(path.name for path
                                in (self.out / 'dns').iterdir()),
                         ['100.51.198.in-addr.arpa.generic',
                          '100.51.198.in-addr.arpa.records', 'my.zone'])

    def test_warning(self):
        status, messages = self.run_publish(
            SERVER + PLAIN.replace('232.', '239.'))
        self.assertEqual(status, 0)
        self.assertIn('[channel plain] group: 239.10.10.2', messages)
        self.publish(SERVER + SIX)

    def test_mistakes(self):
        plain = SERVER + PLAIN
        for text, words in (
                ('', 'no section [server]'),
                (SERVER, 'no section [channel NAME]'),
                (PLAIN, 'no section [server]'),
                ('x\n', 'no section headers'),
                (plain + '[other]\n', '[other]'),
                (plain + PLAIN, "section 'channel plain' already exists"),
                (plain + 'colour = red\n', '[channel plain] colour:'),
                (plain.replace('dorms.', 'dorms_.').replace('.com', '..com'),
                 '[server] host:'),
                (SERVER.replace('host = dorms.example.com', '') + PLAIN,
                 '[server] host: is missing'),
                (plain.replace('/top/', '/../'), '[server] root:'),
                (plain.replace('/top/restconf', 'https://x/'),
                 '[server] root:'),
                (SERVER + 'zones = 192.in-addr.arpa\n' + PLAIN,
                 '[server] zones:'),
                (plain.replace('5002', '65536'), 'port: "65536"'),
                (plain.replace('5002', '-1'), 'port: "-1"'),
                (plain.replace('198.51.100.10', '232.1.1.1'), 'source:'),
                (plain.replace('198.51.100.10', '198.51.100.256'), 'source:'),
                (plain.replace('198.51.100.10', 'fe80::1%eth0'), 'source:'),
                (plain.replace('198.51.100.10', '::ffff:192.0.2.1'),
                 'source:'),
                (plain.replace('232.10.10.2', '192.0.2.1'), 'group:'),
                (plain.replace('232.10.10.2', 'ff3e::1'), 'group:'),
                (plain.replace('0@none', '256@192.0.2.1'), 'relay:'),
                (plain.replace('0@none', 'a/b'), 'relay:'),
                (plain.replace('0@none', '192.0.2'), 'relay:'),
                (plain.replace('0@none', '232.1.1.1'), 'relay:'),
                (plain.replace('0@none', '255.255.255.255'), 'relay:'),
                (plain.replace('0@none', '::ffff:192.0.2.1'), 'relay:'),
                (plain.replace('198.51.100.10', '255.255.255.255'),
                 'source:'),
                (plain.replace('dorms.example.com', '198.51.100.1'),
                 '[server] host: "198.51.100.1" is no host name'),
                (plain.replace('relay = 0@none', 'relay-direct = yes'),
                 'relay-direct:'),
                (SERVER + NEWS + PLAIN.replace('0@none', '203.0.113.15')
                 + 'relay-direct = yes\n',
                 '[channel plain] relay-direct: another section'),
                (plain + 'stream-id = 1\nmanifest = https://a/,https://b/\n',
                 'manifest:'),
                (plain + 'stream-id = 1\nmanifest = https://a:65536/\n',
                 'manifest:'),
                (plain + 'stream-id = 1\nmanifest = https://[::1/\n',
                 'manifest:'),
                (plain + 'stream-id = 1\n', 'stream-id:'),
                (plain + 'priority = 1\n', 'priority:'),
                (plain + 'manifest = https://a/\n', 'stream-id: is missing'),
                (plain + 'stream-id = 1\nmanifest = http://a/\n',
                 'manifest: "http://a/"'),
                (plain + 'stream-id = 1\nmanifest = https:///a\n',
                 'manifest:'),
                (SERVER + NEWS.replace('sha-384', 'md5'), 'hash: "md5"'),
                (SERVER + NEWS.replace('+01:00', ''), 'expiration:'),
                (SERVER + NEWS.replace('stream-id = 2', 'stream-id = 1'),
                 'stream-id: 1'),
                (SERVER + NEWS + 'rate = 1\n', 'rate: another section')):
            status, messages = self.run_publish(text)
            self.assertEqual(status, 1, text)
            self.assertIn(words, messages)
            self.assertFalse(self.out.exists(), text)


if __name__ == '__main__':
    unittest.main()
