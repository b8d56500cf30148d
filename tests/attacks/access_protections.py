"""The protections of step-up, access tokens of an API, roles, health checks and WebSockets: see
protections.py.
"""

from __future__ import annotations

from .removal import (
    Protection,
    always,
    drop_argument,
    drop_decorator,
    drop_item,
    drop_operand,
    instead,
    never,
    replace,
    skip,
)

_STEP_UP = "tests/attacks/test_hostile_step_up.py::test_"
_STEP_UP_FACTS = "tests/login/state/test_step_up.py::test_"
_STEP_UP_FLOW = "tests/login/flows/test_step_up.py::test_"
_TOO_LITTLE = f"{_STEP_UP}an_id_token_that_proves_too_little"
_CHALLENGE = "tests/entra/test_challenge.py::test_"
_NO_CHALLENGE = f"{_CHALLENGE}anything_but_a_small_json_object_is_no_challenge"
_DECORATORS = "tests/test_decorators.py::test_"
_ACCESS_TOKEN = "tests/entra/test_access_token.py::test_"
_ACCESS = f"{_ACCESS_TOKEN}a_token_that_"
_CALLER = "tests/attacks/test_hostile_caller.py::test_a_token_that_"
_REFUSED = f"{_CALLER}is_refused"
_API = "tests/rest_framework/test_authentication.py::test_"
_PERMISSIONS = "tests/rest_framework/test_permissions.py::test_"
_NO_TOKEN_IN_REPORTS = f"{_API}no_error_report_shows_a_token"
_ROLES = "tests/login/users/test_roles.py::test_"
_CLAIMS = "tests/login/users/test_kept_claims.py::test_"
_PROBE = "tests/health/test_probe.py::test_"
_HEALTH = "tests/health/test_views.py::test_"
_BALANCER = "tests/health/test_middleware.py::test_"
_SOCKET = "tests/test_websocket.py::test_"
_OVER = f"{_SOCKET}a_session_is_over_as_it_is_for_a_page"

ACCESS_PROTECTIONS = [
    # --- Step-up
    Protection("login/flows/step_up.py::require_proof", never("_is_recent"), _TOO_LITTLE),
    Protection("login/flows/step_up.py::require_proof", never("claims.contexts"), _TOO_LITTLE),
    Protection(
        "login/flows/step_up.py::require_proof",
        never("_is_prompt_ignored"),
        f"{_STEP_UP_FLOW}an_old_authentication_does_not_meet_the_option",
    ),
    Protection(
        "login/state/access.py::find_access",
        replace("proof.meets(step_up)", "True"),
        f"{_STEP_UP}a_start_that_asks_for_less",
    ),
    Protection(
        "login/state/access.py::find_access",
        drop_operand("not step_up"),
        f"{_STEP_UP_FLOW}a_password_session_never_passes",
    ),
    Protection(
        "login/state/step_up.py::StepUp._is_recent",
        replace(
            "-LEEWAY <= now - authenticated_at <= self.max_age + LEEWAY",
            "now - authenticated_at <= self.max_age + LEEWAY",
        ),
        f"{_STEP_UP_FACTS}an_age_is_met_with_leeway_on_both_sides",
    ),
    Protection(
        "login/flows/begin.py::begin_again",
        never("begun.is_retry"),
        f"{_STEP_UP}no_answer_of_microsofts_makes_a_loop",
    ),
    Protection(
        "login/flows/identity.py::_follow_challenge",
        drop_operand("is_retry"),
        f"{_STEP_UP_FLOW}graphs_claims_challenge_is_followed_once",
    ),
    Protection(
        "entra/errors.py::MicrosoftError.from_redirect",
        replace("{**parameters, 'claims': None}", "parameters"),
        "tests/entra/test_challenge.py::test_only_a_response_of_the_token_endpoint_challenges",
    ),
    Protection(
        "entra/challenge.py::read_challenge",
        never("isinstance(wanted, dict)"),
        "tests/entra/test_challenge.py::test_anything_but_a_small_json_object_is_no_challenge",
    ),
    Protection(
        "login/web/step_up.py::to_step_up",
        always("request.method"),
        f"{_STEP_UP_FLOW}a_request_that_changes_something_gets_a_page",
    ),
    Protection(
        "login/web/step_up.py::to_step_up",
        replace(
            "addresses.safe_path(request, request.headers.get('Referer'))",
            "request.headers.get('Referer') or ''",
        ),
        f"{_STEP_UP_FLOW}the_page_never_leads_to_another_site",
    ),
    Protection(
        "login/state/session.py::_is_same_authentication",
        drop_operand("authenticated_at"),
        f"{_STEP_UP}the_context_of_another_authentication_is_not_kept",
    ),
    Protection(
        "login/state/session.py::_is_same_authentication",
        drop_operand("_SECONDS_BETWEEN_STEPS"),
        f"{_STEP_UP}the_context_of_another_authentication_is_not_kept",
    ),
    Protection(
        "login/state/session.py::_is_same_authentication",
        drop_operand("old.sid"),
        f"{_STEP_UP}the_context_of_another_authentication_is_not_kept",
    ),
    Protection(
        "login/state/step_up.py::StepUp._is_recent",
        drop_operand("bool"),
        f"{_STEP_UP_FACTS}without_a_time_no_age_is_met",
    ),
    Protection(
        "login/state/step_up.py::StepUp.is_met",
        replace("self.acr in contexts", "True"),
        f"{_STEP_UP_FACTS}a_context_is_met_only_by_its_own_name",
    ),
    Protection(
        "login/state/step_up.py::required_by",
        never("max_age"),
        f"{_STEP_UP_FACTS}a_max_age_that_is_none_is_named",
    ),
    Protection(
        "login/state/step_up.py::required_by",
        never("_CONTEXT"),
        f"{_STEP_UP_FACTS}an_unknown_authentication_context_is_named",
    ),
    Protection(
        "login/state/step_up.py::requested_by",
        always("_CONTEXT"),
        f"{_STEP_UP_FACTS}a_parameter_that_is_none_is_ignored",
    ),
    Protection(
        "login/state/step_up.py::requested_by",
        always("_SECONDS"),
        f"{_STEP_UP_FACTS}a_parameter_that_is_none_is_ignored",
    ),
    Protection(
        "login/state/access.py::find_access",
        never("is_authenticated"),
        f"{_DECORATORS}a_password_session_enters_only_where_the_application_lets_it",
    ),
    Protection(
        "login/state/access.py::find_access",
        drop_argument("application__slug"),
        f"{_DECORATORS}a_sign_in_for_one_application_does_not_admit_to_another",
    ),
    Protection(
        "decorators.py::application_required.decorate.sync_guarded",
        always("refusal"),
        f"{_DECORATORS}who_signed_in_for_it_may_enter",
    ),
    Protection(
        "decorators.py::application_required.decorate.async_guarded",
        always("refusal"),
        f"{_DECORATORS}who_signed_in_for_it_may_enter",
    ),
    Protection(
        "decorators.py::ApplicationRequiredMixin.as_view",
        never("application"),
        f"{_DECORATORS}the_mixin_needs_an_application",
    ),
    Protection(
        "decorators.py::ApplicationRequiredMixin.as_view",
        drop_argument("max_age="),
        f"{_DECORATORS}a_step_up_that_is_none_is_named_when_the_view_is_defined",
    ),
    Protection(
        "decorators.py::ApplicationRequiredMixin.as_view",
        drop_argument("acr="),
        f"{_DECORATORS}a_step_up_that_is_none_is_named_when_the_view_is_defined",
    ),
    Protection(
        "login/web/step_up.py::to_step_up",
        skip("add_never_cache_headers"),
        f"{_STEP_UP_FLOW}a_request_that_changes_something_gets_a_page",
    ),
    Protection("entra/challenge.py::read_challenge", never("MAX_LENGTH", which=0), _NO_CHALLENGE),
    Protection(
        "entra/challenge.py::read_challenge",
        replace("(ValueError, RecursionError)", "ValueError"),
        f"{_CHALLENGE}a_challenge_that_is_nested_too_deeply_is_none",
    ),
    Protection(
        "entra/challenge.py::read_challenge", drop_argument("_refuse_constant"), _NO_CHALLENGE
    ),
    Protection(
        "entra/challenge.py::read_challenge",
        drop_operand("len(text)"),
        _NO_CHALLENGE,
    ),
    Protection(
        "entra/challenge.py::read_header_challenge",
        drop_operand("_MAX_HEADER"),
        f"{_CHALLENGE}another_header_is_no_challenge",
    ),
    Protection(
        "entra/challenge.py::read_header_challenge",
        drop_operand("_INSUFFICIENT"),
        f"{_CHALLENGE}another_header_is_no_challenge",
    ),
    Protection(
        "entra/challenge.py::claims_request",
        always("of_challenge"),
        f"{_CHALLENGE}a_challenge_about_the_id_token_is_kept",
    ),
    # --- Access tokens of an API
    Protection("entra/access_token.py::_check_shape", never("'ver'"), f"{_ACCESS}is_refused"),
    Protection("entra/access_token.py::_check_shape", never("'aud'"), f"{_ACCESS}is_refused"),
    Protection(
        "entra/access_token.py::_check_shape",
        never("_ONLY_IN_ID_TOKENS"),
        f"{_ACCESS}is_refused",
    ),
    Protection("entra/access_token.py::_check_shape", never("'cnf'"), f"{_ACCESS}is_refused"),
    Protection("entra/access_token.py::_check_shape", never("_client_id"), f"{_ACCESS}is_refused"),
    Protection("entra/access_token.py::_check_delegated", never(), f"{_CALLER}is_refused"),
    Protection(
        "entra/access_token.py::_check_app_only", drop_operand("'sub'"), f"{_ACCESS}is_refused"
    ),
    Protection(
        "entra/access_token.py::_check_app_only", drop_operand("'idtyp'"), f"{_ACCESS}is_refused"
    ),
    Protection(
        "entra/access_token.py::_check_app_only", never("_PROVEN_CLIENT"), f"{_ACCESS}is_refused"
    ),
    Protection("entra/access_token.py::read_access_token", skip("check_times"), _REFUSED),
    Protection("entra/access_token.py::read_access_token", never("_is_for_graph"), _REFUSED),
    Protection(
        "entra/access_token.py::validate_access_token", never("audience"), f"{_ACCESS}is_refused"
    ),
    Protection("entra/access_token.py::validate_access_token", skip("check_signature"), _REFUSED),
    Protection(
        "entra/access_token.py::validate_access_token",
        skip("check_key_scope"),
        f"{_ACCESS_TOKEN}a_key_that_does_not_sign_for_the_directory",
    ),
    Protection(
        "entra/access_token.py::validate_access_token",
        skip("check_key_cloud"),
        f"{_ACCESS_TOKEN}a_key_that_does_not_sign_for_the_directory",
    ),
    Protection(
        "bearer/validation.py::_person",
        never("is_revoked"),
        f"{_API}a_revoked_person_is_refused",
    ),
    Protection(
        "bearer/validation.py::_person",
        never("is_active"),
        f"{_API}a_deactivated_user_is_refused",
    ),
    Protection(
        "bearer/validation.py::_person",
        skip("check_sub_apps"),
        f"{_API}a_person_whom_a_sub_app_does_not_let_sign_in_is_refused",
    ),
    Protection(
        "bearer/validation.py::_accepted",
        never("accepts_apps"),
        f"{_API}an_application_is_refused_where_people_are_expected",
    ),
    Protection(
        "bearer/validation.py::_accepted",
        never("roles"),
        f"{_API}an_application_without_a_role_is_refused",
    ),
    Protection(
        "bearer/rows.py::_values",
        replace("token.issued_at - LEEWAY", "token.issued_at"),
        f"{_API}a_token_from_the_future_does_not_pass_a_revocation",
    ),
    Protection(
        "bearer/rows.py::_applications",
        drop_argument("_revoked"),
        f"{_API}an_application_of_a_refused_directory_is_refused",
    ),
    Protection(
        "bearer/rows.py::_persons",
        never("only_with_guests"),
        f"{_API}a_guest_is_refused_where_guests_are_not_allowed",
    ),
    Protection(
        "bearer/admission.py::check_mappings",
        always("are_satisfied_by"),
        f"{_API}a_person_who_has_lost_the_app_role_that_lets_people_in_is_refused",
    ),
    Protection(
        "bearer/admission.py::check_mappings",
        always("isdisjoint"),
        f"{_API}groups_that_let_people_in_are_those_of_the_last_sign_in",
    ),
    Protection(
        "login/users/identities.py::groups_kept_of_refused",
        skip("identity.save"),
        f"{_API}a_refused_sign_in_ends_what_the_group_gave",
    ),
    Protection(
        "login/flows/sign_in.py::finish",
        skip("groups_kept_of_refused"),
        f"{_API}a_refused_sign_in_ends_what_the_group_gave",
    ),
    Protection(
        "bearer/admission.py::check_mappings",
        never("mapping.applies"),
        f"{_API}mappings_of_what_the_connection_does_not_read_decide_nothing",
    ),
    Protection(
        "bearer/validation.py::_person",
        drop_operand("user_can_authenticate"),
        f"{_API}a_user_whom_the_sites_backend_lets_in_nowhere_is_refused",
    ),
    Protection(
        "rest_framework/permissions.py::_with_scopes",
        drop_operand("is_app_only"),
        f"{_PERMISSIONS}an_application_has_no_scopes_whatever_its_token_says",
    ),
    Protection(
        "rest_framework/permissions.py::_of_app_with",
        drop_operand("is_app_only"),
        "tests/rest_framework/test_permissions.py::test_a_scope_does_not_stand_for_a_role",
    ),
    Protection(
        "rest_framework/authentication.py::AzureADBearerAuthentication.authenticate",
        never("isascii"),
        f"{_API}a_header_that_holds_not_one_token_is_malformed",
    ),
    Protection(
        "entra/access_token.py::_check_shape",
        never("'tid'"),
        f"{_ACCESS_TOKEN}what_is_no_guid_is_refused_before_the_database_is_asked",
    ),
    Protection(
        "entra/access_token.py::_is_for_graph",
        drop_operand("'nonce'"),
        f"{_ACCESS_TOKEN}a_token_of_graphs_is_named",
    ),
    Protection(
        "entra/access_token.py::_is_for_graph",
        drop_operand("_GRAPH_IDS"),
        f"{_ACCESS_TOKEN}a_token_of_graphs_is_named",
    ),
    Protection(
        "entra/access_token.py::_is_for_graph",
        drop_operand("_GRAPH_URLS"),
        f"{_ACCESS_TOKEN}a_token_of_graphs_is_named",
    ),
    Protection(
        "entra/access_token.py::_client_id",
        replace("claims.get('ver') == '2.0'", "'azp' in claims"),
        f"{_ACCESS}is_refused",
    ),
    Protection(
        "entra/access_token.py::read_access_token",
        replace("check_header(header)", "str(header.get('kid'))"),
        _REFUSED,
    ),
    Protection(
        "entra/access_token.py::validate_access_token",
        replace("policy.tenant_id", "None"),
        f"{_ACCESS}is_refused",
    ),
    Protection(
        "bearer/validation.py::_client_id",
        never("is_guid"),
        f"{_API}an_audience_that_is_no_registrations_is_refused_before_the_database_is_asked",
    ),
    Protection(
        "bearer/validation.py::_why_refused",
        skip("_validate("),
        "tests/attacks/test_hostile_caller.py"
        "::test_a_forged_token_says_nothing_about_whom_this_site_knows",
    ),
    Protection(
        "bearer/validation.py::_person",
        never("is_restricted"),
        f"{_API}a_person_who_has_lost_the_app_role_that_lets_people_in_is_refused",
    ),
    Protection(
        "bearer/rows.py::_enabled",
        drop_argument("application__slug"),
        f"{_API}a_connection_enabled_elsewhere_only_takes_nobody",
    ),
    Protection("bearer/rows.py::_enabled", drop_argument("client_id"), _REFUSED),
    Protection(
        "bearer/rows.py::_enabled",
        never("is_named"),
        f"{_API}a_class_takes_the_people_of_its_one_connection",
    ),
    Protection(
        "bearer/rows.py::_revoked",
        replace("[*parameters, *subjects]", "parameters"),
        f"{_API}a_revoked_person_is_refused",
    ),
    Protection(
        "bearer/rows.py::_revoked",
        drop_item("'everybody'"),
        f"{_API}a_revoked_person_is_refused",
    ),
    Protection(
        "bearer/rows.py::_revoked",
        drop_item("'of_directory'"),
        f"{_API}a_revoked_person_is_refused",
    ),
    Protection(
        "bearer/rows.py::_revoked",
        drop_item("'of_session'"),
        f"{_API}a_revoked_person_is_refused",
    ),
    Protection(
        "bearer/rows.py::_persons",
        drop_argument("by_own_directory()"),
        f"{_API}a_person_of_a_directory_that_only_another_connection_trusts_is_refused",
    ),
    Protection(
        "bearer/rows.py::_persons",
        drop_argument("by_common_endpoint()"),
        f"{_API}a_directory_that_an_administrator_refuses_is_refused",
    ),
    Protection(
        "bearer/rows.py::_applications",
        drop_argument("by_own_directory()"),
        f"{_API}an_application_of_a_directory_that_only_another_connection_trusts_is_refused",
    ),
    Protection(
        "bearer/rows.py::alias",
        replace("router.db_for_write(Identity)", "router.db_for_read(Identity)"),
        "tests/test_replica.py::test_an_api_knows_a_revocation_at_once",
    ),
    Protection(
        "rest_framework/authentication.py::AzureADBearerAuthentication.authenticate",
        never("_SCHEME"),
        f"{_API}another_scheme_is_left_to_other_classes",
    ),
    Protection(
        "rest_framework/authentication.py::AzureADBearerAuthentication",
        drop_decorator("without_frame_variables"),
        _NO_TOKEN_IN_REPORTS,
    ),
    Protection(
        "rest_framework/permissions.py::_TokenPermission.has_permission",
        never("AccessTokenAuth"),
        f"{_PERMISSIONS}a_session_is_no_token",
    ),
    Protection(
        "rest_framework/permissions.py::_of_person_with",
        drop_operand("is_app_only"),
        f"{_PERMISSIONS}an_applications_role_does_not_stand_for_a_persons",
    ),
    Protection(
        "rest_framework/permissions.py::_of_person_with",
        never("roles"),
        f"{_PERMISSIONS}a_permission_names_something",
    ),
    Protection(
        "rest_framework/permissions.py::_of_app_with",
        never("roles"),
        f"{_PERMISSIONS}a_permission_names_something",
    ),
    Protection(
        "rest_framework/permissions.py::_with_scopes",
        never("scopes"),
        f"{_PERMISSIONS}a_permission_names_something",
    ),
    # --- App roles, groups and kept claims
    Protection(
        "models/group.py::GroupMapping.applies",
        replace("self.connection.security_groups", "True"),
        f"{_API}mappings_of_what_the_connection_does_not_read_decide_nothing",
    ),
    Protection(
        "login/users/groups.py::Admitting.are_satisfied_by",
        replace(
            "self.roles.isdisjoint(roles)",
            "any(role.lower() in str(roles).lower() for role in self.roles)",
        ),
        f"{_ROLES}roles_are_compared_exactly",
    ),
    Protection(
        "login/users/groups.py::_earns",
        replace("mapping.role in roles", "mapping.role.lower() in str(roles).lower()"),
        f"{_ROLES}roles_are_compared_exactly",
    ),
    Protection(
        "login/users/groups.py::apply",
        replace("m.group_id in earned or m.group_id not in undecided", "True"),
        f"{_ROLES}an_incomplete_list_of_groups_leaves_roles_to_decide",
    ),
    Protection(
        "login/users/groups.py::apply",
        replace("earned & given", "earned"),
        f"{_ROLES}a_group_that_the_user_had_otherwise_is_no_grant",
    ),
    Protection(
        "entra/signed_token.py::name_claims",
        always("_is_name"),
        f"{_ROLES}of_a_list_with_an_odd_entry_the_roles_count",
    ),
    Protection(
        "login/users/kept_claims.py::read_kept_claims",
        never("_is_value"),
        f"{_CLAIMS}a_claim_of_another_type_or_too_large_is_ignored",
    ),
    Protection(
        "login/users/kept_claims.py::read_kept_claims",
        drop_operand("_fits"),
        f"{_CLAIMS}a_claim_of_another_type_or_too_large_is_ignored",
    ),
    Protection(
        "login/users/kept_claims.py::read_kept_claims",
        drop_operand("left"),
        f"{_CLAIMS}all_claims_together_are_bounded",
    ),
    Protection(
        "login/users/kept_claims.py::_names",
        replace("list(dict.fromkeys(allowed))[:MOST_NAMES]", "list(dict.fromkeys(allowed))"),
        f"{_CLAIMS}all_claims_together_are_bounded",
    ),
    Protection(
        "login/users/kept_claims.py::_names",
        always("isinstance(stored"),
        f"{_CLAIMS}a_stored_list_that_is_none_keeps_nothing",
    ),
    Protection(
        "login/users/kept_claims.py::_as_stored",
        replace("storable(value) if isinstance(value, str) else value", "value"),
        f"{_CLAIMS}what_a_database_cannot_store_is_taken_out_of_texts",
    ),
    # --- Health checks
    Protection(
        "health/views.py::ReadyView.get",
        always("failing_checks"),
        f"{_HEALTH}a_site_without_its_database_says_no_more_than_that",
    ),
    Protection(
        "health/views.py::ReadyView.get",
        replace("{'status': 'unavailable'}", "{'status': str(failing_checks(self.checks))}"),
        f"{_HEALTH}a_site_without_its_database_says_no_more_than_that",
    ),
    Protection(
        "health/views.py::LiveView",
        skip("http_method_names"),
        f"{_HEALTH}a_balancer_that_asks_by_options_is_not_answered_for_ever",
    ),
    Protection(
        "health/views.py::ReadyView",
        skip("http_method_names"),
        f"{_HEALTH}a_balancer_that_asks_by_options_is_not_answered_for_ever",
    ),
    Protection(
        "health/views.py::",
        drop_item("never_cache", which=0),
        f"{_HEALTH}a_site_that_works",
    ),
    Protection(
        "health/views.py::",
        drop_item("never_cache", which=1),
        f"{_HEALTH}a_site_that_works",
    ),
    Protection(
        "health/views.py::",
        drop_item("non_atomic_requests", which=0),
        f"{_HEALTH}no_session_no_user_and_no_statement_of_the_request_itself",
    ),
    Protection(
        "health/views.py::",
        drop_item("non_atomic_requests", which=1),
        f"{_HEALTH}no_session_no_user_and_no_statement_of_the_request_itself",
    ),
    Protection(
        "health/middleware.py::HealthMiddleware.__call__",
        replace(
            "self._views.get(request.path_info)",
            "self._views.get(request.path_info.rstrip('/'))",
        ),
        f"{_BALANCER}all_other_addresses_keep_their_checks",
    ),
    Protection(
        "health/middleware.py::HealthMiddleware.__call__",
        drop_argument("thread_sensitive"),
        f"{_BALANCER}a_request_that_hangs_does_not_stop_a_probe",
    ),
    Protection(
        "health/probe.py::_Runs.result",
        drop_operand("is_current"),
        f"{_PROBE}a_migration_that_is_not_applied_yet",
    ),
    Protection(
        "health/probe.py::_Runs.result",
        always("is_current"),
        f"{_PROBE}a_result_answers_further_probes_for_a_moment",
    ),
    Protection(
        "health/probe.py::_Run.is_current",
        drop_operand("is None"),
        f"{_PROBE}a_database_that_hangs_ends_in_time_and_is_asked_once",
    ),
    Protection(
        "health/probe.py::_Run._check",
        skip("close_all"),
        f"{_PROBE}a_run_leaves_no_connection_open",
    ),
    Protection(
        "health/probe.py::_log",
        never("LOG_INTERVAL"),
        f"{_PROBE}the_reason_is_logged_once_a_minute",
    ),
    Protection(
        "health/probe.py::check_migrations",
        never("missing"),
        f"{_PROBE}a_migration_that_is_not_applied_yet",
    ),
    # --- WebSockets
    Protection(
        "websocket.py::ConnectionWebsocketMiddleware.__call__",
        never("session_ended"),
        f"{_SOCKET}a_session_that_is_over_has_no_user",
    ),
    Protection(
        "websocket.py::_session_ended",
        skip("close_old_connections", which=0),
        f"{_SOCKET}connections_are_checked_before_and_after_a_look",
    ),
    Protection(
        "websocket.py::_session_ended",
        skip("close_old_connections", which=1),
        f"{_SOCKET}connections_are_checked_before_and_after_a_look",
    ),
    Protection(
        "websocket.py::_is_over",
        never("SESSION_KEY"),
        f"{_SOCKET}a_password_session_lasts_as_long_as_its_user_has_it",
    ),
    Protection("websocket.py::_is_over", never("_is_authentic"), _OVER),
    Protection(
        "websocket.py::_is_over",
        replace("opened_with.__class__(opened_with.session_key)", "opened_with"),
        _OVER,
    ),
    Protection("websocket.py::_is_over", instead("any(", "return False"), _OVER),
    Protection(
        "websocket.py::_is_over",
        drop_argument("recheck"),
        f"{_SOCKET}a_look_is_at_this_very_moment",
    ),
    Protection(
        "websocket.py::_is_authentic",
        never("authentication_backends"),
        f"{_SOCKET}a_session_of_a_backend_that_was_removed_is_over",
    ),
    Protection("websocket.py::_is_authentic", never("user is None"), _OVER),
    Protection("websocket.py::_is_authentic", instead("any(", "return True"), _OVER),
    Protection(
        "websocket.py::_Socket.receive",
        drop_operand("_has_ended"),
        f"{_SOCKET}a_socket_is_closed_and_sends_nothing_more",
    ),
    Protection(
        "websocket.py::_Socket.send",
        skip("_has_ended"),
        f"{_SOCKET}a_socket_that_only_sends_is_closed",
    ),
    Protection(
        "websocket.py::_Socket.send",
        always("_is_over", which=1),
        f"{_SOCKET}a_socket_is_closed_and_sends_nothing_more",
    ),
]
