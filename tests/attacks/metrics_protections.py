"""The protections of the optional metrics: see protections.py.

Their tests need prometheus_client, which requirements-dev.txt has.
"""

from __future__ import annotations

from .removal import Protection, drop_decorator, drop_operand, never

_METRICS = "tests/metrics/test_receivers.py::test_"
_VIEW = "tests/metrics/test_views.py::test_"

METRICS_PROTECTIONS = [
    Protection(
        "metrics/labels.py::ConnectionNames.label",
        never("_limit"),
        f"{_METRICS}connections_beyond_the_limit_share_a_label",
    ),
    Protection(
        "metrics/labels.py::one_of",
        drop_operand("value in values"),
        f"{_METRICS}a_code_that_is_not_on_the_list_is_not_a_label",
    ),
    Protection(
        "metrics/receivers.py::count_signed_in",
        drop_decorator(),
        f"{_METRICS}metrics_that_cannot_be_counted_fail_no_sign_in",
    ),
    Protection("metrics/views.py::metrics", never("_has_token"), f"{_VIEW}nobody_else_can"),
    Protection("metrics/views.py::_has_token", drop_operand("bearer"), f"{_VIEW}nobody_else_can"),
    Protection(
        "conf.py::Conf.metrics_tokens",
        drop_operand("MIN_METRICS_TOKEN_LENGTH"),
        f"{_VIEW}without_a_usable_token_nobody_can_read",
    ),
]
