"""What the environment asks for."""

import os
import random

CASES = ['media', 'grant', 'closing', 'latency', 'growth', 'streams',
         'memory', 'instructions']


class Settings:
    def __init__(self):
        self.quick = os.environ.get('BENCH_QUICK', '') not in ('', '0')
        self.rounds = int(os.environ.get('BENCH_ROUNDS')
                          or (1 if self.quick else 6))
        self.seconds = int(os.environ.get('BENCH_SECONDS')
                           or (1 if self.quick else 2))
        self.seed = int(os.environ.get('BENCH_SEED')
                        or random.randrange(1 << 30))
        self.cases = (os.environ.get('BENCH_CASES') or ' '.join(CASES)).split()

        for case in self.cases:
            if case not in CASES:
                raise SystemExit('bench: there is no case %s, only: %s'
                                 % (case, ' '.join(CASES)))

    def rounds_of(self, most):
        """Fewer rounds for what takes long or varies little."""

        return min(self.rounds, most)

    def pick(self, full, quick):
        return quick if self.quick else full
