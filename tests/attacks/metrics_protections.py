"""The protections of the optional metrics: see protections.py.

Their tests need prometheus_client, which requirements-dev.txt has.
"""

from __future__ import annotations

from .removal import Protection, always, drop_decorator, drop_operand, never, replace

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
    *(
        Protection(
            f"metrics/receivers.py::{receiver}",
            drop_decorator(),
            f"{_METRICS}metrics_that_cannot_be_counted_fail_no_sign_in",
        )
        for receiver in (
            "count_failure",
            "count_profile",
            "count_event",
            "time_callback",
            "time_request",
        )
    ),
    Protection(
        "metrics/receivers.py::count_failure",
        replace("one_of(FAILURES, code)", "code"),
        f"{_METRICS}a_code_that_is_not_on_the_list_is_not_a_label",
    ),
    Protection(
        "metrics/receivers.py::count_failure",
        replace("one_of(_STAGES, stage)", "stage"),
        f"{_METRICS}a_code_that_is_not_on_the_list_is_not_a_label",
    ),
    Protection(
        "metrics/receivers.py::count_event",
        replace("one_of(Event.Kind.values, event.kind)", "event.kind"),
        f"{_METRICS}a_code_that_is_not_on_the_list_is_not_a_label",
    ),
    Protection(
        "metrics/receivers.py::time_callback",
        replace("one_of(observation.OUTCOMES, outcome)", "outcome"),
        f"{_METRICS}a_code_that_is_not_on_the_list_is_not_a_label",
    ),
    Protection(
        "metrics/receivers.py::time_request",
        replace("one_of(microsoft.ENDPOINTS, endpoint)", "endpoint"),
        f"{_METRICS}a_code_that_is_not_on_the_list_is_not_a_label",
    ),
    Protection(
        "metrics/receivers.py::time_request",
        replace("one_of(microsoft.OUTCOMES, outcome)", "outcome"),
        f"{_METRICS}a_code_that_is_not_on_the_list_is_not_a_label",
    ),
    Protection(
        "metrics/stored.py::read_stored",
        replace("ends[:MAX_CONNECTIONS]", "ends"),
        f"{_METRICS}gauges_show_the_first_to_end",
    ),
    Protection(
        "metrics/stored.py::read_stored",
        replace("refused[:MAX_CONNECTIONS]", "refused"),
        f"{_METRICS}no_gauge_has_more_connections_than_the_limit",
    ),
    Protection(
        "metrics/stored.py::read_stored",
        replace("waiting[:MAX_CONNECTIONS]", "waiting"),
        f"{_METRICS}no_gauge_has_more_connections_than_the_limit",
    ),
    Protection(
        "metrics/stored.py::StoredCollector._read",
        always("CACHE_SECONDS"),
        f"{_METRICS}a_scrape_costs_three_statements_and_then_none",
    ),
    Protection(
        "metrics/views.py::metrics",
        never("metrics_tokens"),
        f"{_VIEW}without_a_usable_token_nobody_can_read",
    ),
    Protection(
        "metrics/views.py::", drop_decorator("require_safe"), f"{_VIEW}only_reading_is_offered"
    ),
    Protection("metrics/views.py::", drop_decorator("never_cache"), f"{_VIEW}each_token_can_read"),
    Protection(
        "metrics/views.py::_has_token", drop_operand("any(fits)"), f"{_VIEW}nobody_else_can"
    ),
    Protection("metrics/views.py::metrics", never("_has_token"), f"{_VIEW}nobody_else_can"),
    Protection("metrics/views.py::_has_token", drop_operand("bearer"), f"{_VIEW}nobody_else_can"),
    Protection(
        "conf.py::Conf.metrics_tokens",
        drop_operand("MIN_METRICS_TOKEN_LENGTH"),
        f"{_VIEW}without_a_usable_token_nobody_can_read",
    ),
]
