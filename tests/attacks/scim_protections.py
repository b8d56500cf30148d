"""The protections of the optional sub-app for provisioning: see protections.py.

Their tests need scim2-models, so ``ci/remove_protections.py`` removes these only where it is
installed: ``.venv-provider/bin/python ci/remove_protections.py scim/``.
"""

from __future__ import annotations

from .removal import Protection, drop_argument, drop_operand, never, replace, skip

_HOSTILE = "tests/scim/attacks/test_hostile_directory.py::test_"
_REQUESTS = "tests/scim/attacks/test_hostile_requests.py::test_"
_LOOKS = "tests/scim/test_four_looks.py::test_"
_LEAVERS = "tests/scim/test_joiners_and_leavers.py::test_"
_INPUT = "tests/scim/test_bad_input.py::test_"

SCIM_PROTECTIONS = [
    # --- Who is meant
    Protection(
        "scim/accounts.py::find_identity",
        drop_argument("tenant_id="),
        f"{_HOSTILE}an_object_id_of_another_directory",
    ),
    Protection(
        "scim/people.py::_people_by",
        drop_argument("connection="),
        f"{_HOSTILE}people_of_another_connection",
    ),
    Protection(
        "scim/groups.py::groups_of",
        drop_argument("connection="),
        f"{_HOSTILE}people_of_another_connection",
    ),
    Protection(
        "scim/members.py::_people",
        drop_argument("connection="),
        f"{_HOSTILE}people_of_another_connection",
    ),
    Protection(
        "scim/rights.py::_mapped_groups",
        drop_argument("connection="),
        f"{_HOSTILE}a_group_of_another_connections_mappings",
    ),
    # --- Who gets which user
    Protection(
        "login/users/resolution.py::provision",
        skip("_check_admission"),
        f"{_HOSTILE}a_guest",
    ),
    Protection(
        "scim/accounts.py::admit", skip("directories.check"), f"{_HOSTILE}a_refused_directory"
    ),
    Protection(
        "scim/accounts.py::tie_again",
        drop_operand("_is_privileged"),
        f"{_HOSTILE}a_return_to_an_account_with_rights",
    ),
    Protection(
        "scim/accounts.py::tie_again",
        drop_operand("azuread_identities"),
        f"{_HOSTILE}a_return_to_an_account_with_rights",
    ),
    Protection(
        "scim/accounts.py::tie_again",
        drop_operand("was_activated"),
        f"{_HOSTILE}a_return_to_an_account_that_was_activated_unheard",
    ),
    Protection(
        "scim/people.py::_let_go",
        skip("members.leave_all"),
        f"{_HOSTILE}the_groups_of_the_row_that_somebody_gets",
    ),
    Protection(
        "scim/people.py::_follow",
        never("deleted_at"),
        f"{_LEAVERS}a_person_who_returns_inactive_gets_the_same_user_back",
    ),
    Protection(
        "scim/receivers.py::note_activated_user",
        skip("deleted.update"),
        f"{_HOSTILE}a_return_to_an_account_with_rights",
    ),
    Protection(
        "scim/receivers.py::note_activated_user",
        skip("deactivated.update"),
        f"{_LEAVERS}who_an_administrator_has_deactivated_after_the_directory_stays_so",
    ),
    Protection(
        "scim/accounts.py::_reactivate",
        skip("_tie"),
        f"{_HOSTILE}an_account_that_was_untied",
    ),
    Protection(
        "scim/accounts.py::_tie",
        never("user_id"),
        f"{_HOSTILE}a_user_whom_the_person_got_later_is_not_locked_out",
    ),
    Protection(
        "scim/receivers.py::follow_identity",
        skip("made_user"),
        f"{_HOSTILE}a_user_whom_the_person_got_later_is_not_locked_out",
    ),
    Protection(
        "scim/people.py::_change.changed",
        never("had_person"),
        f"{_LEAVERS}a_users_name_that_a_newcomer_gets_does_not_bring_the_user",
    ),
    # --- Leavers
    Protection(
        "scim/people.py::_stands_for_somebody",
        replace('is_guid(row.external_id or "") and (not row.is_active)', "False"),
        f"{_LEAVERS}a_deactivated_person_without_a_user_is_refused_after_a_newcomer_got_their_row",
    ),
    Protection(
        "scim/people.py::_change.changed",
        replace("before.is_active or is_another", "before.is_active"),
        f"{_LEAVERS}an_inactive_row_that_gets_an_object_id_ends_the_sessions",
    ),
    Protection(
        "scim/people.py::_let_go",
        skip("accounts.record"),
        f"{_LOOKS}replaced_by_somebody_else",
    ),
    Protection(
        "scim/people.py::_record_change",
        replace("before.is_active or has_left", "before.is_active"),
        f"{_LOOKS}an_inactive_row_that_begins_to_stand_for_somebody",
    ),
    Protection(
        "scim/people.py::create.stored",
        never("identity_id"),
        f"{_LOOKS}reported_for_the_first_time_when_disabled",
    ),
    Protection(
        "scim/admission_rule.py::admission_rule",
        never("deleted_at"),
        f"{_HOSTILE}a_leaver_who_signs_in",
    ),
    Protection(
        "scim/admission_rule.py::admission_rule",
        never("is_active"),
        f"{_HOSTILE}a_leaver_who_signs_in",
    ),
    Protection(
        "scim/accounts.py::deactivate",
        never("made_user"),
        f"{_LEAVERS}a_person_who_signed_in_first_is_refused_but_their_user_stays_active",
    ),
    Protection(
        "scim/accounts.py::_was_made_at_sign_in",
        drop_argument("connection="),
        f"{_LEAVERS}a_person_who_signed_in_first_is_refused_but_their_user_stays_active",
    ),
    Protection(
        "scim/accounts.py::_was_made_at_sign_in",
        drop_argument("user="),
        f"{_LEAVERS}a_person_who_signed_in_first_is_refused_but_their_user_stays_active",
    ),
    Protection(
        "scim/user_fields.py::require_fitting",
        never("not person.is_active"),
        "tests/scim/test_user_fields.py::test_nothing_keeps_a_leaver_in",
    ),
    Protection(
        "scim/accounts.py::_has_another_way_in",
        never("has_usable_password"),
        f"{_HOSTILE}a_user_with_another_way_in_is_not_locked_out",
    ),
    Protection(
        "scim/accounts.py::_has_another_way_in",
        never("_reported_elsewhere"),
        f"{_REQUESTS}a_person_whom_another_connection_lets_in",
    ),
    Protection(
        "scim/receivers.py::forget_former_directory",
        never("former"),
        f"{_HOSTILE}a_token_of_the_former_directory",
    ),
    # --- What is read
    Protection(
        "scim/dialect.py::operations",
        never("MAX_PATHS"),
        "tests/scim/test_dialect.py::test_long_paths_are_refused_before_they_are_parsed",
    ),
    Protection(
        "scim/dialect.py::_targeted",
        never("MAX_PATH"),
        f"{_INPUT}a_path_that_is_too_long_is_refused",
    ),
    Protection(
        "scim/reading.py::_check_number_of_values",
        never("MAX_VALUES"),
        f"{_INPUT}a_user_that_does_not_fit_is_refused_by_name",
    ),
    Protection(
        "scim/people.py::_require_unique",
        never("deleted_at is None"),
        f"{_REQUESTS}the_object_id_of_a_colleague",
    ),
    Protection(
        "scim/body.py::_check_depth", never("MAX_DEPTH"), f"{_INPUT}a_malformed_body_is_refused"
    ),
    Protection(
        "scim/texts.py::check_texts", never("is_storable"), f"{_INPUT}a_malformed_body_is_refused"
    ),
    Protection(
        "scim/filters.py::_conditions",
        never("is_storable"),
        f"{_INPUT}a_filter_for_what_cannot_be_stored_is_refused",
    ),
    Protection(
        "scim/people_state.py::write",
        skip("check_texts"),
        f"{_INPUT}an_operation_whose_path_brings_what_cannot_be_stored_is_refused",
    ),
    Protection(
        "scim/group_patch.py::member_values",
        skip("check_texts"),
        f"{_INPUT}an_operation_whose_path_brings_what_cannot_be_stored_is_refused",
    ),
    Protection(
        "scim/views.py::_handle",
        drop_operand("is_storable"),
        f"{_INPUT}an_id_that_cannot_be_stored_is_not_found",
    ),
    Protection(
        "scim/authentication.py::_connection",
        never("is_storable"),
        f"{_INPUT}a_connections_name_that_cannot_be_stored_is_refused_without_a_query",
    ),
    Protection(
        "scim/views.py::_require_directory",
        drop_operand("not connection.tenant_id"),
        f"{_INPUT}a_connection_without_a_directory_is_told_what_to_do",
    ),
]
