"""What a portal writes, and the grants that its users ask for."""

import hashlib
import json
import socket
import time

from servers import LARGE, SMALL

TENANTS = 10
BATCH = 100                         # grants that are asked for at once
BODY = {'playback': '{"action": "playback"}',
        'download': '{"action": "download", "confirm": true}'}


def sid(i):
    return hashlib.sha256(b'%d' % i).hexdigest()[:32]


def tenant(i):
    return 't_%d' % (i % TENANTS)


def session(i, pad=''):
    now = int(time.time())
    return ('{"user_id":"u_%d","role":"client_manager","tenant_id":"%s",'
            '"client_id":"cl_1","project_ids":["p_1","p_2"],'
            '"expires_at":%d,"created_at":%d%s}'
            % (i, tenant(i), now + 86400, now - 60, pad))


def call(i, name, size, pad=''):
    return ('{"tenant_id":"%s","client_id":"cl_1","project_id":"p_1",'
            '"consent":"granted","playback_compliance":"permitted",'
            '"media":{"status":"available","object":"/%s.mp3",'
            '"content_type":"audio/mpeg","size_bytes":%d,'
            '"duration_seconds":183.4,"filename":"call-%d.mp3"}%s}'
            % (tenant(i), name, size, i, pad))


def padding(record, size):
    """A member that is ignored and brings the record to that many bytes."""

    short = size - len(record) - len(',"notes":""')
    return ',"notes":"%s"' % ('x' * max(short, 0))


class World:
    """Users 0 to n-1, each with a session and calls "small-i", and "large-i"
    if these are wanted.  "size" brings records to that many bytes."""

    def __init__(self, redis, users, large=True, size=0):
        self.redis, self.users, self.size = redis, users, size
        self.objects = {'small': SMALL}

        if large:
            self.objects['large'] = LARGE

        self.write()

    def write(self):
        self.redis.client.all(self._commands())

    def _commands(self):
        for i in range(TENANTS):
            yield ('SET', 'aidial:tenant:t_%d' % i,
                   '{"staff_playback":true,"recording_download":true}')

        for i in range(self.users):
            yield 'SET', 'aidial:session:' + sid(i), self._sized(session, i)

            for name, size in self.objects.items():
                yield ('SET', 'aidial:call:%s-%d' % (name, i),
                       self._sized(call, i, name, size))

    def _sized(self, make, *words):
        record = make(*words)
        return make(*words, padding(record, self.size)) if self.size \
            else record

    def grants(self, edge, name, users, action='playback', each=1):
        """The lines "path sid" of a grant for each of the users, which the
        edge's own grant location issues."""

        asked = [(name, i) for i in users for _ in range(each)]
        lines = []

        for at in range(0, len(asked), BATCH):
            lines += issue(edge, asked[at:at + BATCH], action)

        return lines


def issue(edge, asked, action):
    """Grants that are asked for in one pipeline."""

    body = BODY[action]
    client = socket.create_connection(('127.0.0.1', edge.port))
    client.sendall(''.join(
        'POST /api/calls/%s-%d/recording/grant HTTP/1.1\r\n'
        'Host: portal.example.com\r\nSec-Fetch-Site: same-origin\r\n'
        'Cookie: aidial_session=%s\r\nContent-Type: application/json\r\n'
        'Content-Length: %d\r\n\r\n%s' % (name, i, sid(i), len(body), body)
        for name, i in asked).encode())

    with client, client.makefile('rb') as answers:
        return ['%s %s' % (url(edge, answers), sid(i)) for _, i in asked]


def url(edge, answers):
    status, length = answers.readline(), 0

    for line in iter(answers.readline, b'\r\n'):
        name, _, value = line.partition(b':')

        if name.lower() == b'content-length':
            length = int(value)

    text = answers.read(length)

    if b' 201 ' not in status:
        raise SystemExit('bench: no grant from %s: %s%s' % (
            edge.name, status.decode(), text.decode()))

    return json.loads(text)['url']
