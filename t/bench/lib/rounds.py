"""Rounds: every case once in each, in an order that is drawn anew."""

import random

from stats import Estimate, median, paired


def spoken(name):
    return name if isinstance(name, str) else ', '.join(map(str, name))


class Rounds:
    def __init__(self, cases, n, seed, say):
        """"cases" are names and functions that run one and return numbers
        by name.  The order of a round is drawn, so that nothing that comes
        and goes on the machine hits the same case each time."""

        self.seen = {name: [] for name in cases}
        dice = random.Random(seed)

        for i in range(n):
            order = list(cases)
            dice.shuffle(order)

            for name in order:
                say('round %d of %d: %s' % (i + 1, n, spoken(name)))
                self.seen[name].append(cases[name]())

    def values(self, case, what):
        return [run[what] for run in self.seen[case]]

    def median(self, case, what):
        return median(self.values(case, what))

    def estimate(self, case, what):
        return Estimate(self.values(case, what))

    def ratio(self, case, base, what='rate'):
        return paired(self.values(case, what), self.values(base, what))

    def difference(self, case, base, what):
        return paired(self.values(case, what), self.values(base, what),
                      lambda value, other: value - other)
