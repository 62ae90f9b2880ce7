"""Processes: started on a core, counted, and gone when the bench is."""

import ctypes
import os
import resource
import signal
import socket
import subprocess
import time

EDGE_CORES = {0}                    # the nginx that is measured
OTHER_CORES = set(os.sched_getaffinity(0)) - EDGE_CORES

LIBC = ctypes.CDLL(None)
PR_SET_PDEATHSIG = 1

running = []


def child(cores):
    """Runs in a child before its program does: it gets its core, may hold
    many connections, and goes when we go, however that may be."""

    def prepare():
        LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
        os.sched_setaffinity(0, cores)

    return prepare


def raise_limits(files=65536):
    """How many files each of us may have open from now on."""

    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]

    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (files, max(files, hard)))
    except (ValueError, PermissionError):
        files = min(files, hard)            # only root may raise it
        resource.setrlimit(resource.RLIMIT_NOFILE, (files, hard))

    return files


def free_port():
    with socket.socket() as probe:
        probe.bind(('127.0.0.1', 0))
        return probe.getsockname()[1]


class Process:
    """A server of the bench.  "log" gets what it says."""

    def __init__(self, name, command, log, cores=OTHER_CORES, env=None):
        self.name = name
        self.log = log
        self.popen = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=open(log, 'ab'),
            stderr=subprocess.STDOUT, preexec_fn=child(cores),
            env=dict(os.environ, **(env or {})))
        running.append(self)

    @property
    def pid(self):
        return self.popen.pid

    def cpu(self):
        """Seconds of processor time so far, of all threads."""

        return cpu_of(self.pid)

    def wait_for(self, port):
        for _ in range(200):
            if self.popen.poll() is not None:
                break

            try:
                socket.create_connection(('127.0.0.1', port)).close()
                return
            except ConnectionRefusedError:
                time.sleep(0.05)

        raise SystemExit('bench: %s did not start, see %s'
                         % (self.name, self.log))

    def stop(self):
        if self in running:
            running.remove(self)

        if self.popen.poll() is None:
            self.popen.terminate()

            try:
                self.popen.wait(10)
            except subprocess.TimeoutExpired:
                self.popen.kill()
                self.popen.wait()


def stop_all():
    for process in list(reversed(running)):
        process.stop()


def cpu_of(pid):
    total = 0

    for thread in os.listdir('/proc/%d/task' % pid):
        with open('/proc/%d/task/%s/schedstat' % (pid, thread)) as file:
            total += int(file.read().split()[0])

    return total / 1e9


def memory_of(pid):
    """(private, shared) resident bytes; nginx' zones are the shared ones"""

    with open('/proc/%d/status' % pid) as file:
        lines = dict(line.split(':', 1) for line in file)

    return tuple(int(lines[name].split()[0]) * 1024
                 for name in ('RssAnon', 'RssShmem'))


def children_of(pid):
    with open('/proc/%d/task/%d/children' % (pid, pid)) as file:
        return [int(word) for word in file.read().split()]


def run(command, cores=OTHER_CORES, timeout=300, **more):
    """A program's output.  It is an error if it fails."""

    done = subprocess.run(command, stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          preexec_fn=child(cores), timeout=timeout, text=True,
                          **more)

    if done.returncode != 0:
        raise SystemExit('bench: %s failed:\n%s%s'
                         % (' '.join(command[:8]), done.stdout, done.stderr))

    return done.stdout


class Foreign:
    """How much processor time others had: what the machine was busy with,
    less our own, and what a host took of its guest.  Interrupts are the
    network's and not counted."""

    def __init__(self):
        self.begin = self._now()

    def shares(self):
        busy, own, stolen, at = (now - then for now, then
                                 in zip(self._now(), self.begin))
        return {'foreign': (busy - own) / at, 'stolen': stolen / at}

    def _now(self):
        with open('/proc/stat') as file:
            user, nice, system, *_, stolen, _, _ = (
                int(word) for word in file.readline().split()[1:])

        own = sum(cpu_of(pid) for process in running
                  for pid in [process.pid] + children_of(process.pid))

        for who in resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN:
            usage = resource.getrusage(who)
            own += usage.ru_utime + usage.ru_stime

        tick = os.sysconf('SC_CLK_TCK')

        return ((user + nice + system) / tick, own, stolen / tick,
                time.monotonic())
