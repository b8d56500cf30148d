"""The protections of SCIM tokens, and of the pages about provisioning: see protections.py."""

from __future__ import annotations

from .removal import Protection, never, skip

_AUTHENTICATION = "tests/scim/test_authentication.py::test_"
_WITHHELD = "tests/scim/test_withheld.py::test_"
_TOKEN_PAGES = "tests/scim/admin/test_token_pages.py::test_"

SCIM_TOKEN_PROTECTIONS = [
    # --- Who may report to a connection
    Protection(
        "scim/authentication.py::_reason_against",
        never("name_key"),
        f"{_AUTHENTICATION}the_token_of_another_connection_is_refused_and_logged_there",
    ),
    Protection(
        "scim/authentication.py::_refused",
        never("_WRONG_TOKENS"),
        f"{_AUTHENTICATION}too_many_wrong_tokens_are_refused_with_the_time_to_wait",
    ),
    Protection(
        "scim/tokens.py::create",
        skip("_check_number"),
        "tests/scim/test_tokens.py::test_a_third_token_is_refused_with_advice",
    ),
    # --- Tokens in reports and in the log
    Protection(
        "scim/withheld.py::_withhold_from_environ",
        never("_is_ours"),
        f"{_WITHHELD}a_secret_pasted_by_mistake_is_withheld_on_our_paths_only",
    ),
    Protection(
        "scim/withheld.py::_withhold_from_scope",
        never("_is_ours"),
        f"{_WITHHELD}a_token_is_gone_from_the_scope_of_asgi",
    ),
    Protection(
        "scim/bodies.py::_is_secret",
        never("_names_password"),
        "tests/scim/test_bodies.py::test_a_password_is_not_stored",
    ),
    # --- Who may see and make them
    Protection(
        "scim/admin/token_pages.py::ScimTokenAdmin._connection",
        never("may_manage_tokens"),
        f"{_TOKEN_PAGES}tokens_need_the_rights_of_credentials",
    ),
    Protection(
        "scim/admin/token_pages.py::ScimTokenAdmin.add",
        never("newest"),
        f"{_TOKEN_PAGES}loading_the_page_again_creates_no_other",
    ),
]
