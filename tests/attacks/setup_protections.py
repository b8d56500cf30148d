"""Further protections of set-up links, and of domains that the DNS verifies: see protections.py."""

from __future__ import annotations

from .removal import (
    Protection,
    drop_argument,
    drop_item,
    drop_operand,
    never,
    replace,
    skip,
)

_CUSTOMER = "tests/attacks/test_hostile_customer.py::test_"
_CUSTOMER_DOMAINS = "tests/attacks/test_hostile_customer_domains.py::test_"
_MOMENT = "tests/attacks/test_hostile_moment.py::test_"
_SECOND_LINK = "tests/attacks/test_hostile_second_link.py::test_"
_LINKS = "tests/setup/test_links.py::test_"
_CREDENTIALS = "tests/setup/web/test_credentials.py::test_"
_VIEWS = "tests/setup/web/test_views.py::test_"
_CONNECTIONS = "tests/setup/test_connections.py::test_"
_EXPIRY = "tests/setup/test_expiry.py::test_"
_RECORDS = "tests/dns_proof/test_records.py::test_"
_RESOLVER = "tests/dns_proof/test_resolver.py::test_"
_SAME_ANSWER = f"{_VIEWS}every_link_that_cannot_be_opened_gets_the_same_answer"
_ENDED = f"{_MOMENT}the_link_ends_while_microsoft_answers"
_DOMAIN_ENDED = f"{_MOMENT}the_link_ends_while_a_domain_is_sent"
_USABLE = f"{_CONNECTIONS}a_link_changes_the_directory_of_a_set_up_that_is_not_finished"
_NAMED = f"{_CUSTOMER}no_answer_names_a_credential_of_the_site"
_ADDRESSES = "tests/test_rate_limit.py::test_the_network_of_an_address"

SETUP_PROTECTIONS = [
    # --- What a link can be made for
    Protection(
        "setup/links.py::_validate_target",
        never("is_complete"),
        f"{_LINKS}an_unfinished_connection_cannot_be_renewed",
    ),
    Protection(
        "setup/links.py::_validate_target",
        never("why_no_sign_in"),
        f"{_LINKS}an_application_without_people_is_refused",
    ),
    Protection("setup/links.py::_validate_limits", never("lifetime"), f"{_LINKS}limits"),
    Protection("setup/links.py::_validate_limits", never("max_openings"), f"{_LINKS}limits"),
    Protection(
        "setup/connections.py::create_unfinished",
        skip("validate_plain_text"),
        f"{_LINKS}a_name_that_cannot_be_shown_is_refused",
    ),
    Protection(
        "admin/connection/invite_form.py::InvitationForm._usable_reference",
        drop_operand("exists"),
        "tests/admin/connection/test_invite.py::test_another_users_reference_is_not_taken_over",
    ),
    Protection(
        "setup/invitation.py::Invitation.mailto",
        replace("quote(recipient, safe='@')", "recipient"),
        "tests/setup/test_invitation.py::test_an_address_adds_no_header_to_the_mailto_address",
    ),
    # --- Who can open it, and for how long
    Protection(
        "models/setup_link.py::SetupLink.take_opening",
        drop_argument("openings_used__lt"),
        f"{_VIEWS}the_last_opening_stays_open",
    ),
    Protection(
        "models/setup_link.py::SetupLink.take_opening",
        drop_argument("revoked_at__isnull"),
        f"{_MOMENT}an_opening_is_counted_only_while_the_link_is_valid",
    ),
    Protection(
        "models/setup_link.py::SetupLink.take_opening",
        drop_argument("expires_at__gt"),
        f"{_MOMENT}an_opening_is_counted_only_while_the_link_is_valid",
    ),
    Protection(
        "models/setup_link.py::SetupLink.take_opening",
        drop_argument("connection__isnull"),
        f"{_MOMENT}an_opening_is_counted_only_while_the_link_is_valid",
    ),
    Protection(
        "models/setup_link.py::SetupLink.is_usable",
        drop_operand("expires_at"),
        f"{_LINKS}an_expired_link_finishes_nothing",
    ),
    Protection("setup/web/views.py::OpenView.get", never("can_be_opened"), _SAME_ANSWER),
    Protection(
        "setup/web/views.py::OpenView",
        drop_item("csrf_protect"),
        f"{_VIEWS}a_page_of_another_site_cannot_press_the_button",
    ),
    Protection(
        "setup/opening.py::find_link",
        drop_operand("address"),
        f"{_VIEWS}clients_without_an_address_do_not_lock_each_other_out",
    ),
    Protection(
        "setup/opening.py::open_link",
        replace("min(now + SESSION_LIFETIME, link.expires_at)", "now + SESSION_LIFETIME"),
        f"{_VIEWS}no_session_outlives_its_link",
    ),
    Protection(
        "login/state/setup_cookie.py::find_session",
        drop_argument("expires_at__gt"),
        f"{_VIEWS}the_session_ends_after_five_hours",
    ),
    Protection(
        "login/state/setup_cookie.py::find_session",
        drop_argument("key_hash"),
        f"{_MOMENT}a_made_up_cookie_opens_nothing",
    ),
    Protection(
        "login/state/setup_cookie.py::set_cookie",
        drop_argument("httponly"),
        f"{_VIEWS}the_session_ends_after_five_hours",
    ),
    Protection(
        "login/state/setup_cookie.py::set_cookie",
        drop_argument("secure"),
        f"{_VIEWS}on_https_the_cookie_is_of_this_host_only",
    ),
    Protection(
        "login/state/setup_cookie.py::_name",
        replace("'__Host-' if is_secure(request) else ''", "''"),
        f"{_VIEWS}on_https_the_cookie_is_of_this_host_only",
    ),
    Protection("rate_limit.py::network_of", never("IPv6Address"), _ADDRESSES),
    Protection("rate_limit.py::network_of", never("ipv4_mapped"), _ADDRESSES),
    # --- What its pages take and show
    Protection(
        "setup/web/page.py::StepPage",
        drop_item("csrf_protect"),
        f"{_MOMENT}a_page_of_another_site_sends_no_form",
    ),
    *(
        Protection("setup/web/page.py::protect", skip(header), f"{_VIEWS}headers_of_every_page")
        for header in ("Content-Security-Policy", "X-Robots-Tag", "Referrer-Policy")
    ),
    Protection(
        "setup/web/credentials_form.py::CredentialsForm.save_draft",
        never("is_known"),
        f"{_CREDENTIALS}two_administrators_do_not_overwrite_each_other",
    ),
    Protection(
        "login/flows/setup_consent.py::last_answer",
        drop_operand("is_current"),
        "tests/setup/web/test_permissions.py::test_an_answer_about_other_settings_is_not_shown",
    ),
    Protection(
        "setup/web/permissions.py::PermissionsPage._link",
        drop_argument("lifetime"),
        "tests/setup/web/test_permissions.py::test_that_address_is_valid_no_longer_than_the_link",
    ),
    Protection(
        "setup/credentials.py::can_name", replace("_is_of_link(link, credential)", "True"), _NAMED
    ),
    Protection("setup/acceptance.py::_test", drop_operand("can_name"), _NAMED),
    Protection("setup/web/done.py::DonePage.get_context_data", drop_operand("can_name"), _NAMED),
    Protection(
        "setup/credentials.py::newest_accepted", replace("can_name(link, each)", "True"), _NAMED
    ),
    Protection(
        "setup/credentials.py::_is_of_link",
        drop_operand("ENTERED"),
        f"{_CREDENTIALS}what_the_site_adds_meanwhile_is_neither_named_nor_a_renewal",
    ),
    Protection(
        "setup/credentials.py::_is_of_link",
        drop_operand("is_newer"),
        f"{_CREDENTIALS}a_stored_credential_renews_nothing",
    ),
    # --- What it can change
    Protection("setup/connections.py::can_change_directory", drop_operand("SETUP"), _USABLE),
    Protection("setup/connections.py::can_change_directory", drop_operand("finished_at"), _USABLE),
    Protection("setup/connections.py::can_change_directory", drop_operand("approved_at"), _USABLE),
    Protection(
        "setup/connections.py::is_in_use",
        drop_operand("EnabledConnection"),
        f"{_CUSTOMER}a_connection_in_use_keeps_its_directory",
    ),
    Protection(
        "setup/connections.py::is_in_use",
        drop_operand("Identity"),
        f"{_CUSTOMER}a_connection_in_use_keeps_its_directory",
    ),
    Protection("setup/acceptance.py::_test_and_store", drop_operand("is_usable"), _ENDED),
    Protection("setup/acceptance.py::_test_and_store", drop_operand("finished_at"), _ENDED),
    Protection(
        "setup/acceptance.py::_test_and_store",
        never("Draft.of(link) != draft"),
        f"{_MOMENT}a_colleague_saves_while_microsoft_answers",
    ),
    Protection(
        "setup/acceptance.py::_store_directory",
        skip("_require_free"),
        f"{_MOMENT}a_directory_is_taken_while_microsoft_answers",
    ),
    Protection(
        "setup/acceptance.py::_store_directory",
        never("can_change_directory"),
        f"{_MOMENT}the_connection_is_enabled_while_microsoft_answers",
    ),
    Protection(
        "setup/acceptance.py::_require_free",
        drop_operand("own"),
        f"{_CREDENTIALS}what_another_connection_has_is_refused",
    ),
    Protection(
        "setup/acceptance.py::_test_and_store",
        skip("_test(link"),
        f"{_CREDENTIALS}a_mistake_is_explained_and_nothing_reaches_the_connection",
    ),
    Protection(
        "setup/acceptance.py::_store_directory",
        skip("last_success_at"),
        f"{_CREDENTIALS}another_directory_begins_the_later_steps_again",
    ),
    Protection(
        "setup/acceptance.py::_store_directory",
        skip("go_back_to"),
        f"{_SECOND_LINK}exchanging_the_directory_of_a_finished_set_up",
    ),
    Protection(
        "setup/web/credentials.py::CredentialsPage._test",
        never("has_accepted_credential"),
        f"{_CREDENTIALS}a_stored_credential_renews_nothing",
    ),
    # --- When it is finished and approved
    Protection(
        "setup/links.py::finish",
        never("is_renewal", which=0),
        f"{_CUSTOMER}a_renewal_that_names_applications_enables_nothing",
    ),
    Protection(
        "setup/links.py::finish", never("is_usable"), f"{_LINKS}an_expired_link_finishes_nothing"
    ),
    Protection(
        "setup/links.py::reopen",
        never("approved_at"),
        f"{_LINKS}an_approved_set_up_is_not_reopened",
    ),
    Protection(
        "setup/links.py::reopen",
        never("is_usable"),
        f"{_CUSTOMER}reopening_in_the_moment_of_the_revocation",
    ),
    Protection(
        "setup/links.py::approve",
        never("missing"),
        "tests/admin/test_setup_link_actions.py::test_what_is_missing_again_is_said",
    ),
    Protection(
        "setup/readiness.py::lacking",
        never("REQUIRED"),
        f"{_LINKS}required_domains_must_be_proven",
    ),
    Protection(
        "setup/credentials.py::has_accepted_credential",
        never("RENEW"),
        f"{_CREDENTIALS}a_stored_credential_renews_nothing",
    ),
    *(
        Protection(
            "setup/credentials.py::has_accepted_credential",
            drop_operand(word),
            f"{_LINKS}a_credential_that_cannot_be_used_finishes_nothing",
        )
        for word in ("last_success_at", "is_expired", "is_refused")
    ),
    # --- Its domains
    Protection("setup/domains.py::_open_connection", drop_operand("is_usable"), _DOMAIN_ENDED),
    Protection("setup/domains.py::_open_connection", drop_operand("finished_at"), _DOMAIN_ENDED),
    Protection(
        "setup/domains.py::can_be_removed",
        replace("in_use and alias.is_verified_for(alias.connection.tenant_id)", "False"),
        f"{_CUSTOMER_DOMAINS}removing_a_domain_that_leads_to_a_connection_in_use",
    ),
    Protection(
        "setup/domains.py::can_be_removed",
        drop_operand("is_primary"),
        f"{_CUSTOMER_DOMAINS}removing_the_domain_of_the_connection",
    ),
    Protection(
        "setup/domains.py::remove_domain",
        never("can_be_removed"),
        f"{_CUSTOMER_DOMAINS}removing_a_domain_that_leads_to_a_connection_in_use",
    ),
    Protection(
        "setup/domains.py::is_verified",
        drop_operand("is_disputed"),
        f"{_CUSTOMER_DOMAINS}going_on_with_a_disputed_domain",
    ),
    Protection(
        "domain_records.py::settle",
        drop_argument("dns_token="),
        "tests/test_domain_records.py::test_a_directory_exchanged_in_that_moment_verifies_nothing",
        also=("settle", drop_argument("dns_tenant_id=")),
    ),
    Protection(
        "dns_proof/records.py::Lookup.seen",
        replace("self.texts[:_MOST_SEEN]", "self.texts"),
        f"{_RECORDS}what_was_seen_is_short_and_printable",
    ),
    Protection(
        "dns_proof/records.py::_printable",
        replace("text[:_MOST_LETTERS]", "text"),
        f"{_RECORDS}what_was_seen_is_short_and_printable",
    ),
    Protection(
        "dns_proof/records.py::_printable",
        replace("letter if letter.isprintable() else '�'", "letter"),
        f"{_RECORDS}what_was_seen_is_short_and_printable",
    ),
    Protection(
        "dns_proof/resolver.py::look_up",
        drop_argument("lifetime"),
        f"{_RESOLVER}the_time_is_limited_over_all_servers",
    ),
    Protection(
        "setup/domains.py::_log_verified",
        drop_operand("is_verified"),
        "tests/setup/web/test_domains.py::test_a_disputed_domain_is_not_logged_as_verified",
    ),
    # --- What remains of it
    Protection(
        "setup/links.py::revoke",
        drop_argument("draft"),
        f"{_LINKS}a_revoked_link_keeps_nothing_that_was_entered",
    ),
    Protection(
        "login/log/setup_events.py::record_domain_refused",
        replace("f'{connection.pk} asked by link {link.pk}'", "''"),
        "tests/login/log/test_setup_events.py::test_a_refused_domain_of_one_link_hides_no_other",
    ),
    Protection(
        "setup/expiry.py::clear_expired",
        skip("trial=None"),
        f"{_EXPIRY}a_sessions_claims_go_when_it_is_over_and_its_row_later",
    ),
    Protection(
        "setup/expiry.py::clear_expired",
        skip("draft={}"),
        f"{_EXPIRY}what_was_never_accepted_goes_with_the_link",
    ),
]
