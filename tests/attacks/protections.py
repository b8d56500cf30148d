"""Every protection of the app, each with the test that fails without it.

``python ci/remove_protections.py`` removes them one by one in a copy, and demands that the test
then fails; docs/security.md lists them.

**To add one**, name the file of the app and the function, what is done to it, and the test::

    Protection("login/users/linking.py::find_linkable", never("is_active"), "tests/…::test_…"),

Those of the optional sub-apps stand in provider_protections.py and scim_protections.py, more of
those of set-up links in setup_protections.py, and those of step-up, APIs, health checks and
WebSockets in access_protections.py. The function is ``Class.method``, ``outer.inner``, or nothing
for a statement outside of functions
(``"entra/pools.py::"``). What can be done, and how a place is mentioned, stands in removal.py: an
edit names a place of the syntax tree, so reformatting, comments and neighbouring code do not break
it. Then run

    pytest tests/test_security_docs.py               # each key finds exactly one place
    python ci/remove_protections.py login/users/     # the test fails without it
    python -m project.security                       # docs/security.md

**When a key no longer finds its place**, test_security_docs.py says what it finds instead. Where a
function was renamed or moved, write its new name. Where the mention was renamed or fits several
places, mention something else. Where the protection is gone on purpose, remove its entry.
"""

from __future__ import annotations

from .access_protections import ACCESS_PROTECTIONS
from .metrics_protections import METRICS_PROTECTIONS
from .provider_protections import PROVIDER_PROTECTIONS
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
from .scim_protections import SCIM_PROTECTIONS
from .scim_token_protections import SCIM_TOKEN_PROTECTIONS
from .setup_protections import SETUP_PROTECTIONS

_RECORDS = "tests/test_domain_records.py::test_"
_SETUP_DOMAINS = "tests/setup/web/test_domains.py::test_"
_REPLICA = "tests/test_replica.py::test_"
_HOOKS = "tests/login/test_backend_hooks.py::test_"
_MICROSOFT = "tests/attacks/test_hostile_microsoft.py::test_"
_ADMINISTRATOR = "tests/attacks/test_hostile_administrator.py::test_"
_BROWSER = "tests/attacks/test_hostile_browser.py::test_"
_TIE = "tests/attacks/test_hostile_tie.py::test_"
_SETUP_TRIAL = "tests/attacks/test_hostile_setup_trial.py::test_"
_ROLES = "tests/login/users/test_roles.py::test_"
_STORE = "tests/login/log/test_store.py::test_"
_COLLEAGUE = "tests/attacks/test_hostile_colleague.py::test_"
_APPROVAL = "tests/attacks/test_hostile_approval.py::test_"
_CUSTOMER = "tests/attacks/test_hostile_customer.py::test_"
_CUSTOMER_DOMAINS = "tests/attacks/test_hostile_customer_domains.py::test_"
_SECOND_LINK = "tests/attacks/test_hostile_second_link.py::test_"
_LINKS = "tests/setup/test_links.py::test_"
_OPENING = "tests/setup/web/test_views.py::test_"
_FORGED = f"{_MICROSOFT}a_forged_id_token"
_STEP_UP = "tests/attacks/test_hostile_step_up.py::test_"
_STARTS = "tests/login/lookup/test_start_cache.py::test_"
_CALLBACK = "tests/login/flows/test_callback.py::test_"
_NEW_SESSION = "tests/login/state/test_new_session.py::test_"
_LAST_LOGIN = "tests/login/users/test_last_login.py::test_"
_WRITES = "tests/models/test_prepared_writes.py::test_"
_PRECONNECTION = "tests/entra/test_preconnection.py::test_"
_SEARCH = "tests/admin/test_event_search.py::test_"


PROTECTIONS = [
    # --- Reads that must not come from a replica
    Protection(
        "models/primary.py::PrimaryQuerySet.db",
        replace(
            "router.db_for_write(self.model, **self._hints)",
            "router.db_for_read(self.model, **self._hints)",
        ),
        f"{_REPLICA}a_session_ends_at_once",
    ),
    Protection(
        "models/primary.py::_FollowedOnPrimary.get_queryset",
        replace("rows.using(router.db_for_write(rows.model))", "rows"),
        "tests/models/test_primary.py::test_related_rows_come_from_the_primary",
    ),
    Protection(
        "models/primary.py::read_primary",
        replace(
            "model._default_manager.using(router.db_for_write(model))",
            "model._default_manager.all()",
        ),
        f"{_REPLICA}a_session_ends_at_once",
    ),
    Protection(
        "login/backend.py::ConnectionBackend.get_user",
        replace("read_primary(self.UserModel)", "self.UserModel._default_manager"),
        f"{_REPLICA}a_session_ends_at_once",
    ),
    # --- ID tokens
    Protection("entra/signed_token.py::decode", never("MAX_TOKEN_LENGTH"), _FORGED),
    Protection(
        "entra/signed_token.py::decode",
        never("parts"),
        "tests/entra/test_id_token.py::"
        "test_what_a_token_says_wrong_is_refused_before_any_key_is_looked_up",
    ),
    Protection("entra/signed_token.py::_decode_object", never(), _FORGED),
    Protection("entra/signed_token.py::_without_duplicates", never(), _FORGED),
    Protection("entra/signed_token.py::check_header", never("ALGORITHM"), _FORGED),
    Protection("entra/signed_token.py::check_header", never("'crit'"), _FORGED),
    Protection(
        "entra/signed_token.py::check_header",
        never("'b64'"),
        "tests/entra/test_id_token.py::"
        "test_what_a_token_says_wrong_is_refused_before_any_key_is_looked_up",
    ),
    Protection(
        "entra/signed_token.py::_decode_bytes",
        never("_BASE64URL"),
        "tests/entra/test_id_token.py::test_a_part_with_characters_outside_base64url_is_refused",
    ),
    Protection("entra/signed_token.py::check_header", never("key_id"), _FORGED),
    Protection("entra/signed_token.py::check_issuer", never("is_guid"), _FORGED),
    Protection("entra/signed_token.py::check_issuer", never("tenant_id"), _FORGED),
    Protection("entra/signed_token.py::check_issuer", never("'sub'"), _FORGED),
    Protection("entra/signed_token.py::check_issuer", never("'iss'"), _FORGED),
    Protection("entra/signed_token.py::check_issuer", never("VERSIONS"), _FORGED),
    Protection("entra/id_token.py::_check_audience", never("'aud'"), _FORGED),
    Protection("entra/id_token.py::_check_audience", never("'azp'"), _FORGED),
    Protection("entra/signed_token.py::check_times", never("'exp'"), _FORGED),
    Protection("entra/signed_token.py::check_times", never("'iat'"), _FORGED),
    Protection("entra/signed_token.py::check_times", never("'nbf'"), _FORGED),
    Protection("entra/signed_token.py::_time", never("isinstance"), _FORGED),
    Protection("entra/id_token.py::_check_nonce", never("_same"), f"{_MICROSOFT}a_reused_id_token"),
    Protection("entra/id_token.py::_check_access_token", never("_same"), _FORGED),
    Protection(
        "entra/signed_token.py::check_key_scope",
        never("'{tenantid}'"),
        f"{_MICROSOFT}a_key_whose_issuer_covers_another_directory",
    ),
    Protection("entra/signed_token.py::check_signature", never(), _FORGED),
    Protection("entra/signed_token.py::_decode_object", drop_argument("_refuse_constant"), _FORGED),
    Protection(
        "entra/signed_token.py::_decode_object",
        replace("(ValueError, RecursionError)", "ValueError"),
        _FORGED,
    ),
    Protection(
        "entra/signed_token.py::is_guest",
        drop_operand("'acct'"),
        f"{_ADMINISTRATOR}a_guest_who_looks_like_a_member",
    ),
    Protection(
        "entra/signed_token.py::is_guest",
        drop_operand("_is_home_elsewhere"),
        f"{_ADMINISTRATOR}a_guest_who_looks_like_a_member",
    ),
    Protection(
        "entra/signed_token.py::_is_home_elsewhere",
        replace(
            "not isinstance(home, str) or home.removesuffix('/') not in own",
            "isinstance(home, str) and home.removesuffix('/') not in own",
        ),
        f"{_ADMINISTRATOR}a_guest_who_looks_like_a_member",
    ),
    Protection(
        "entra/signed_token.py::is_guest",
        drop_operand("'#EXT#'"),
        f"{_ADMINISTRATOR}a_guest_who_looks_like_a_member",
    ),
    Protection(
        "entra/id_token.py::_parse",
        replace("clean_name(text_claim(claims, 'name'))", "text_claim(claims, 'name')"),
        f"{_ADMINISTRATOR}a_name_that_looks_like_somebodys",
    ),
    Protection(
        "entra/id_token.py::_parse",
        replace("clean_address(text_claim(claims, 'upn'))", "text_claim(claims, 'upn')"),
        f"{_ADMINISTRATOR}a_name_that_looks_like_somebodys",
    ),
    Protection(
        "entra/id_token.py::_parse",
        replace(
            "clean_address(text_claim(claims, 'preferred_username'))",
            "text_claim(claims, 'preferred_username')",
        ),
        f"{_ADMINISTRATOR}a_name_that_looks_like_somebodys",
    ),
    Protection(
        "entra/id_token.py::_parse",
        replace("clean_address(text_claim(claims, 'email'))", "text_claim(claims, 'email')"),
        "tests/login/users/test_profile.py::"
        "test_an_address_with_an_invisible_letter_is_the_one_that_people_read",
    ),
    Protection(
        "entra/id_token.py::_parse",
        replace("claims.get('xms_edov') in (True, '1', 'true')", "bool(claims.get('xms_edov'))"),
        f"{_ADMINISTRATOR}an_address_that_nobody_vouched_for",
    ),
    Protection(
        "entra/signed_token.py::_time",
        never("YEAR_3000"),
        "tests/attacks/test_hostile_caller.py::test_a_forged_token_with_a_time_that_is_no_date",
    ),
    # --- Keys and discovery
    Protection(
        "entra/jwks.py::parse_key_document",
        drop_operand("'RSA'"),
        f"{_MICROSOFT}a_malformed_published_key",
    ),
    Protection(
        "entra/jwks.py::parse_key_document",
        drop_operand("'sig'"),
        f"{_MICROSOFT}a_malformed_published_key",
    ),
    Protection(
        "entra/jwks.py::_is_sound",
        replace("_MIN_KEY_BITS", "0"),
        f"{_MICROSOFT}a_malformed_published_key",
    ),
    Protection(
        "entra/jwks.py::parse_key_document",
        drop_operand("'issuer'"),
        f"{_MICROSOFT}a_malformed_published_key",
    ),
    Protection(
        "entra/jwks.py::parse_key_document",
        drop_operand("'cloud_instance_name'"),
        f"{_MICROSOFT}a_malformed_published_key",
    ),
    Protection(
        "entra/jwks.py::KeySet.usable_at",
        always("UNSEEN_KEY_TTL"),
        "tests/entra/test_metadata.py::"
        "test_keys_that_the_last_good_answer_did_not_name_go_also_while_microsoft_is_down",
    ),
    Protection(
        "entra/jwks.py::KeySet.added_to",
        always("UNSEEN_KEY_TTL"),
        "tests/entra/test_metadata.py::test_a_key_that_microsoft_withdrew_stays_gone_once_it_went",
    ),
    Protection(
        "entra/jwks.py::KeySet.added_to",
        replace("newest[:MAX_KEYS]", "newest"),
        "tests/entra/test_metadata.py::"
        "test_a_number_of_keys_that_is_not_microsofts_is_cut_to_the_newest",
    ),
    Protection(
        "entra/signed_token.py::check_key_cloud",
        never("cloud_instance_name"),
        f"{_MICROSOFT}a_key_of_another_cloud",
    ),
    Protection(
        "entra/discovery.py::find_tenant_id",
        never("tenant_ids"),
        f"{_MICROSOFT}a_discovery_document_that_names_no_one_directory",
    ),
    Protection(
        "entra/discovery.py::_check_cloud",
        never("instance_name"),
        f"{_MICROSOFT}a_discovery_document_of_another_cloud",
    ),
    Protection(
        "entra/discovery.py::_check_cloud",
        never("suffix"),
        f"{_MICROSOFT}a_discovery_document_of_another_cloud",
    ),
    Protection(
        "entra/metadata.py::SigningKeys._refetched",
        never("UNKNOWN_KID_REFETCH_INTERVAL"),
        f"{_MICROSOFT}a_flood_of_unknown_key_ids",
    ),
    Protection(
        "entra/metadata.py::SigningKeys._find_unknown",
        always("shares_a_key_with"),
        f"{_MICROSOFT}a_flood_of_unknown_key_ids",
    ),
    Protection(
        "entra/metadata.py::SigningKeys._found",
        replace("url", "''"),
        "tests/entra/test_app_keys.py::test_another_apps_own_key_is_unknown",
        also=("SigningKeys.find", replace("address", "''")),
    ),
    Protection(
        "entra/metadata.py::SigningKeys.refresh",
        never("added_to"),
        "tests/entra/test_metadata.py::"
        "test_in_an_emergency_what_is_not_published_is_dropped_at_once",
    ),
    Protection(
        "entra/metadata.py::SigningKeys.find",
        drop_operand("_clock"),
        "tests/entra/test_metadata.py::"
        "test_a_process_remembers_the_keys_that_it_found_for_half_a_minute",
    ),
    # --- Graph
    Protection(
        "entra/graph.py::Graph._own",
        drop_operand("startswith"),
        f"{_MICROSOFT}a_next_page_elsewhere",
    ),
    Protection(
        "entra/graph.py::Graph._pages", drop_operand("url"), f"{_MICROSOFT}a_circle_of_pages"
    ),
    Protection(
        "entra/graph.py::Graph._pages", drop_operand("MAX_PAGES"), f"{_MICROSOFT}a_list_without_end"
    ),
    Protection(
        "entra/graph.py::_id",
        never("_GUID"),
        f"{_ADMINISTRATOR}groups_that_cannot_be_read_admit_nobody",
    ),
    # --- The way out
    Protection(
        "entra/transport.py::Transport._exchange",
        replace("redirect=False", "redirect=True"),
        "tests/entra/test_transport.py::test_no_redirect_is_followed",
        also=("", replace("redirect=0", "redirect=9")),
    ),
    Protection(
        "entra/transport.py::_read",
        never("MAX_RESPONSE_BYTES"),
        "tests/entra/test_transport.py::test_a_larger_answer_is_refused",
    ),
    Protection(
        "entra/transport.py::_checked",
        drop_operand("'identity'"),
        "tests/entra/test_transport.py::test_a_compressed_answer_is_refused_and_never_unpacked",
    ),
    Protection(
        "entra/transport.py::",
        replace("read=False", "read=1"),
        "tests/entra/test_transport.py::test_a_request_is_sent_once_whatever_becomes_of_it",
    ),
    Protection(
        "entra/transport.py::Transport._exchange",
        drop_item("ValueError"),
        "tests/entra/test_transport.py::test_what_can_be_no_host_is_unreachable_and_named",
    ),
    Protection(
        "entra/pools.py::_trusting",
        replace("ssl.CERT_REQUIRED", "ssl.CERT_NONE"),
        "tests/entra/test_transport.py::test_a_certificate_that_nobody_vouches_for_is_refused",
    ),
    Protection(
        "entra/pools.py::_Adapter.proxy_manager_for",
        never("'https:'"),
        "tests/entra/test_transport.py::"
        "test_a_proxy_that_speaks_tls_is_trusted_by_the_same_authorities",
    ),
    Protection(
        "entra/pools.py::_ca_bundle",
        replace("(found.st_ino, found.st_mtime_ns, found.st_size)", "(0, 0, 0)"),
        "tests/entra/test_transport.py::test_authorities_that_are_renewed_count_at_once",
    ),
    Protection(
        "entra/deadline.py::_Connection.is_connected",
        drop_operand("KEPT_FOR"),
        "tests/entra/test_transport.py::test_a_connection_that_was_idle_for_long_is_not_used_again",
    ),
    Protection(
        "entra/deadline.py::_Connection.is_connected",
        drop_operand("self._may_reach(self._peer)"),
        "tests/entra/test_transport.py::test_only_allowed_addresses_are_connected_to",
    ),
    # --- The token endpoint
    Protection(
        "entra/tokens.py::authorization_url",
        drop_item("'code_challenge'"),
        f"{_BROWSER}code_injection",
    ),
    Protection(
        "entra/tokens.py::_required_text",
        drop_operand("not ("),
        f"{_MICROSOFT}an_access_token_that_is_more_than_one_line",
    ),
    Protection(
        "entra/tokens.py::_success",
        never("status"),
        "tests/login/flows/test_callback.py::test_each_error_of_the_token_endpoint_has_its_page",
    ),
    # --- Microsoft's answers
    Protection(
        "entra/errors.py::_class_of",
        never("known"),
        "tests/login/log/test_failures.py::test_only_what_is_about_the_secret_refuses_it",
    ),
    Protection(
        "entra/errors.py::MicrosoftError.from_redirect",
        always("CredentialRejected"),
        f"{_BROWSER}a_forged_rejection_of_the_secret",
    ),
    # --- The issuer that a callback names (RFC 9207)
    Protection(
        "entra/cloud.py::check_issuers", never("issuer"), f"{_BROWSER}mix_up_with_another_server"
    ),
    Protection(
        "login/flows/identity.py::_verify",
        skip("check_named_issuers"),
        f"{_BROWSER}mix_up_with_another_server",
    ),
    Protection(
        "login/flows/identity.py::_check_response",
        skip("check_named_issuers"),
        f"{_BROWSER}mix_up_with_another_server",
    ),
    Protection(
        "entra/id_token.py::validate_id_token",
        skip("check_issuers"),
        f"{_BROWSER}mix_up_of_directories_on_the_common_endpoint",
    ),
    Protection(
        "login/flows/consent.py::read_answer",
        skip("check_named_issuers"),
        f"{_BROWSER}mix_up_of_the_consent_page",
    ),
    # --- A sign-in under way
    Protection(
        "login/state/transaction.py::Transaction.use",
        replace("conf.cache.add(key, 1, TRANSACTION_LIFETIME + 60)", "bool(key)"),
        f"{_BROWSER}a_replayed_cookie",
    ),
    Protection(
        "login/state/transaction.py::Transaction.is_expired",
        replace("time.time() > self.created_at + TRANSACTION_LIFETIME", "False"),
        f"{_BROWSER}a_sign_in_left_open",
    ),
    Protection(
        "login/state/transaction.py::seal",
        drop_argument("state"),
        f"{_BROWSER}a_cookie_moved_to_another_connection",
        also=("unseal", drop_argument("name")),
    ),
    Protection(
        "login/state/transaction.py::_prefix", never("COOKIE_MARK"), f"{_BROWSER}a_planted_cookie"
    ),
    Protection(
        "login/state/withheld.py::_without_ours",
        replace("pair.strip(' \\t')", "pair.encode('latin-1').decode().strip()"),
        f"{_BROWSER}a_planted_cookie",
    ),
    Protection(
        "login/state/transaction.py::_states_to_drop",
        replace("_MAX_COOKIES - 1", "100"),
        f"{_BROWSER}a_hundred_sign_ins_begun",
    ),
    Protection(
        "login/state/transaction.py::Transaction.nonce",
        replace("self._derive('nonce')", "'always-the-same'"),
        f"{_MICROSOFT}a_reused_id_token",
    ),
    Protection(
        "login/state/sealing.py::_cipher",
        replace("f'azuread_connections.{purpose}'.encode()", "b'azuread_connections'"),
        f"{_BROWSER}a_cookie_sealed_for_another_purpose",
    ),
    Protection(
        "login/state/transaction.py::unchanged_tenant",
        always("endpoint_fingerprint"),
        f"{_BROWSER}a_connection_edited_meanwhile",
    ),
    Protection(
        "login/flows/identity.py::_check_response",
        never("MAX_CODE_LENGTH"),
        f"{_BROWSER}an_unusable_code",
    ),
    Protection(
        "login/flows/sign_in.py::_sign_in",
        never("is_authenticated"),
        f"{_BROWSER}a_victim_who_is_signed_in_as_somebody_else",
    ),
    Protection(
        "login/flows/identity.py::_pin",
        always("tenant_id"),
        "tests/login/flows/test_budget.py::test_an_unpinned_callback_costs_one_more_once",
    ),
    Protection(
        "login/lookup/enabled.py::_by_keys",
        drop_argument("application="),
        f"{_ADMINISTRATOR}an_application_that_the_connection_is_not_for",
    ),
    Protection(
        "login/lookup/enabled.py::_by_name",
        drop_argument("_slug"),
        f"{_ADMINISTRATOR}an_application_that_the_connection_is_not_for",
    ),
    # --- What a start has read
    *(
        Protection(
            "login/lookup/start_cache.py::find_enabled_cached", drop_item(part), f"{_STARTS}{test}"
        )
        for part, test in (
            ("using", "another_database_is_another_start"),
            ("'schema_name'", "tenants_of_one_address_have_starts_of_their_own"),
            ("'pk'", "tenants_of_the_same_name_have_starts_of_their_own"),
            ("get_host", "another_application_host_or_setting_is_another_start"),
            ("request.path", "another_path_is_another_start"),
            ("chosen_application", "another_application_host_or_setting_is_another_start"),
            ("default_application", "another_application_host_or_setting_is_another_start"),
            ("public_url", "another_application_host_or_setting_is_another_start"),
        )
    ),
    Protection(
        "login/lookup/start_cache.py::find_enabled_cached",
        never("in_atomic_block"),
        f"{_STARTS}within_a_transaction_nothing_is_cached",
    ),
    Protection(
        "login/lookup/start_cache.py::find_enabled_cached",
        drop_operand("START_CACHE_TTL"),
        f"{_STARTS}the_second_start_within_two_seconds_reads_nothing",
    ),
    Protection(
        "login/lookup/start_cache.py::find_enabled_cached",
        never("_MAX_ENTRIES"),
        f"{_STARTS}it_is_bounded",
    ),
    Protection(
        "login/lookup/start_cache.py::clear",
        never("in_atomic_block"),
        f"{_STARTS}what_another_thread_read_before_the_edit_was_committed_is_not_kept",
    ),
    Protection(
        "apps.py::AzureADConnectionsConfig.ready",
        drop_item("post_delete"),
        f"{_STARTS}a_pair_deleted_in_this_process_is_refused_at_once",
    ),
    Protection(
        "models/connection.py::Connection.save",
        skip("{*names"),
        f"{_STARTS}an_edit_of_some_fields_counts",
    ),
    Protection(
        "models/connection.py::Connection.save",
        skip("timezone.now"),
        f"{_STARTS}an_edit_of_a_connection_of_which_only_a_part_was_read_counts",
    ),
    Protection(
        "login/flows/context.py::_find",
        always("_start_may_be_stale"),
        f"{_STARTS}one_that_was_edited_at_another_time_is_told",
    ),
    Protection(
        "login/flows/context.py::ConnectionEdited",
        replace("False", "True"),
        f"{_STARTS}the_person_chooses_the_account_again",
    ),
    Protection(
        "login/lookup/addresses.py::still_allowed",
        replace("is_listed(destination, allowed_urls)", "True"),
        f"{_CALLBACK}an_address_that_was_removed_meanwhile_is_not_gone_to",
    ),
    Protection(
        "login/web/views.py::_ask_first",
        replace("other.context.destination", "other.context.transaction.destination", which=1),
        f"{_CALLBACK}it_is_not_offered_to_somebody_who_stays_signed_in_as_another_user",
    ),
    # --- A login, stored in fewer statements
    Protection(
        "login/state/new_session.py::leave_unstored",
        drop_operand("session.session_key"),
        f"{_NEW_SESSION}a_session_that_somebody_else_could_know_gets_another_key",
    ),
    Protection(
        "login/state/new_session.py::leave_unstored",
        drop_operand("SESSION_KEY in session"),
        f"{_NEW_SESSION}a_session_without_a_key_in_which_somebody_is_signed_in_is_left_to_django",
    ),
    Protection(
        "login/state/new_session.py::store",
        always("SessionStore"),
        f"{_NEW_SESSION}a_subclass_stores_its_sessions_itself",
    ),
    Protection(
        "login/state/new_session.py::store.save_changes",
        never("stored"),
        f"{_NEW_SESSION}what_a_receiver_changes_is_stored",
    ),
    Protection(
        "login/flows/sign_in.py::_sign_in",
        replace("new_session.others_listen()", "False"),
        f"{_NEW_SESSION}a_receiver_that_writes_down_the_key_finds_it",
    ),
    Protection(
        "login/users/last_login.py::compiled_last_login",
        drop_operand("listeners"),
        f"{_LAST_LOGIN}who_listens_for_the_users_signals_is_informed",
    ),
    Protection(
        "login/users/last_login.py::_is_plain",
        drop_operand("saving"),
        f"{_LAST_LOGIN}a_models_own_save_is_called",
    ),
    Protection(
        "login/users/last_login.py::_is_plain",
        drop_operand("own_columns"),
        f"{_LAST_LOGIN}a_proxy_model_is_left_to_django",
    ),
    *(
        Protection(
            "login/flows/storage.py::_undo_login",
            skip(attribute),
            "tests/login/flows/test_storage.py::"
            "test_who_could_not_be_stored_is_not_signed_in_for_the_rest_of_the_request",
        )
        for attribute in ("request.session =", "request.user =", "request.auser =")
    ),
    Protection(
        "models/prepared.py::_check_order",
        never("selected is not field", which=1),
        "tests/models/test_prepared.py::"
        "test_columns_in_another_order_than_asked_for_are_not_read_by_their_position",
    ),
    Protection(
        "models/prepared_writes.py::Insert._is_noticed",
        never("model.save"),
        f"{_WRITES}an_insert_is_the_models_own_save_if_it_has_one",
    ),
    Protection(
        "models/prepared_writes.py::Insert._is_noticed",
        drop_operand("post_save"),
        f"{_WRITES}an_insert_informs_who_listens",
    ),
    *(
        Protection(
            "models/prepared_writes.py::_placeholder",
            drop_operand(maker),
            f"{_WRITES}an_insert_leaves_to_the_database_what_it_makes_by_itself",
        )
        for maker in ("generated", "has_db_default")
    ),
    Protection(
        "models/prepared_writes.py::_placeholder",
        drop_operand("own_sql"),
        f"{_WRITES}a_field_with_sql_of_its_own_keeps_it",
    ),
    # --- A connection that is opened before it is needed
    Protection(
        "entra/preconnection.py::preconnect",
        drop_operand("KEPT_FOR"),
        f"{_PRECONNECTION}a_site_that_does_not_answer_is_asked_by_one_thread_at_a_time",
    ),
    Protection(
        "entra/preconnection.py::wait",
        drop_argument("connect_timeout"),
        f"{_PRECONNECTION}a_request_waits_only_as_long_as_connecting_can_take",
    ),
    Protection(
        "entra/preconnection.py::_open",
        drop_argument("Exception"),
        f"{_PRECONNECTION}a_failure_is_left_to_the_request",
    ),
    Protection(
        "entra/deadline.py::_SecurePool.preconnect",
        never("self.proxy"),
        f"{_PRECONNECTION}by_a_proxy_nothing_is_opened",
    ),
    Protection(
        "entra/deadline.py::_SecureConnection._read_session_tickets",
        skip("self.close()"),
        f"{_PRECONNECTION}a_connection_on_which_data_came_before_a_request_is_replaced",
    ),
    # --- The search of the log
    Protection(
        "admin/event_search.py::_people",
        never("of_people"),
        f"{_SEARCH}a_search_confirms_what_its_user_may_see",
    ),
    Protection(
        "admin/event_search.py::_people",
        always("of_users"),
        f"{_SEARCH}a_search_confirms_what_its_user_may_see",
    ),
    *(
        Protection(
            "admin/event.py::EventAdmin.get_search_results",
            replace(f"may_open(self.admin_site, request, {model})", "True"),
            f"{_SEARCH}a_search_confirms_what_its_user_may_see",
        )
        for model in ("Identity", "get_user_model()")
    ),
    # --- Pages
    Protection(
        "login/web/views.py::CallbackView",
        instead(
            "'options'",
            "http_method_names = ['get', 'head', 'post', 'put', 'options']\n"
            "post = put = lambda self, request: self.get(request)",
        ),
        f"{_BROWSER}a_callback_by_another_method",
    ),
    Protection(
        "login/web/error_page.py::failure_page",
        skip("'Referrer-Policy'"),
        f"{_BROWSER}a_code_in_the_referer",
    ),
    Protection(
        "login/web/views.py::CallbackView.get",
        skip("'Referrer-Policy'"),
        f"{_BROWSER}a_code_in_the_referer_of_another_page",
    ),
    Protection(
        "login/lookup/addresses.py::_our_view",
        replace("match.app_names", "match.namespaces"),
        "tests/login/lookup/test_addresses.py::"
        "test_a_sign_in_is_known_under_every_name_that_a_site_includes_it_by",
    ),
    Protection(
        "login/web/session_views.py::LogoutView",
        instead(
            "'options'",
            "http_method_names = ['get', 'post', 'options']\n"
            "get = lambda self, request: self.post(request)",
        ),
        f"{_BROWSER}signing_out_by_another_site",
    ),
    # --- Directories
    Protection(
        "login/users/directories.py::_check_status",
        never("REFUSED"),
        f"{_ADMINISTRATOR}a_directory_that_is_not_allowed",
    ),
    Protection(
        "login/users/directories.py::_check_status",
        never("WAITING"),
        f"{_ADMINISTRATOR}a_directory_that_is_not_allowed",
    ),
    Protection(
        "login/users/directories.py::_refuse_personal_accounts",
        never("PERSONAL_TENANT_ID"),
        f"{_ADMINISTRATOR}a_personal_account",
    ),
    Protection(
        "login/users/directories.py::_check_first_visit",
        never("_is_pinned_elsewhere"),
        f"{_ADMINISTRATOR}a_directory_of_another_connection",
    ),
    Protection(
        "login/users/directories.py::_check_first_visit",
        never("LISTED"),
        f"{_ADMINISTRATOR}a_directory_that_is_not_allowed",
    ),
    Protection(
        "login/users/directories.py::_check_status",
        never("is_pinned_elsewhere"),
        f"{_ADMINISTRATOR}a_directory_that_came_before_its_own_connection",
    ),
    Protection(
        "login/users/directories.py::follow_pin",
        never(),
        "tests/login/users/test_directories.py::"
        "test_when_the_trust_moves_people_and_sessions_of_the_former_directory_end",
    ),
    Protection(
        "login/users/directories.py::_end_trust",
        skip("of_directory"),
        "tests/login/users/test_directories.py::test_a_session_does_not_come_back_with_the_trust",
    ),
    Protection(
        "login/users/directories.py::_end_trust",
        skip("identity__tenant_id="),
        "tests/login/users/test_directories.py::"
        "test_when_the_trust_moves_people_and_sessions_of_the_former_directory_end",
    ),
    Protection(
        "login/users/directories.py::follow_pin",
        skip("_hold"),
        "tests/login/users/test_directories.py::"
        "test_pinning_a_directory_holds_it_where_it_came_in_by_itself",
    ),
    Protection(
        "login/users/directories.py::admit",
        skip("_refuse_personal_accounts"),
        "tests/login/users/test_directories.py::"
        "test_a_connection_that_was_pinned_to_them_before_lets_none_in",
    ),
    Protection(
        "login/users/directories.py::_is_pinned_elsewhere",
        replace("cloud__in=clouds", "cloud=connection.cloud"),
        f"{_ADMINISTRATOR}the_twin_of_a_cloud",
    ),
    Protection(
        "models/directory.py::pinned_by_another",
        skip("cloud_of_row__in="),
        "tests/login/users/test_directories.py::test_pins_go_by_login_host",
    ),
    Protection(
        "models/directory.py::Directories.welcome",
        drop_operand("pinned_by_another"),
        f"{_ADMINISTRATOR}a_directory_that_came_before_its_own_connection",
    ),
    Protection(
        "models/directory.py::Directories.welcome",
        drop_argument("ACCEPT"),
        f"{_ADMINISTRATOR}a_directory_that_came_under_another_policy",
    ),
    Protection(
        "models/directory.py::status_of_new",
        replace("Directory.Status.WAITING", "Directory.Status.ALLOWED"),
        f"{_ADMINISTRATOR}a_directory_that_is_not_allowed",
    ),
    Protection(
        "models/directory.py::Directories.delete",
        skip("_keep_refused"),
        f"{_COLLEAGUE}a_refused_directorys_row",
    ),
    Protection(
        "models/directory.py::Directory.delete",
        skip("_default_manager"),
        f"{_COLLEAGUE}a_refused_directorys_row",
    ),
    Protection(
        "models/connection.py::Connection.save",
        never("PERSONAL_TENANT_ID"),
        f"{_COLLEAGUE}a_connection_of_personal_accounts",
    ),
    Protection(
        "models/connection.py::Connection.clean",
        never("PERSONAL_TENANT_ID"),
        "tests/login/users/test_directories.py::test_no_connection_is_pinned_to_personal_accounts",
    ),
    Protection(
        "models/connection.py::Connection.pin",
        never("PERSONAL_TENANT_ID"),
        f"{_COLLEAGUE}a_connection_of_personal_accounts",
    ),
    Protection(
        "microsoft/client.py::find_directory",
        never("PERSONAL_TENANT_ID"),
        "tests/login/users/test_directories.py::test_a_callback_pins_no_personal_accounts",
    ),
    # --- Rights that mappings gave
    Protection(
        "models/identity.py::Identities.delete",
        skip("identity__in="),
        "tests/models/test_grant.py::test_what_a_mapping_gave_ends_with_the_tie",
    ),
    Protection(
        "models/connection.py::Connection.delete",
        skip("group_grants"),
        "tests/models/test_grant.py::test_what_a_mapping_gave_ends_with_the_tie",
    ),
    Protection(
        "models/identity.py::Identity.save", never("exclude"), f"{_TIE}rights_end_with_the_tie"
    ),
    Protection(
        "models/identity.py::Identity.delete", skip("GroupGrant"), f"{_TIE}rights_end_with_the_tie"
    ),
    Protection(
        "models/grant.py::GroupGrants._take_out",
        drop_operand("'identity__user'"),
        "tests/models/test_grant.py::test_a_group_that_another_tie_earns_stays_until_that_ends_too",
    ),
    Protection(
        "models/group.py::_end_unmapped",
        skip("GroupGrant"),
        "tests/models/test_grant.py::test_what_a_mapping_gave_ends_with_the_tie",
    ),
    Protection(
        "login/users/identities.py::find",
        replace("verified.connection.identity_cloud", "verified.connection.cloud"),
        "tests/login/users/test_resolution.py::test_us_government_and_dod_know_the_same_people",
    ),
    # --- Linking
    Protection(
        "login/users/linking.py::find_linkable",
        drop_operand("link_by_email"),
        "tests/login/users/test_linking.py::test_linking_is_off_unless_switched_on",
    ),
    Protection(
        "login/users/linking.py::find_linkable",
        replace("domain not in trust.domains", "not domain"),
        f"{_ADMINISTRATOR}addresses_that_link_to_nobody",
    ),
    Protection(
        "login/users/linking.py::find_linkable",
        never("confirmed"),
        f"{_ADMINISTRATOR}a_former_directory_takes_an_account_by_email",
    ),
    Protection(
        "login/users/linking.py::find_linkable",
        never("len("),
        f"{_ADMINISTRATOR}users_who_must_not_be_linked",
    ),
    Protection(
        "login/users/linking.py::_why_not",
        never("is_active"),
        "tests/login/users/test_linking.py::test_a_deactivated_user_is_not_linked_and_the_log_says_why",
    ),
    Protection(
        "login/users/linking.py::_why_not",
        never("'is_superuser'"),
        f"{_ADMINISTRATOR}users_who_must_not_be_linked",
    ),
    Protection(
        "login/users/linking.py::_why_not",
        never("held_permissions"),
        f"{_ADMINISTRATOR}users_who_must_not_be_linked",
    ),
    Protection(
        "login/users/linking.py::_why_not",
        never("azuread_identities"),
        f"{_ADMINISTRATOR}users_who_must_not_be_linked",
    ),
    Protection(
        "login/users/linking.py::link_to_identity",
        replace("user.set_unusable_password", "user.get_username"),
        f"{_ADMINISTRATOR}a_password_set_before_the_link",
    ),
    # --- People
    Protection(
        "login/users/resolution.py::_check_admission",
        never("allow_guests"),
        f"{_ADMINISTRATOR}a_guest_who_looks_like_a_member",
    ),
    Protection(
        "login/users/resolution.py::_require_active",
        never("is_active"),
        f"{_ADMINISTRATOR}people_whom_the_policy_refuses",
    ),
    Protection(
        "login/users/resolution.py::_require_creation",
        never("create_users"),
        f"{_ADMINISTRATOR}people_whom_the_policy_refuses",
    ),
    Protection(
        "login/users/identities.py::",
        drop_argument("cloud="),
        f"{_ADMINISTRATOR}the_same_ids_in_another_cloud",
    ),
    Protection(
        "login/users/identities.py::",
        drop_argument("tenant_id="),
        f"{_ADMINISTRATOR}the_same_object_id_in_another_directory",
    ),
    Protection(
        "login/users/identities.py::",
        drop_argument("object_id="),
        f"{_ADMINISTRATOR}a_recycled_upn",
    ),
    Protection(
        "login/users/usernames.py::username_for",
        drop_operand("_is_accepted"),
        "tests/login/users/test_usernames.py::"
        "test_a_username_that_the_user_model_refuses_is_made_of_the_ids",
    ),
    Protection(
        "login/users/usernames.py::_is_accepted",
        never("normalize_username"),
        "tests/login/users/test_usernames.py::test_a_name_that_no_form_would_keep_is_not_used",
    ),
    Protection(
        "login/users/profile.py::sync_user",
        always("_MAY_BE_CUT"),
        f"{_ADMINISTRATOR}an_address_that_is_another_one_when_cut",
    ),
    Protection(
        "login/users/profile.py::_accepted",
        replace("None", "value"),
        "tests/login/users/test_profile.py::test_a_value_that_the_field_refuses_is_not_written",
    ),
    Protection(
        "transfer/auth0.py::_entry",
        never("is_masked"),
        "tests/transfer/test_auth0.py::test_no_placeholder_is_stored_in_any_spelling",
    ),
    Protection(
        "transfer/pages.py::require_all",
        never("'total'"),
        "tests/transfer/test_auth0.py::test_one_page_of_several_is_refused",
    ),
    Protection(
        "transfer/pages.py::require_all",
        never("'start'"),
        "tests/transfer/test_auth0.py::test_one_page_of_several_is_refused",
    ),
    Protection(
        "transfer/plan.py::_wanted",
        replace("len(candidates) == 1", "candidates"),
        "tests/transfer/test_auth0.py::"
        "test_a_name_that_could_be_another_application_is_not_guessed",
    ),
    Protection(
        "credentials/verification.py::_match",
        replace("len(free) == len(alike) == 1", "len(free) == 1"),
        "tests/credentials/test_verification.py::"
        "test_sync_gives_two_stored_secrets_that_begin_alike_no_date",
    ),
    Protection(
        "login/users/usernames.py::username_for",
        always("_is_taken"),
        f"{_ADMINISTRATOR}a_name_that_somebody_has",
    ),
    Protection(
        "login/users/usernames.py::_is_taken",
        replace("f'{user_model.USERNAME_FIELD}__iexact'", "user_model.USERNAME_FIELD"),
        f"{_ADMINISTRATOR}a_name_that_somebody_has",
    ),
    # --- Domains
    Protection(
        "login/users/trust.py::find_trust",
        drop_operand("is_guest"),
        f"{_ADMINISTRATOR}a_guest_with_a_members_name",
    ),
    Protection(
        "login/users/trust.py::find_trust",
        drop_operand("claims.tenant_id"),
        f"{_ADMINISTRATOR}squatting_from_a_foreign_directory",
    ),
    Protection(
        "login/users/trust.py::_trusted",
        drop_operand("is_verified_for"),
        f"{_ADMINISTRATOR}an_alias_that_is_not_verified",
    ),
    Protection(
        "login/users/trust.py::_trusted",
        drop_operand("is_disputed"),
        f"{_ADMINISTRATOR}the_domain_at_a_second_connection",
    ),
    Protection(
        "login/users/trust.py::DomainTrust.vouches_for",
        drop_operand("domains"),
        f"{_ADMINISTRATOR}noauth",
    ),
    Protection(
        "login/users/trust.py::confirm",
        never("is_conclusive"),
        f"{_ADMINISTRATOR}a_former_directory_while_microsoft_cannot_be_asked",
    ),
    Protection(
        "login/users/trust.py::confirm",
        replace("proven.trusted().exists()", "_trusted(connection, list(proven.with_disputes()))"),
        "tests/login/users/test_trust.py::"
        "test_a_connection_that_trusts_another_directory_by_then_links_nobody",
    ),
    Protection(
        "login/users/trust.py::find_trust",
        drop_operand("checked_at"),
        f"{_ADMINISTRATOR}a_former_directory_gives_names",
    ),
    Protection(
        "login/lookup/enabled.py::_by_keys",
        replace(
            "aliases.filter(is_primary=True, domain=OuterRef('connection__domain')).trusted()",
            "aliases.filter(is_primary=True, domain=OuterRef('connection__domain'))",
        ),
        "tests/login/users/test_trust.py::"
        "test_a_domain_that_another_directorys_connection_has_verified_is_not_relied_on",
    ),
    # --- DNS records that verify domains
    Protection(
        "login/users/trust.py::confirm",
        never("is_final"),
        f"{_RECORDS}a_dns_that_does_not_answer_links_nobody",
    ),
    Protection(
        "login/users/trust.py::_ask_about_due",
        replace("answer.is_final", "answer.is_conclusive"),
        f"{_RECORDS}an_old_proof_that_cannot_be_renewed_is_no_confirmation",
    ),
    Protection(
        "domain_records.py::settle",
        drop_operand("Outcome.FOUND"),
        f"{_RECORDS}without_an_answer_nothing_is_verified",
    ),
    Protection(
        "domain_records.py::settle",
        skip("_contradicted"),
        f"{_RECORDS}a_clear_answer_withdraws_the_proof_at_once",
    ),
    Protection(
        "domain_records.py::_contradicted",
        never("is_conclusive"),
        f"{_RECORDS}without_an_answer_a_proof_stays_for_a_week",
    ),
    Protection(
        "dns_proof/records.py::has_token",
        never("token"),
        "tests/dns_proof/test_records.py::test_without_a_token_no_record_counts",
    ),
    Protection(
        "models/alias.py::DomainAlias.has_token_for",
        drop_operand("dns_tenant_id"),
        f"{_RECORDS}another_directory_needs_another_record",
    ),
    Protection(
        "login/lookup/enabled.py::by_alias",
        drop_argument("leads"),
        f"{_SETUP_DOMAINS}an_added_domain_leads_nobody_here_until_it_is_verified",
    ),
    Protection(
        "setup/domains.py::add_domain",
        skip("_refuse_others"),
        f"{_SETUP_DOMAINS}a_domain_verified_for_another_directory_is_refused_and_both_logs_say_why",
    ),
    Protection(
        "setup/domains.py::add_domain",
        never("MOST_DOMAINS"),
        f"{_SETUP_DOMAINS}there_is_a_limit_of_domains",
    ),
    Protection(
        "setup/domains.py::add_domain",
        never("allows"),
        f"{_SETUP_DOMAINS}additions_are_throttled",
    ),
    Protection(
        "setup/domains.py::can_be_removed",
        drop_operand("needs_proof"),
        f"{_SETUP_DOMAINS}only_what_a_set_up_has_added_can_be_removed",
    ),
    Protection(
        "setup/domains.py::ask_about",
        never("'asked'"),
        f"{_SETUP_DOMAINS}a_domain_is_asked_about_once_in_five_seconds",
    ),
    Protection(
        "setup/web/domains.py::DomainsPage._continue",
        never("_is_required"),
        f"{_SETUP_DOMAINS}required_domains_hold_one_until_all_are_verified",
    ),
    Protection(
        "domains.py::settle",
        skip("_withdraw_others"),
        f"{_ADMINISTRATOR}a_former_directory_takes_an_account_by_email",
    ),
    Protection(
        "domains.py::settle",
        skip("is_conclusive"),
        "tests/test_domains.py::test_only_where_microsoft_cannot_be_asked_the_proof_stays",
    ),
    Protection(
        "models/alias.py::DomainAliases.verified",
        drop_argument("found_tenant_id=F"),
        "tests/test_domains.py::test_a_proof_is_for_one_directory_only",
    ),
    Protection(
        "login/users/profile.py::_attributes",
        never("email_verified"),
        f"{_ADMINISTRATOR}noauth",
    ),
    Protection(
        "login/users/profile.py::read_profile",
        drop_operand("'email'"),
        f"{_ADMINISTRATOR}an_address_that_nobody_vouched_for",
    ),
    # --- Groups
    Protection(
        "login/users/groups.py::check_admission",
        instead("could not be read", "return"),
        f"{_ADMINISTRATOR}groups_that_cannot_be_read_admit_nobody",
    ),
    Protection(
        "login/users/groups.py::check_admission",
        never("isdisjoint"),
        f"{_ADMINISTRATOR}people_whom_the_policy_refuses",
    ),
    Protection(
        "login/users/groups.py::apply",
        instead("'groups'", "groups = groups or ()\nif not hasattr(user, 'groups'):\n    return"),
        "tests/login/users/test_groups.py::test_an_incomplete_list_changes_nobodys_rights",
    ),
    Protection(
        "login/users/groups.py::apply",
        replace("held - earned", "set()"),
        "tests/login/users/test_groups.py::test_a_mapping_adds_and_removes_only_what_it_manages",
    ),
    # --- Signing out
    Protection(
        "login/lookup/frontchannel.py::is_frontchannel_token",
        replace("hmac.compare_digest(_token(connection, key).encode(), given)", "bool(given)"),
        f"{_BROWSER}front_channel_logout_with_a_guessed_token",
    ),
    Protection(
        "login/flows/logout.py::end_microsoft_session",
        never("_GUID"),
        "tests/login/lookup/test_frontchannel.py::test_a_made_up_session_is_noted_nowhere",
    ),
    Protection(
        "login/flows/logout.py::end_microsoft_session",
        never("_SIGN_OUTS_OF_CONNECTION"),
        "tests/login/lookup/test_frontchannel.py::test_a_flood_of_made_up_sessions_is_cut_off",
    ),
    Protection(
        "login/flows/logout.py::end_microsoft_session",
        never("_SIGN_OUTS_OF_CLIENT"),
        "tests/login/lookup/test_frontchannel.py::"
        "test_one_clients_flood_keeps_nobody_elses_session_open",
    ),
    # --- Addresses
    Protection(
        "login/lookup/addresses.py::safe_path",
        drop_operand("isprintable"),
        f"{_BROWSER}open_redirect_after_signing_out",
    ),
    Protection(
        "login/lookup/addresses.py::safe_path",
        replace(
            "url_has_allowed_host_and_scheme(value, hosts, require_https=request.is_secure())",
            "hosts",
        ),
        f"{_BROWSER}open_redirect_after_signing_out",
    ),
    Protection(
        "login/lookup/addresses.py::safe_path",
        replace(
            "urlsplit(iri_to_uri(value))._replace(scheme='', netloc='')",
            "urlsplit(iri_to_uri(value))",
        ),
        "tests/login/lookup/test_addresses.py::test_only_a_path_of_this_site_is_a_destination",
    ),
    Protection(
        "login/lookup/addresses.py::safe_path",
        replace("path.startswith('/') and (not path.startswith(('//', '/\\\\')))", "path"),
        f"{_BROWSER}open_redirect_after_signing_out",
    ),
    Protection(
        "login/lookup/addresses.py::safe_path",
        replace(
            "is_listed(value, allowed_urls)", "value.startswith(tuple(allowed_urls) or ('-',))"
        ),
        f"{_BROWSER}open_redirect_after_signing_out",
    ),
    Protection(
        "login/lookup/addresses.py::safe_destination",
        drop_operand("MAX_DESTINATION_LENGTH"),
        "tests/login/lookup/test_addresses.py::test_only_a_path_of_this_site_is_a_destination",
    ),
    Protection(
        "models/destinations.py::is_listed",
        replace("scheme in WEB_SCHEMES or is_app_scheme(scheme)", "True"),
        f"{_BROWSER}a_listed_address_that_runs_a_script",
    ),
    Protection(
        "models/destinations.py::is_listed",
        replace("isinstance(allowed_urls, list | tuple)", "allowed_urls"),
        "tests/login/lookup/test_native_schemes.py::test_a_list_that_is_not_one_allows_nothing",
    ),
    Protection(
        "login/lookup/addresses.py::_base_url",
        instead("return public_url", "return f'{request.scheme}://{request.get_host()}'"),
        f"{_BROWSER}a_forged_host_where_any_is_allowed",
    ),
    Protection(
        "login/flows/resumption.py::_content",
        replace(
            "sealing.unseal(_SEAL, sealed, name=name) if len(state) <= _MAX_STATE_LENGTH else None",
            "sealing.unseal('transaction', sealed, name=name)",
        ),
        f"{_BROWSER}a_forged_resumption",
        also=("state_with_resumption", replace("_SEAL", "'transaction'")),
    ),
    Protection(
        "login/flows/resumption.py::_resumption",
        replace("addresses.safe_destination(request, destination, allowed)", "destination"),
        f"{_BROWSER}a_resumption_that_leads_to_a_withdrawn_address",
    ),
    Protection(
        "login/web/prefetch.py::prefetch_response",
        always("'HEAD'"),
        f"{_BROWSER}sign_ins_begun_ahead_of_the_victim",
    ),
    Protection(
        "login/web/error_page.py::_home_url",
        replace(
            "addresses.safe_destination(request, resumption.destination if resumption else None)",
            "resumption.destination if resumption else addresses.default_destination()",
        ),
        "tests/login/flows/test_resumption.py::"
        "test_an_allowed_address_of_another_site_is_no_place_to_go_on_at_once",
    ),
    Protection(
        "login/flows/redirects.py::continue_page",
        replace("DestinationRedirect(url).url", "url"),
        "tests/login/flows/test_redirects.py::test_no_page_links_to_a_script",
    ),
    # --- Sign-outs are remembered as long as a sign-in counts
    Protection(
        "login/state/session.py::_is_still_valid",
        never("is_too_old"),
        "tests/models/test_revocation.py::test_a_session_of_ten_years_stays_signed_out",
    ),
    # --- Consumer domains
    Protection(
        "models/connection.py::Connection.save",
        skip("refuse_consumer_domain"),
        "tests/models/test_consumer_domains.py::test_as_a_connections_own",
    ),
    Protection(
        "models/alias.py::DomainAlias.save",
        skip("refuse_consumer_domain"),
        "tests/models/test_consumer_domains.py::test_as_an_alias",
    ),
    Protection(
        "login/lookup/realm.py::discover",
        always("CONSUMER_DOMAINS"),
        "tests/models/test_consumer_domains.py::"
        "test_discovery_passes_over_one_that_was_written_past_the_models",
    ),
    # --- Rights to some connections
    Protection(
        "admin/connection/surroundings.py::_about",
        always("frontchannel_logout_url"),
        f"{_COLLEAGUE}reading_the_front_channel_url",
    ),
    Protection(
        "diagnostics/state.py::_last_failure",
        drop_argument("is_unconfirmed"),
        "tests/diagnostics/test_state.py::test_a_failure_of_one_person_or_of_nobody_is_not",
    ),
    Protection(
        "admin/directories.py::DirectoryForm.clean_connection",
        never("may_change"),
        f"{_COLLEAGUE}a_directory_of_a_connection_that_is_not_theirs",
    ),
    Protection(
        "admin/rights.py::may_change_only_others",
        never("may_change_connection"),
        "tests/admin/test_rights.py::"
        "test_permissions_for_directories_and_people_end_at_rights_to_some_connections",
    ),
    Protection(
        "admin/rights.py::may_change_only_others",
        replace("may_change_connection(admin_site, request)", "False"),
        f"{_COLLEAGUE}a_directory_of_a_connection_that_is_not_theirs",
    ),
    Protection(
        "admin/rights.py::of_visible_connections",
        never("where"),
        "tests/admin/test_rights.py::test_no_list_filter_or_search_names_it",
    ),
    Protection(
        "admin/rights.py::of_visible_connections",
        never("asks_about_each"),
        "tests/admin/test_rights.py::test_no_list_filter_or_search_names_it",
    ),
    Protection(
        "admin/rights.py::visible_connections",
        never("may_see_connection"),
        "tests/admin/test_rights.py::test_who_may_see_no_connection_finds_none_in_a_filter",
    ),
    Protection(
        "admin/application.py::ApplicationAdmin._enable",
        drop_operand("enabled -"),
        "tests/admin/test_rights.py::test_saving_an_application_leaves_it_enabled",
    ),
    # --- What another version has stored, or a browser made up
    Protection(
        "login/state/access.py::find_access",
        replace("session.is_proven", "session.sign_ins"),
        "tests/fuzzing/test_session_values.py::"
        "test_it_does_not_pass_for_a_session_begun_with_a_password",
    ),
    Protection(
        "login/state/session.py::_stored",
        drop_item(),
        "tests/fuzzing/test_session_values.py::test_a_sign_in_of_another_shape_is_over",
    ),
    Protection(
        "login/state/session.py::_read",
        always("is_readable"),
        "tests/fuzzing/test_session_values.py::test_a_sign_in_of_another_shape_is_over",
    ),
    Protection(
        "login/flows/consent.py::read_answer",
        replace("tenant.lower() if is_guid(tenant) else ''", "tenant[:36].lower()"),
        "tests/fuzzing/test_odd_parameters.py::test_any_tenant_at_the_return_from_the_consent_page",
    ),
    # --- Consent and Try
    Protection(
        "login/flows/consent.py::finish_link", never("time"), f"{_BROWSER}a_forged_consent_link"
    ),
    Protection(
        "login/flows/consent.py::read_answer",
        never("'error'"),
        f"{_BROWSER}a_forged_return_from_consent",
    ),
    Protection(
        "login/flows/consent.py::read_answer",
        never("'admin_consent'"),
        f"{_BROWSER}a_forged_return_from_consent",
    ),
    Protection(
        "login/flows/consent.py::note",
        replace(
            "outcome.connection.directories.filter(tenant_id=outcome.directory)",
            "outcome.connection.directories",
        ),
        f"{_BROWSER}a_forged_return_from_consent",
    ),
    Protection("login/flows/accounts.py::finish", never("subject"), f"{_TIE}another_user_ends_it"),
    Protection(
        "login/state/freshness.py::is_login_fresh",
        replace("FRESH_FOR", "1000000000000.0"),
        f"{_TIE}a_session_left_open",
    ),
    Protection(
        "login/flows/accounts.py::_tied_to",
        replace("Identity._default_manager.filter(user=user)", "Identity._default_manager.all()"),
        f"{_TIE}untying_what_is_not_theirs",
    ),
    Protection(
        "login/flows/accounts.py::disconnect",
        never("_has_password"),
        "tests/login/flows/test_accounts.py::test_the_only_way_to_sign_in_stays",
    ),
    Protection(
        "login/users/resolution.py::connect", never("user_id"), f"{_TIE}an_account_that_is_taken"
    ),
    Protection(
        "login/state/session.py::_valid",
        drop_argument("Parameter('user')"),
        "tests/login/flows/test_accounts.py::"
        "test_the_session_of_a_person_tied_to_another_user_ends",
    ),
    Protection(
        "login/flows/trial_run.py::_verify",
        never(),
        "tests/login/flows/test_trial.py::test_a_connection_edited_meanwhile_is_told",
    ),
    Protection(
        "login/flows/trial.py::_last",
        always("'connection'"),
        f"{_COLLEAGUE}the_outcome_of_another_connections_trial",
    ),
    Protection(
        "login/flows/trial.py::_trials",
        always("'user'"),
        "tests/login/flows/test_trial.py::"
        "test_an_outcome_left_in_a_session_is_read_by_its_owner_only",
    ),
    Protection(
        "login/flows/trial.py::finish",
        replace("begun is None", "begun is None and (begun := {}) is None"),
        f"{_BROWSER}a_transaction_of_another_purpose",
    ),
    Protection(
        "login/flows/identity.py::verify_trial_identity",
        replace("directories.check", "directories.admit"),
        "tests/login/flows/test_trial.py::test_a_trial_adds_no_directory",
    ),
    Protection(
        "login/flows/callback.py::finish",
        replace("FLOWS.get(transaction.purpose)", "FLOWS.get(transaction.purpose, sign_in.finish)"),
        "tests/login/flows/test_callback.py::test_an_unknown_purpose_signs_nobody_in",
    ),
    # --- The site's own hooks
    Protection(
        "login/users/resolution.py::_check_admission",
        never("not answer"),
        f"{_HOOKS}verify_claims_refuses",
    ),
    Protection(
        "login/users/resolution.py::_update", never("pk"), f"{_HOOKS}update_user_exchanges_nobody"
    ),
    Protection(
        "login/users/creation.py::create_new_user", never("pk"), f"{_HOOKS}create_user_links_nobody"
    ),
    Protection(
        "login/users/resolution.py::_create",
        skip("_require_active"),
        f"{_HOOKS}a_new_user_who_is_deactivated_stays_out",
    ),
    Protection(
        "login/users/creation.py::_noted_creations.after",
        drop_operand("earlier_keys"),
        f"{_HOOKS}a_row_that_extends_an_existing_user_creates_nobody",
    ),
    Protection(
        "login/users/resolution.py::_update",
        replace("updated.pk != key", by="updated.pk != user.pk"),
        f"{_HOOKS}update_user_cannot_exchange_the_object_itself",
    ),
    Protection(
        "login/users/linking.py::find_linkable",
        skip("_has_email"),
        f"{_HOOKS}a_user_found_in_another_way_needs_the_verified_address_too",
    ),
    Protection(
        "login/users/profile.py::_column",
        never("get_email_field_name"),
        "tests/login/users/test_profile.py::test_the_address_of_a_user_follows_only_the_verified_one",
    ),
    Protection(
        "login/users/resolution.py::_check_admission",
        never("iscoroutine"),
        f"{_HOOKS}a_coroutine_refuses",
    ),
    # --- Sessions
    Protection(
        "middleware.py::ConnectionSessionMiddleware.__call__.checked_user",
        never("is_authenticated"),
        f"{_BROWSER}a_session_whose_sign_in_is_no_longer_valid",
    ),
    Protection(
        "middleware.py::ConnectionSessionMiddleware.__call__.checked_auser",
        never("is_authenticated"),
        f"{_BROWSER}a_session_whose_sign_in_is_no_longer_valid",
    ),
    Protection(
        "login/state/session.py::by_common_endpoint",
        drop_argument("welcome)"),
        f"{_BROWSER}a_session_whose_sign_in_is_no_longer_valid",
    ),
    Protection(
        "login/state/session.py::by_common_endpoint",
        replace("directories.welcome()", "directories.filter(status='allowed')"),
        f"{_ADMINISTRATOR}a_directory_that_came_under_another_policy",
    ),
    Protection(
        "login/state/session.py::_valid",
        drop_argument("~Exists"),
        f"{_BROWSER}a_session_whose_sign_in_is_no_longer_valid",
    ),
    # --- Settings for development
    Protection(
        "conf.py::Conf._development_host",
        never("standin_allowed"),
        f"{_COLLEAGUE}the_stand_ins_addresses_in_production",
    ),
    Protection(
        "conf.py::Conf._development_host",
        never("'https'"),
        f"{_COLLEAGUE}the_stand_ins_addresses_in_production",
    ),
    # --- The admin
    Protection(
        "admin/rights.py::may",
        replace(
            "any((user.has_perm(permission) for permission in any_of))",
            "bool(user.is_staff and any_of)",
        ),
        f"{_COLLEAGUE}actions_that_need_a_permission",
    ),
    Protection(
        "admin/rights.py::permissions_held",
        replace(
            "set(user.get_all_permissions()) if hasattr(user, 'get_all_permissions') else set()",
            "None",
        ),
        f"{_COLLEAGUE}mapping_a_group_to_rights",
    ),
    Protection(
        "admin/connection/actions.py::_require",
        never("may"),
        f"{_COLLEAGUE}actions_that_need_a_permission",
    ),
    Protection(
        "admin/rights.py::may_invite", never("MANAGE_SECRET"), f"{_APPROVAL}inviting_oneself"
    ),
    Protection(
        "admin/rights.py::may_invite",
        never("may_change_connection"),
        f"{_APPROVAL}inviting_oneself",
    ),
    Protection(
        "admin/connection/invite.py::invite", never("may_invite"), f"{_APPROVAL}inviting_oneself"
    ),
    Protection(
        "admin/setup_link_actions.py::approve",
        never("may_decide"),
        f"{_APPROVAL}deciding_without_rights_to_the_connection",
    ),
    Protection(
        "admin/setup_link_actions.py::revoke",
        never("may_decide"),
        f"{_APPROVAL}deciding_without_rights_to_the_connection",
    ),
    Protection(
        "admin/setup_link.py::SetupLinkAdmin.get_queryset",
        replace("of_visible_connections(self.admin_site, request, links)", "links"),
        "tests/admin/test_rights.py::test_no_list_filter_or_search_names_it",
    ),
    Protection(
        "admin/connection/consent.py::ask",
        never("CONSENT"),
        f"{_COLLEAGUE}actions_that_need_a_permission",
    ),
    Protection(
        "admin/connection/users.py::show",
        never("SEARCH_DIRECTORY"),
        f"{_COLLEAGUE}actions_that_need_a_permission",
    ),
    Protection(
        "admin/directory_decisions.py::decide_one",
        never("may_decide"),
        f"{_COLLEAGUE}actions_that_need_a_permission",
    ),
    Protection(
        "admin/connection/page.py::ConnectionAdmin.get_form",
        replace("may(request, MANAGE_SECRET)", "True"),
        f"{_COLLEAGUE}secrets_without_their_permission",
    ),
    Protection(
        "admin/connection/credentials.py::CredentialInline.has_change_permission",
        drop_operand("MANAGE_SECRET"),
        f"{_COLLEAGUE}secrets_without_their_permission",
    ),
    Protection(
        "admin/connection/own_pages.py::OwnPages.has_export_permission",
        replace("may(request, EXPORT)", "True"),
        f"{_COLLEAGUE}an_export_takes_its_permission",
        also=("OwnPages._page.view", never("has_view_permission")),
    ),
    Protection(
        "admin/connection/groups.py::GroupMappingForm.protect",
        always("may_give"),
        f"{_COLLEAGUE}mapping_a_group_to_rights",
    ),
    Protection(
        "admin/connection/groups.py::_beyond",
        replace("sorted(given - held)", "[]"),
        f"{_COLLEAGUE}mapping_a_group_to_rights",
    ),
    Protection(
        "admin/connection/groups.py::GroupMappingForm.clean_group",
        replace(
            "{'group', 'directory_group_id', 'role'}",
            "{'group', 'directory_group_id'}",
        ),
        f"{_COLLEAGUE}mapping_a_group_to_rights",
    ),
    # --- App roles and optional claims
    Protection(
        "login/users/kept_claims.py::_names",
        replace("name.lower() not in RESERVED_CLAIMS", "True"),
        f"{_MICROSOFT}an_optional_claim_that_names_somebody_else",
    ),
    Protection(
        "login/users/profile.py::_column",
        never("can_follow_claims"),
        f"{_MICROSOFT}an_optional_claim_that_names_somebody_else",
    ),
    Protection(
        "models/group.py::GroupMapping.applies",
        replace("self.connection.app_roles", "True"),
        f"{_ROLES}role_mappings_have_no_effect_while_the_option_is_off",
    ),
    Protection(
        "models/connection.py::Connection._check_mappings",
        never("True in are_roles"),
        "tests/admin/connection/test_groups.py::test_app_roles_stay_on_while_there_are_mappings",
    ),
    Protection(
        "admin/connection/groups.py::GroupMappingFormSet.clean",
        never("_not_to_be_given"),
        "tests/admin/connection/test_groups.py"
        "::test_roles_of_another_registration_give_only_what_the_editor_may_give",
    ),
    Protection(
        "admin/identity.py::IdentityForm.clean_user",
        never("'is_staff'"),
        f"{_COLLEAGUE}tying_to_somebody_powerful",
    ),
    Protection(
        "admin/identity.py::IdentityForm.clean_user",
        replace("sorted(held_permissions(user) - held_permissions(self.editor))", "[]"),
        f"{_COLLEAGUE}tying_to_somebody_powerful",
    ),
    Protection(
        "login/users/user_rights.py::held_permissions",
        skip("is_active"),
        f"{_COLLEAGUE}tying_to_somebody_powerful",
    ),
    # --- What may be typed
    Protection(
        "models/validators.py::validate_connection_name",
        never("fullmatch"),
        f"{_COLLEAGUE}a_name_that_shadows_an_address",
    ),
    Protection(
        "models/validators.py::validate_connection_name",
        never("RESERVED_NAMES"),
        f"{_COLLEAGUE}a_name_that_shadows_an_address",
    ),
    Protection(
        "models/validators.py::validate_connection_name",
        replace("value.lower()", "value"),
        f"{_COLLEAGUE}a_name_that_shadows_an_address",
    ),
    Protection(
        "models/validators.py::_to_ascii", always("_DOMAIN"), f"{_COLLEAGUE}addresses_of_their_own"
    ),
    Protection(
        "models/validators.py::clean_domain",
        never("MICROSOFT_HOSTS"),
        f"{_COLLEAGUE}addresses_of_their_own",
    ),
    Protection(
        "models/validators.py::validate_logo_url",
        drop_argument("'https'"),
        f"{_COLLEAGUE}addresses_of_their_own",
    ),
    Protection(
        "models/validators.py::validate_logo_url",
        never("'@'"),
        f"{_COLLEAGUE}addresses_of_their_own",
    ),
    Protection(
        "models/validators.py::refuse_consumer_domain",
        never("CONSUMER_DOMAINS"),
        "tests/login/lookup/test_realm.py::test_domains_of_everybody_belong_to_no_company",
    ),
    Protection(
        "models/validators.py::clean_client_id",
        never(),
        f"{_COLLEAGUE}addresses_of_their_own",
        also=("validate_client_id", never("is_guid")),
    ),
    # --- The log
    Protection(
        "login/log/limits.py::Limits.place_of",
        never("FAILURES_PER_MINUTE"),
        f"{_BROWSER}a_flood_of_junk",
    ),
    Protection(
        "login/log/limits.py::Limits.place_of",
        replace("Place.OVERALL_COUNTER", "Place.ROW", which=0),
        f"{_BROWSER}a_flood_of_junk",
    ),
    Protection(
        "login/log/limits.py::Limits._count",
        never("'unproven'"),
        f"{_BROWSER}a_real_failure_in_a_flood",
        also=("Limits.place_of", never("pk")),
    ),
    Protection(
        "login/log/limits.py::Limits.place_of",
        always("OVERALL_COUNTER"),
        f"{_STORE}all_connections_together_have_a_limit",
    ),
    Protection(
        "login/log/limits.py::Limits.place_of",
        never("pk"),
        f"{_STORE}a_secret_that_is_refused_takes_no_row_from_people_who_are",
    ),
    Protection(
        "login/log/limits.py::Limits.place_of",
        always("CONNECTION_COUNTER"),
        f"{_STORE}without_a_cache_junk_is_counted_and_what_is_proven_keeps_its_row",
    ),
    Protection(
        "login/log/store.py::_key_suffix",
        never("':proven'"),
        f"{_STORE}what_is_proven_is_never_counted_in_a_row_of_junk",
    ),
    Protection(
        "login/log/store.py::count_limited",
        always("has_room"),
        f"{_STORE}the_counters_of_many_connections_have_the_limit_too",
    ),
    Protection(
        "login/flows/exchange.py::_redeem_with",
        replace("not isinstance(error, CodeNotAccepted)", "True"),
        f"{_STORE}a_made_up_code_is_not_proven",
    ),
    Protection(
        "login/flows/identity.py::_failures",
        replace("'error' in callback_parameters(request)", "False"),
        f"{_BROWSER}a_forged_error_of_microsofts",
    ),
    # --- Reports
    Protection(
        "login/web/error_page.py::already_logged",
        replace("True", "False"),
        f"{_BROWSER}a_flood_of_failures_that_mails_nobody",
    ),
    Protection(
        "login/flows/callback.py::_is_failed_login",
        drop_operand("is_about_person"),
        f"{_BROWSER}failures_that_feed_a_lock_out_tool",
    ),
    Protection(
        "login/state/withheld.py::_withhold_parameters",
        replace("readable", "sent", which=1),
        f"{_BROWSER}a_code_in_an_error_report",
    ),
    Protection(
        "login/state/withheld.py::_withhold_cookies",
        instead("_without_ours", "_others, ours = _without_ours(header)"),
        f"{_BROWSER}a_code_in_an_error_report",
    ),
    Protection(
        "login/state/withheld.py::_withhold_parameters",
        replace("redacted_text(value, is_callback=True)", "value"),
        f"{_BROWSER}a_code_in_an_error_report",
    ),
    Protection(
        "login/state/withheld.py::withhold_from_scope",
        replace(
            "[(name, _redacted_header(name, value)) for name, value in headers]", "list(headers)"
        ),
        "tests/login/state/test_withheld.py::"
        "test_an_error_under_asgi_is_reported_without_anything_that_is_secret",
    ),
    Protection(
        "login/state/withheld.py::withhold_from_scope",
        replace("get_script_prefix(scope)", "scope.get('root_path', '')"),
        "tests/login/state/test_withheld.py::"
        "test_a_forced_script_name_hides_no_callback_under_asgi",
    ),
    Protection(
        "login/web/request_started.py::withhold_from_reports",
        replace("withhold_from_environ(environ)", "False"),
        f"{_BROWSER}a_code_in_an_error_report",
    ),
    Protection(
        "login/web/request_started.py::withhold_from_reports",
        skip("scrub_this_request"),
        "tests/packages/test_packages.py::test_beside_another_package",
    ),
    Protection(
        "login/web/entry.py::entry",
        replace("without_frame_variables(view)", "view"),
        "tests/login/state/test_withheld.py::"
        "test_a_sites_own_step_that_fails_is_reported_without_its_variables",
    ),
    Protection(
        "entra/transport.py::Transport._send",
        drop_decorator(),
        "tests/entra/test_frames.py::test_no_frame_shows_what_was_sent",
    ),
    Protection(
        "entra/tokens.py::redeem_code",
        replace("Secret(grant.code)", "grant.code"),
        "tests/entra/test_frames.py::test_the_form_itself_shows_nothing",
    ),
    Protection(
        "cache.py::ForgivingCache._failed",
        always("is_due"),
        "tests/faults/test_cache.py::test_an_outage_is_logged_once_a_minute",
    ),
    Protection(
        "login/state/withheld.py::_read",
        replace("TooManyFieldsSent", "ZeroDivisionError"),
        "tests/login/web/test_error_page.py::"
        "test_a_callback_with_a_thousand_parameters_mails_nobody",
    ),
    Protection(
        "login/state/withheld.py::_readable",
        replace("islice(readable, _MAX_READABLE)", "readable"),
        "tests/login/web/test_error_page.py::"
        "test_a_callback_with_a_thousand_parameters_mails_nobody",
    ),
    Protection(
        "entra/federation.py::parse_token",
        never("is_token"),
        "tests/entra/test_federation.py::test_what_is_no_token_is_never_sent_nor_shown",
    ),
    Protection(
        "entra/federation.py::parse_token",
        never("expires_at"),
        "tests/entra/test_federation.py::test_a_token_that_is_over_says_since_when",
    ),
    Protection(
        "entra/federation.py::_content",
        never("S_ISREG"),
        "tests/entra/test_federation.py::test_a_directory_and_a_pipe_are_no_files",
    ),
    Protection(
        "entra/federation.py::_content",
        never("MAX_TOKEN_BYTES"),
        "tests/entra/test_federation.py::test_the_size_is_limited",
    ),
    Protection(
        "entra/managed_identity.py::_ask",
        replace("redirect=False", "redirect=True"),
        "tests/entra/test_managed_identity.py::test_no_redirect_is_followed",
        also=("_ask", replace("retries=False", "retries=5")),
    ),
    Protection(
        "entra/managed_identity.py::_bounded",
        never("len(content)"),
        "tests/entra/test_managed_identity.py::test_a_long_answer_is_not_read_to_its_end",
    ),
    Protection(
        "entra/managed_identity.py::_bounded",
        never("ends_at"),
        "tests/entra/test_managed_identity.py::test_a_slow_answer_is_given_up",
    ),
    Protection(
        "entra/managed_identity.py::_ask",
        never("scheme"),
        "tests/entra/test_managed_identity.py::test_an_address_that_is_none_is_refused",
    ),
    Protection(
        "entra/credentials.py::CertificateCredential._sign",
        replace("ASSERTION_LIFETIME", "3600"),
        "tests/entra/test_credentials.py::test_an_assertion_is_signed_for_one_client_and_endpoint",
    ),
    Protection(
        "entra/credentials.py::CertificateCredential._sign",
        drop_decorator(),
        "tests/entra/test_credentials.py::test_no_frame_of_an_unforeseen_error_holds_the_key",
    ),
    Protection(
        "credentials/certificates.py::_fitting",
        never("key_size"),
        "tests/credentials/test_certificates.py::test_a_key_that_azure_does_not_take",
    ),
    Protection(
        "credentials/certificates.py::_fitting",
        always("own"),
        "tests/credentials/test_certificates.py::test_text_that_is_no_key_with_its_certificate",
    ),
    Protection(
        "credentials/certificates.py::_fitting",
        never("not_valid_after_utc"),
        "tests/credentials/test_certificates.py::test_a_certificate_that_is_over_or_not_begun",
    ),
    Protection(
        "credentials/certificates.py::read_certificate",
        never("MAX_BYTES"),
        "tests/credentials/test_certificates.py::test_text_that_is_no_key_with_its_certificate",
    ),
    Protection(
        "credentials/certificates.py::_load_key",
        never("MAX_KEY_BYTES"),
        "tests/credentials/test_certificates.py::test_a_key_that_is_far_too_long_is_not_opened",
    ),
    Protection(
        "credentials/certificates.py::_from_pkcs12",
        skip("_require_affordable"),
        "tests/credentials/test_certificates.py::"
        "test_a_file_whose_password_is_hashed_too_often_is_not_opened",
    ),
    Protection(
        "credentials/certificates.py::_load_key",
        never("startswith"),
        "tests/credentials/test_certificates.py::"
        "test_an_encrypted_key_whose_password_is_hashed_too_often_is_not_opened",
    ),
    Protection(
        "credentials/key_encryption.py::_cost",
        never("MAX_KEY_BYTES"),
        "tests/credentials/test_key_encryption.py::test_what_takes_too_long_is_refused",
    ),
    Protection(
        "credentials/key_encryption.py::_cost",
        never("_MAX_DEPTH"),
        "tests/credentials/test_key_encryption.py::test_a_file_nested_without_end_is_refused",
    ),
    Protection(
        "credentials/key_encryption.py::_cost_of_parameters",
        never("MAX_ROUNDS"),
        "tests/credentials/test_key_encryption.py::test_what_takes_too_long_is_refused",
    ),
    Protection(
        "credentials/key_encryption.py::require_affordable",
        never("_MAX_COST"),
        "tests/credentials/test_key_encryption.py::test_what_takes_too_long_is_refused",
    ),
    Protection(
        "credentials/key_encryption.py::_elements",
        never("count"),
        "tests/credentials/test_key_encryption.py::test_what_cannot_be_read_as_der_is_refused",
    ),
    Protection(
        "credentials/key_encryption.py::_cost_within",
        never("tag & 31"),
        "tests/credentials/test_key_encryption.py::test_what_cannot_be_read_as_der_is_refused",
    ),
    Protection(
        "admin/connection/new_credentials.py::require_credentials",
        never(),
        "tests/admin/connection/test_new_credentials.py::test_adding_needs_both_permissions",
    ),
    Protection(
        "admin/connection/new_credentials.py::_chosen",
        replace("kind=kind", "pk__gt=0"),
        "tests/admin/connection/test_new_credentials.py::"
        "test_only_a_certificate_of_this_connection_is_downloaded",
    ),
    Protection(
        "admin/connection/new_credentials.py::_WriteOnly.format_value",
        instead("return", "return value"),
        "tests/admin/connection/test_new_credentials.py::"
        "test_bad_input_has_a_sentence_at_its_field_and_stores_nothing",
    ),
    Protection(
        "admin/connection/credentials.py::CredentialFormSet.clean",
        never("self.confirmation"),
        "tests/admin/connection/test_credentials.py::test_a_secret_is_removed",
    ),
    Protection(
        "transfer/credentials.py::_plan",
        never("_PEM"),
        "tests/transfer/test_credentials.py::"
        "test_without_its_private_key_a_certificate_is_not_stored",
    ),
    Protection(
        "transfer/exporter.py::_entries",
        replace(
            "Credential._default_manager.exclude(kind=Credential.Kind.SECRET)",
            "Credential._default_manager.all()",
        ),
        "tests/transfer/test_credentials.py::"
        "test_the_export_has_no_private_key_and_can_be_imported_again",
    ),
]

# Rotation.
_ROTATION = "tests/credentials/test_rotation.py::test_"
_RETIREMENT = "tests/credentials/test_retirement.py::test_"
_LEASE = "tests/credentials/test_lease.py::test_"

PROTECTIONS += [
    Protection(
        "credentials/registrations.py::open_registration",
        never("may_change_registration"),
        f"{_ROTATION}without_the_permission_nothing_is_asked_and_the_sentence_names_it",
    ),
    Protection(
        "credentials/registrations.py::_is_same",
        replace("one.value.holds(other.value.reveal())", "False"),
        f"{_ROTATION}connections_that_share_a_registration_all_get_the_new_one",
    ),
    Protection(
        "credentials/lease.py::Lease._update",
        drop_argument("holder"),
        f"{_LEASE}it_ends_by_itself",
    ),
    Protection(
        "credentials/lease.py::Lease.write",
        replace("durable=True", "durable=False"),
        f"{_ROTATION}nothing_is_stored_inside_a_transaction_that_could_be_lost",
    ),
    Protection(
        "models/rotation.py::Rotation.take",
        drop_argument("free"),
        f"{_LEASE}one_run_has_it_until_it_gives_it_back",
    ),
    Protection(
        "credentials/rotation_run.py::RotationRun.steps",
        never("_has_changed"),
        f"{_ROTATION}what_was_rotated_meanwhile_is_not_rotated_again",
    ),
    Protection(
        "credentials/rotation_run.py::RotationRun._complete",
        drop_operand("self._is_overdue()"),
        f"{_ROTATION}a_short_patience_leaves_it_to_the_next_run",
    ),
    Protection(
        "credentials/rotation_run.py::RotationRun._complete",
        drop_operand("isinstance(failure, CredentialFailed)"),
        f"{_ROTATION}microsoft_out_of_reach_removes_nothing",
    ),
    Protection(
        "credentials/new_credential.py::NewCredential.remove_lost",
        always("secret.name"),
        f"{_ROTATION}a_secret_whose_value_was_lost_on_the_way_is_removed_by_the_next_run",
    ),
    Protection(
        "credentials/rotation_run.py::RotationRun._given_up",
        never("_GRAPH_FAILED"),
        f"{_ROTATION}an_answer_without_meaning_leaves_it_to_the_next_run",
    ),
    Protection(
        "credentials/rotation.py::_run",
        never("is_of"),
        f"{_ROTATION}a_connection_that_left_the_registration_does_not_get_its_new_credential",
    ),
    Protection(
        "credentials/new_credential.py::NewCredential._make_secret",
        never("registered.has"),
        f"{_ROTATION}the_key_id_of_another_secret_is_not_believed",
    ),
    Protection(
        "credentials/new_credential.py::NewCredential._add_certificate",
        never("registered.has"),
        f"{_ROTATION}the_key_id_of_another_certificate_is_not_believed",
    ),
    Protection(
        "credentials/retirement.py::_remove_in_azure",
        never("_is_same_in_azure"),
        f"{_RETIREMENT}another_credential_with_the_same_key_id_is_not_removed",
    ),
    Protection(
        "credentials/retirement.py::_remove",
        drop_operand("_needed_by"),
        f"{_RETIREMENT}one_that_another_connection_uses_stays",
    ),
    Protection(
        "credentials/retirement.py::_remove",
        drop_operand("_not_known"),
        f"{_RETIREMENT}without_a_key_id_nothing_is_removed",
    ),
    Protection(
        "credentials/retirement.py::_remove",
        skip("_require_another"),
        f"{_RETIREMENT}the_last_one_that_works_is_not_removed",
    ),
    Protection(
        "entra/registration.py::Registration.credentials",
        never(),
        "tests/entra/test_registration.py::test_a_registration_without_its_id_is_not_used",
    ),
    Protection(
        "entra/registration.py::Registration.add_secret",
        never(),
        "tests/entra/test_registration.py::test_an_incomplete_secret_is_not_used",
    ),
    Protection(
        "admin/connection/rotation.py::rotate_now",
        skip("require_credentials"),
        "tests/admin/connection/test_rotation.py::test_rotating_needs_both_permissions",
    ),
    Protection(
        "admin/connection/rotation.py::rotate_now",
        never("replaced_at"),
        "tests/admin/connection/test_rotation.py::test_a_second_press_rotates_nothing",
    ),
]

# The trial and the consent of a set-up.
PROTECTIONS += [
    Protection(
        "login/flows/setup_session.py::require_session",
        drop_operand("key"),
        f"{_SETUP_TRIAL}a_trial_is_not_finished_by_another_opening",
    ),
    Protection(
        "login/flows/setup_session.py::require_session",
        never("connection_id"),
        f"{_SETUP_TRIAL}a_link_that_moved_to_another_connection_finishes_no_trial",
    ),
    Protection(
        "login/flows/setup_session.py::keep",
        drop_argument("link__revoked_at__isnull"),
        f"{_SETUP_TRIAL}a_link_that_is_revoked_while_microsoft_answers_gets_no_outcome",
    ),
    Protection(
        "login/flows/setup_trial.py::last_trial",
        drop_operand("is_current"),
        "tests/setup/web/test_trial.py::test_a_trial_of_other_settings_does_not_count",
    ),
    Protection(
        "login/flows/setup_trial.py::_as_kept",
        never("'secret_rejected'"),
        "tests/setup/web/test_trial.py::"
        "test_what_is_wrong_with_a_credential_of_this_site_is_not_shown",
    ),
    Protection(
        "setup/web/trial.py::TryPage._finish",
        never("works"),
        "tests/setup/web/test_trial.py::test_finish_without_a_trial_does_nothing",
    ),
    Protection(
        "setup/web/permissions.py::PermissionsPage._check",
        never("_CHECKS"),
        "tests/setup/web/test_permissions.py::test_checks_are_limited",
    ),
]

# In the core, for the sub-app.
PROTECTIONS += [
    Protection(
        "entra/signed_token.py::name_claims",
        drop_operand("longest"),
        "tests/entra/test_id_token.py::test_methods_are_bounded_and_all_roles_are_read",
    ),
    Protection(
        "login/state/session.py::_read",
        never("_MAX_METHODS"),
        "tests/login/state/test_session.py::test_methods_that_are_none_end_the_sign_in",
    ),
    Protection(
        "models/destinations.py::is_listed",
        drop_operand("'*' in url"),
        "tests/models/test_destinations.py::test_a_wildcard_is_never_a_destination",
    ),
]

# Set-up links.
PROTECTIONS += [
    Protection(
        "setup/connections.py::can_change_directory",
        drop_operand("is_in_use"),
        f"{_CUSTOMER}a_connection_in_use_keeps_its_directory",
    ),
    Protection(
        "setup/connections.py::is_in_use",
        drop_operand("approved.filter"),
        f"{_SECOND_LINK}exchanging_the_directory_after_the_approval",
    ),
    Protection(
        "setup/acceptance.py::_store_directory",
        skip("waiting.update"),
        f"{_SECOND_LINK}exchanging_the_directory_of_a_finished_set_up",
    ),
    Protection(
        "setup/web/credentials.py::CredentialsPage._test",
        never("_TESTS"),
        f"{_CUSTOMER}a_flood_of_tests",
    ),
    Protection(
        "setup/web/credentials.py::CredentialsPage._download",
        never("_CERTIFICATES"),
        f"{_CUSTOMER}a_flood_of_certificates",
    ),
    Protection(
        "setup/links.py::reopen",
        never("_REOPENINGS"),
        f"{_CUSTOMER}a_flood_of_reopenings",
    ),
    Protection(
        "setup/domains.py::ask_about",
        never("_QUESTIONS"),
        f"{_CUSTOMER_DOMAINS}a_flood_of_questions",
    ),
    Protection(
        "setup/acceptance.py::_require_free",
        drop_operand("allows"),
        f"{_CUSTOMER}an_app_inside_a_known_directory_does_not_take_it",
    ),
    Protection(
        "setup/links.py::approve",
        never("fingerprint"),
        f"{_LINKS}what_is_approved_is_what_was_seen",
    ),
    Protection(
        "setup/links.py::approve",
        never("finished_at"),
        f"{_LINKS}a_set_up_that_was_reopened_is_not_approved",
    ),
    Protection(
        "setup/links.py::approve",
        never("revoked_at"),
        f"{_LINKS}a_revoked_link_is_not_approved",
    ),
    Protection(
        "setup/links.py::finish",
        never("missing"),
        f"{_LINKS}without_an_accepted_credential_nothing_is_finished",
    ),
    Protection(
        "setup/opening.py::find_link",
        never("is_reached"),
        f"{_OPENING}guessing_ends_after_some_addresses",
    ),
    Protection(
        "login/state/setup_cookie.py::find_session",
        drop_argument("link__reference"),
        f"{_CUSTOMER}a_cookie_opens_only_its_own_link",
    ),
    Protection(
        "models/setup_link.py::SetupLink.is_usable",
        drop_operand("revoked_at"),
        f"{_CUSTOMER}a_session_ends_with_its_link",
    ),
    Protection(
        "setup/web/page.py::StepPage.dispatch",
        never("is_refused"),
        f"{_OPENING}a_finished_set_up_takes_no_more_forms",
    ),
    Protection(
        "setup/web/page.py::StepPage.dispatch",
        never("steps.is_reached"),
        f"{_OPENING}a_step_that_is_not_reached_leads_back",
    ),
    Protection(
        "login/state/withheld.py::withhold_from_environ",
        skip("_withhold_setup_token"),
        "tests/login/state/test_withheld_setup.py::test_a_report_has_neither_token_nor_cookie",
    ),
    Protection(
        "login/lookup/enabled.py::find_enabled",
        drop_operand("is_complete"),
        "tests/setup/test_connections.py::test_no_sign_in_page_offers_it",
    ),
]

PROTECTIONS += [
    Protection(
        "login/lookup/realm.py::discover",
        never("is_reached"),
        "tests/login/lookup/test_realm.py::test_trying_domains_ends_after_some_addresses",
    ),
]
PROTECTIONS += PROVIDER_PROTECTIONS + SCIM_PROTECTIONS + SCIM_TOKEN_PROTECTIONS
PROTECTIONS += METRICS_PROTECTIONS + SETUP_PROTECTIONS + ACCESS_PROTECTIONS
