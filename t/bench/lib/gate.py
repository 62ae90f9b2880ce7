"""Before anything is measured: does each peer judge?  One that is fast
because it lets everybody in would make fools of us."""

import http.client

from world import call, session, sid, tenant

USER, OTHER = 0, 1


def status(edge, path, who):
    client = http.client.HTTPConnection('127.0.0.1', edge.port, timeout=5)
    client.request('GET', path, headers={
        'Cookie': 'theme=dark; aidial_session=' + who})
    answer = client.getresponse()
    answer.read()
    client.close()
    return answer.status


class Gate:
    def __init__(self, redis, edge, line):
        self.redis, self.edge = redis.client, edge
        self.path, self.sid = line.split()

    def expect(self, what, wanted, path=None, who=None):
        seen = status(self.edge, path or self.path, who or self.sid)

        if seen not in wanted:
            raise SystemExit('bench: %s: %s is answered %d'
                             % (self.edge.name, what, seen))

    def judges(self):
        """One whose requests are judged by session, records and grant."""

        self.expect('the user', [200])
        self.expect('nobody', [401], who='nobody')
        self.expect('another user', [403, 404], who=sid(OTHER))
        self.expect('a forged token', [403, 404], path=forged(self.path))

        self.withdrawn('consent', 'aidial:call:small-%d' % USER,
                       call(USER, 'small', 256).replace('granted', 'denied'))
        self.withdrawn('role', 'aidial:session:' + self.sid,
                       session(USER).replace('manager', 'nobody'))
        self.withdrawn('session', 'aidial:revoked-before:%s:u_%d'
                       % (tenant(USER), USER), '99999999999')
        self.expect('the user again', [200])

    def withdrawn(self, what, key, record):
        before = self.redis.ask('GET', key)
        self.redis.ask('SET', key, record)
        self.expect('a withdrawn ' + what, [401, 403])

        if before is None:
            self.redis.ask('DEL', key)
        else:
            self.redis.ask('SET', key, before)

    def checks_signature(self):
        """One that looks at the link alone."""

        self.expect('the user', [200])
        self.expect('a forged link', [403], path=self.path.replace(
            'md5=', 'md5=x'))


def forged(path):
    """another octet in the middle of the signature"""

    at = len(path) - 20
    return path[:at] + ('A' if path[at] != 'A' else 'B') + path[at + 1:]
