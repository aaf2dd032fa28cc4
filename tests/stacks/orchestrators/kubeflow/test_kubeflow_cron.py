"""Five fields in, six out; and an error that names the field."""

from __future__ import annotations

import pytest

from stacks.orchestrators.kubeflow.cron import five_fields, kfp_cron
from switchyard.errors import InputError


@pytest.mark.parametrize(
    ("written", "sent"),
    [
        ("0 6 * * 1-5", "0 0 6 * * 1-5"),
        ("*/15 * * * *", "0 */15 * * * *"),
        ("30 4 1,15 jan-mar mon", "0 30 4 1,15 1-3 1"),
        ("0 0 * * 7", "0 0 0 * * 0"),
        ("0 0 * * 5-7", "0 0 0 * * 0,5,6"),
        ("0 0 * * 1-7/2", "0 0 0 * * 0,1,3,5"),
        ("0 8-18/2 * * ?", "0 0 8-18/2 * * ?"),
        ("7 7 7 7 *", "0 7 7 7 7 *"),
        ("0 5-7 * * *", "0 0 5-7 * * *"),
    ],
)
def test_the_seconds_are_put_in_front(written, sent):
    assert kfp_cron(written) == sent


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("0 6 * *", "has 4 fields"),
        ("0 0 6 * * 1", "the seconds, is added for you"),
        ("60 6 * * *", "'60' as minute; allowed are 0 to 59"),
        ("0 24 * * *", "'24' as hour"),
        ("0 0 0 * *", "'0' as day of month"),
        ("0 0 * 13 *", "'13' as month"),
        ("0 0 * * 8", "'8' as day of week"),
        ("0 0 * * mo", "'mo' as day of week"),
        ("5-1 * * * *", "'5-1' as minute"),
        ("*/0 * * * *", "'*/0' as minute"),
        ("1-2-3 * * * *", "'1-2-3' as minute"),
        ("every day", "has 2 fields"),
    ],
)
def test_what_is_no_cron_expression_is_refused_by_name(written, said):
    with pytest.raises(InputError, match="the schedule") as caught:
        kfp_cron(written)

    assert said in str(caught.value)


def test_it_is_shown_as_it_was_written():
    assert five_fields("0 0 6 * * 1-5") == "0 6 * * 1-5"
    assert five_fields("0 6 * * 1-5") == "0 6 * * 1-5"
