"""Medians, ratios of paired runs, and how sure they are."""

import random

RESAMPLES = 2000
SEED = 5                            # the same data give the same interval


def median(values):
    ordered = sorted(values)
    middle = len(ordered) // 2

    if not ordered:
        raise ValueError('no values')

    if len(ordered) % 2:
        return ordered[middle]

    return (ordered[middle - 1] + ordered[middle]) / 2


def percentile(values, share):
    """The value that "share" of the values do not exceed (nearest rank)."""

    ordered = sorted(values)

    if not ordered:
        raise ValueError('no values')

    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def interval(values):
    """The 95 % bootstrap interval of the median: what the medians of as many
    values, drawn from these with repetition, lie between."""

    dice = random.Random(SEED)
    medians = [median(dice.choices(values, k=len(values)))
               for _ in range(RESAMPLES)]

    return percentile(medians, 0.025), percentile(medians, 0.975)


class Estimate:
    """A median over rounds with its interval."""

    def __init__(self, values):
        self.median = median(values)
        self.low, self.high = interval(values)
        self.n = len(values)

    def text(self, digits=2):
        return '%.*f [%.*f–%.*f]' % (digits, self.median, digits, self.low,
                                     digits, self.high)


def paired(values, base, how=lambda value, other: value / other):
    """What each value is to the base of the same round.  Rounds share what
    the machine does meanwhile, so pairs are surer than two medians."""

    if len(values) != len(base):
        raise ValueError('not the same rounds')

    return Estimate([how(value, other) for value, other in zip(values, base)])
