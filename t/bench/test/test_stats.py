"""The statistics of the bench, by cases whose answer is known."""

import random
import unittest

from stats import Estimate, interval, median, paired, percentile


class Stats(unittest.TestCase):
    def test_median_of_odd_and_even(self):
        self.assertEqual(median([5, 1, 3]), 3)
        self.assertEqual(median([4, 1, 3, 2]), 2.5)

    def test_nothing_has_no_median(self):
        self.assertRaises(ValueError, median, [])
        self.assertRaises(ValueError, percentile, [], 0.5)

    def test_percentile_is_one_of_the_values(self):
        values = list(range(100, 0, -1))
        self.assertEqual(percentile(values, 0), 1)
        self.assertEqual(percentile(values, 0.99), 100)
        self.assertEqual(percentile(values, 1), 100)

    def test_same_values_leave_no_doubt(self):
        self.assertEqual(interval([7] * 6), (7, 7))

    def test_one_value_is_its_own_interval(self):
        self.assertEqual(interval([3]), (3, 3))

    def test_interval_is_the_same_every_time(self):
        values = [1.0, 1.2, 0.9, 1.1, 1.4]
        self.assertEqual(interval(values), interval(values))

    def test_interval_is_within_the_values_and_around_the_median(self):
        seen = Estimate([1.0, 1.2, 0.9, 1.1, 1.4, 1.05, 0.95])
        self.assertLess(seen.low, seen.median)
        self.assertGreater(seen.high, seen.median)
        self.assertGreaterEqual(seen.low, 0.9)
        self.assertLessEqual(seen.high, 1.4)

    def test_interval_holds_the_truth_most_of_the_time(self):
        dice = random.Random(1)
        hits = 0

        for _ in range(100):
            low, high = interval([dice.gauss(10, 1) for _ in range(9)])
            hits += low <= 10 <= high

        self.assertGreaterEqual(hits, 88)

    def test_pairs_cancel_what_a_round_has_in_common(self):
        base = [100, 50, 200, 80]
        seen = paired([0.7 * value for value in base], base)
        self.assertAlmostEqual(seen.median, 0.7)
        self.assertAlmostEqual(seen.high - seen.low, 0)

    def test_pairs_of_differences(self):
        seen = paired([5, 7], [4, 5], lambda value, other: value - other)
        self.assertEqual(seen.median, 1.5)

    def test_pairs_need_the_same_rounds(self):
        self.assertRaises(ValueError, paired, [1], [1, 2])
