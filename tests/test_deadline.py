"""What is asked for with patience comes, or holds nobody up."""

from __future__ import annotations

import time

from switchyard.deadline import within


def test_a_result_comes():
    assert within(10, lambda: 5) == 5


def test_what_fails_is_none():
    assert within(10, lambda: 1 / 0) is None


def test_what_takes_too_long_is_none_and_waited_for_no_longer():
    began = time.monotonic()
    assert within(0.1, lambda: time.sleep(30)) is None
    assert time.monotonic() - began < 20
