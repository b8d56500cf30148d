"""The protections of the optional sub-app: see protections.py.

Their tests need django-oauth-toolkit, so ``ci/remove_protections.py`` removes these only where it
is installed: ``.venv-provider/bin/python ci/remove_protections.py provider/``.
"""

from __future__ import annotations

from .removal import (
    Protection,
    always,
    drop_argument,
    drop_decorator,
    drop_operand,
    never,
    replace,
    skip,
)

_CLIENT = "tests/provider/attacks/test_hostile_client.py::test_"
_PAGE = "tests/provider/attacks/test_hostile_page.py::test_"
_DEVICE = "tests/provider/attacks/test_hostile_device.py::test_"
_WITHDRAWN = "tests/provider/attacks/test_withdrawn_rights.py::test_"
_FORGED = "tests/provider/attacks/test_forged_tokens.py::test_"
_BEARER = "tests/provider/test_bearer.py::test_"
_WILDCARDS = "tests/provider/test_wildcards.py::test_"
_AUTHORIZE = "tests/provider/views/test_authorize.py::test_"
_VALIDATOR = "provider/validator.py::ClientValidator."
_CLIENT_HOOKS = "provider/client_hooks.py::ClientHooks."
_AUTHORIZATION_HOOKS = "provider/authorization_hooks.py::AuthorizationHooks."

PROVIDER_PROTECTIONS = [
    # --- Addresses that people are sent to
    Protection(
        "provider/redirect_uris.py::_loopback",
        never("_plain"),
        "tests/provider/test_redirect_uris.py::test_everything_else_is_refused",
    ),
    Protection(
        f"{_AUTHORIZATION_HOOKS}validate_redirect_uri",
        always("is_allowed"),
        f"{_PAGE}a_redirect_uri_that_looks_like_one_of_the_clients",
    ),
    Protection(
        "provider/wildcards.py::matches",
        drop_operand("_PART"),
        f"{_PAGE}a_host_that_a_wildcard_does_not_mean",
    ),
    Protection(
        "provider/wildcards.py::matches",
        drop_operand("_LABEL"),
        f"{_WILDCARDS}everything_else_is_refused",
    ),
    Protection(
        "provider/wildcards.py::matches",
        drop_operand("wildcard_fault"),
        f"{_PAGE}a_wildcard_below_a_public_suffix",
    ),
    Protection(
        "provider/wildcards.py::wildcard_fault",
        drop_operand("privatesuffix"),
        f"{_PAGE}a_wildcard_below_a_public_suffix",
    ),
    Protection(
        "provider/wildcards.py::wildcard_fault",
        drop_operand("isdigit"),
        f"{_WILDCARDS}a_pattern_that_lets_in_strangers_is_refused",
    ),
    Protection(
        "provider/wildcards.py::wildcard_fault",
        drop_operand("xn--"),
        f"{_WILDCARDS}a_pattern_that_lets_in_strangers_is_refused",
    ),
    Protection(
        "provider/views/logout.py::_checked_url",
        never("is_allowed"),
        f"{_PAGE}an_open_redirect_by_signing_out",
    ),
    Protection(
        "provider/views/logout.py::LogoutView.get",
        always("is_authenticated"),
        f"{_PAGE}a_link_that_signs_out",
    ),
    # --- Who a client is
    Protection(
        f"{_CLIENT_HOOKS}authenticate_client",
        never("seconds_to_wait"),
        f"{_CLIENT}a_guess_after_the_other",
    ),
    Protection(
        "provider/failed_authentication.py::_who",
        replace("network_of(address)", "'anywhere'"),
        f"{_CLIENT}a_lock_out",
    ),
    Protection(
        "provider/failed_authentication.py::_who",
        replace("digest[:16]", "''"),
        "tests/provider/test_failed_authentication.py::"
        "test_another_client_goes_on_at_the_same_address",
    ),
    Protection(
        "provider/models/sent_secret.py::SentSecret.refusal_code",
        never("is_own"),
        f"{_CLIENT}a_confidential_client_without_its_secret",
    ),
    Protection(
        "provider/client_authentication.py::refusal_code",
        drop_operand("client_secret"),
        "tests/provider/test_refusals.py::test_two_ways_to_authenticate_at_once_are_refused",
    ),
    Protection(
        f"{_CLIENT_HOOKS}client_authentication_required",
        replace("not client.azuread_client.is_public", "False"),
        f"{_CLIENT}a_confidential_client_without_its_secret",
        also=("ClientHooks.authenticate_client_id", drop_operand("is_public")),
    ),
    Protection(
        "provider/judge.py::is_valid",
        never("was_public"),
        f"{_CLIENT}tokens_from_before_a_change_of_type",
    ),
    # --- Codes
    Protection(
        "provider/queries.py::",
        drop_argument("client=Parameter", which=0),
        f"{_CLIENT}the_code_of_another_client",
    ),
    Protection(
        f"{_VALIDATOR}_accept_code",
        skip("found.revoke"),
        f"{_CLIENT}the_replay_of_a_code",
    ),
    Protection(
        f"{_VALIDATOR}validate_code",
        never("code_challenge"),
        f"{_CLIENT}a_challenge_that_was_taken_out",
    ),
    Protection(
        f"{_AUTHORIZATION_HOOKS}validate_response_type",
        never("S256"),
        f"{_CLIENT}a_downgrade_of_pkce",
    ),
    Protection(
        "provider/models/client.py::OAuthClient.needs_pkce",
        drop_operand("is_public"),
        f"{_CLIENT}a_downgrade_of_pkce",
    ),
    Protection(
        f"{_VALIDATOR}confirm_redirect_uri",
        never("redirect_uri"),
        f"{_CLIENT}a_code_that_was_sent_elsewhere",
    ),
    # --- Devices
    Protection(
        "provider/views/activate.py::_take_answer",
        replace("str(request.user.pk)", "''"),
        f"{_DEVICE}a_forged_confirmation",
        also=("_confirmation_page", replace("str(request.user.pk)", "''")),
    ),
    Protection(
        "provider/views/activate.py::",
        drop_decorator("csrf_protect"),
        f"{_DEVICE}a_forged_confirmation",
    ),
    Protection(
        "provider/views/activate.py::_page",
        replace("unframed(response)", "response"),
        f"{_DEVICE}a_confirmation_in_a_frame",
    ),
    Protection(
        "provider/views/activate.py::_try_code",
        never("may_try_code"),
        f"{_DEVICE}a_guess_of_user_codes",
    ),
    Protection(
        "provider/device_codes.py::find",
        drop_argument("client=client"),
        f"{_DEVICE}the_device_code_of_another_client",
    ),
    Protection(
        "provider/views/device.py::DeviceCodeView.answer",
        never("may_request_codes"),
        f"{_DEVICE}a_flood_of_devices",
    ),
    Protection(
        "provider/device_codes.py::issue",
        never("MAX_WAITING"),
        f"{_DEVICE}a_flood_of_devices",
    ),
    # --- Native applications, consent
    Protection(
        "provider/native.py::needs_confirmation",
        always("is_native"),
        f"{_CLIENT}a_program_that_poses_as_a_native_application",
    ),
    Protection(
        "provider/native.py::_has_interacted",
        never("is_resumed"),
        f"{_CLIENT}a_program_that_poses_as_a_native_application",
    ),
    Protection(
        "provider/native.py::_has_interacted",
        replace("not leads_straight_on", "True"),
        f"{_AUTHORIZE}who_came_straight_through_microsoft_is_asked",
    ),
    Protection(
        "provider/views/consent.py::agreed_attempt",
        replace("str(request.user.pk)", "''"),
        f"{_PAGE}a_forged_consent",
        also=("_seal", replace("str(request.user.pk)", "''")),
    ),
    Protection(
        "provider/views/consent.py::agreed_attempt",
        replace("is_consent_given=asks_consent", "is_consent_given=True"),
        f"{_AUTHORIZE}a_confirmation_is_no_consent",
    ),
    # --- Refresh tokens and other tokens
    Protection(
        f"{_VALIDATOR}validate_refresh_token",
        skip("authorization.revoke()", which=0),
        f"{_CLIENT}a_refresh_token_that_two_have",
    ),
    Protection(
        "provider/queries.py::",
        drop_argument("application=Parameter"),
        f"{_CLIENT}the_refresh_token_of_another_client",
        also=("", drop_argument("client=Parameter", which=1)),
    ),
    Protection(
        "provider/tokens.py::introspect",
        drop_argument("application="),
        f"{_CLIENT}a_look_at_another_clients_token",
        also=("introspect", drop_argument("client=client")),
    ),
    Protection(
        "provider/tokens.py::revoke",
        drop_argument("client=client"),
        f"{_CLIENT}a_look_at_another_clients_token",
    ),
    Protection(
        "provider/keys.py::_verify",
        always("== typ"),
        f"{_FORGED}an_access_token_as_a_hint",
    ),
    # --- APIs
    Protection(
        "provider/apis.py::possible_scopes",
        drop_operand("for_itself"),
        f"{_CLIENT}an_api_that_was_not_granted",
    ),
    Protection(
        "provider/apis.py::possible_scopes",
        drop_operand("is_first_party"),
        f"{_CLIENT}an_api_on_behalf_of_people",
    ),
    Protection(
        "provider/apis.py::possible_scopes",
        replace("defined.intersection(grant.scope.split())", "defined"),
        f"{_CLIENT}a_scope_that_was_not_granted",
    ),
    Protection(
        "provider/targets.py::check_target",
        never("named"),
        f"{_CLIENT}another_api_at_the_exchange",
    ),
    Protection(
        "provider/tokens.py::find_valid",
        drop_operand("scopes_today"),
        f"{_WITHDRAWN}tokens_after_the_right_has_gone",
    ),
    Protection(
        "provider/tokens.py::introspect",
        never("today is None"),
        f"{_WITHDRAWN}tokens_after_the_right_has_gone",
    ),
    # --- Requests to clients
    Protection(
        "provider/outbound.py::is_public",
        never("_IPV6_INTERNET"),
        "tests/provider/test_outbound.py::test_what_is_public",
    ),
    Protection(
        "provider/outbound.py::_guard",
        replace("reaching_only(is_public)", "nullcontext()"),
        "tests/provider/test_outbound.py::test_a_name_that_leads_into_the_network_gets_nothing",
    ),
    Protection(
        "provider/logout_delivery.py::send_due",
        skip("silent |="),
        "tests/provider/test_logout_delivery.py::"
        "test_a_client_that_does_not_answer_does_not_keep_others_waiting",
    ),
    # --- What is told
    Protection(
        "provider/cors.py::allow_client",
        replace(
            "_rows(origin).filter(client__oauth_application__client_id=client_id)", "_rows(origin)"
        ),
        f"{_PAGE}a_script_of_a_foreign_origin",
    ),
    Protection(
        "provider/subjects.py::_has_auth0_subject",
        replace("row.subject == usual", "True"),
        "tests/provider/test_subjects.py::test_the_name_is_never_that_of_a_second_person",
    ),
    Protection(
        "provider/claims.py::_roles",
        never("connection_id"),
        "tests/provider/test_claims.py::test_the_roles_of_another_registration_are_not_told",
    ),
    # --- Access tokens of the provider, in an API of this site
    Protection(
        "bearer/validation.py::_check_connection",
        always("policy.connection"),
        f"{_BEARER}a_class_takes_only_tokens_that_rest_on_its_one_connection",
    ),
    Protection(
        "provider/bearer.py::validate",
        drop_operand("identifiers"),
        f"{_BEARER}a_token_for_another_api_is_refused",
    ),
    Protection(
        "provider/bearer.py::validate",
        never("'exp'"),
        f"{_BEARER}a_token_that_this_site_has_signed_but_not_issued_is_refused",
    ),
    Protection(
        "provider/bearer.py::_of_person",
        never("is_valid"),
        f"{_BEARER}a_person_who_may_no_longer_is_refused_at_once",
    ),
    Protection(
        "provider/bearer.py::_of_person",
        drop_argument("recheck"),
        f"{_BEARER}a_person_who_may_no_longer_is_refused_at_once",
    ),
    Protection(
        "provider/bearer.py::_of_client",
        never("possible"),
        f"{_BEARER}a_machines_scopes_are_the_roles_of_an_application",
    ),
    Protection(
        "provider/claims.py::session_claims",
        replace(
            "authorization.authenticated_at",
            "(authorization.authenticated_at or authorization.signed_in_at)",
            which=0,
        ),
        "tests/provider/test_claims.py::test_it_learns_nothing_where_microsoft_says_nothing",
    ),
]
