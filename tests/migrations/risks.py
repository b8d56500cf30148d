"""Operations of migrations that stop others: they lock a table for long, rewrite it, or take away what
workers of the previous release still use.

What is listed in ``REASONS`` was looked at. docs/zero-downtime.md says what to do about it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.db.migrations import operations
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ProjectState
from django.db.models import NOT_PROVIDED, Field
from django.db.models.fields.related import ForeignKey

#: The newest migration of each app in the previous release; "" for an app that it does not have.
#: Before the first release it stands for a checkout of 2026-11-29.
PREVIOUS_RELEASE = {
    "azuread_connections": "0015_rotation",
    "azuread_provider": "0007_subjects_and_methods",
    "azuread_scim": "",
}

NO_RELEASE_YET = "older than the first release: no site upgrades over it while people sign in"
SMALL = "a table of a few rows per connection: the lock lasts milliseconds"
SAME_ROWS = "workers of the previous release keep to the narrower constraint that it replaces"
BESIDE_WRITERS = "built concurrently on PostgreSQL: others go on writing"

#: ``app.migration``, or ``app.migration: operation``, and why it is acceptable.
REASONS = {
    "azuread_connections.0004_buttons_index": NO_RELEASE_YET,
    "azuread_connections.0005_lighter_log": NO_RELEASE_YET,
    "azuread_connections.0006_lighter_identities": NO_RELEASE_YET,
    "azuread_connections.0007_directory_trust": NO_RELEASE_YET,
    "azuread_connections.0008_unconfirmed_events": NO_RELEASE_YET,
    "azuread_connections.0009_domain_proof": NO_RELEASE_YET,
    "azuread_connections.0010_domain_proof_only": NO_RELEASE_YET,
    "azuread_connections.0013_roles_and_client_events": NO_RELEASE_YET,
    "azuread_connections.0014_credentials": NO_RELEASE_YET,
    "azuread_connections.0016_setup_links: "
    "Create index azuread_connection_client on field(s) client_id of model connection": SMALL,
    "azuread_connections.0016_setup_links: Add field dns_tenant_id to domainalias": "0018",
    "azuread_connections.0016_setup_links: Add field dns_token to domainalias": "0018",
    "azuread_connections.0016_setup_links: Add field needs_proof to domainalias": "0018",
    "azuread_connections.0017_access: Add field app_roles to connection": "0018",
    "azuread_connections.0017_access: Add field optional_claims to connection": "0018",
    "azuread_connections.0017_access: Add field prompt to connection": "0018",
    "azuread_connections.0017_access: Add field role to groupmapping": "0018",
    "azuread_connections.0017_access: "
    "Create constraint azuread_mapping_unique on model groupmapping": f"{SMALL}; {SAME_ROWS}",
    "azuread_connections.0019_log_lookups: "
    "Create index azuread_connection_display on field(s) display_name of model connection": SMALL,
    "azuread_connections.0019_log_lookups: "
    "Create index azuread_identity_name on field(s) login_name of model identity": BESIDE_WRITERS,
    "azuread_connections.0019_log_lookups: "
    "Create index azuread_event_person on field(s) identity, person of model event": BESIDE_WRITERS,
    "azuread_connections.0019_log_lookups: "
    "Create index azuread_event_correlation on field(s) correlation_id of model event": (
        BESIDE_WRITERS
    ),
    "azuread_connections.0019_log_lookups: "
    "Create index azuread_event_counted on field(s) counter_key of model event": BESIDE_WRITERS,
    "azuread_provider.0002_apis": NO_RELEASE_YET,
    "azuread_provider.0003_browser_session": NO_RELEASE_YET,
    "azuread_provider.0004_client_settings": NO_RELEASE_YET,
    "azuread_provider.0006_logout_notice": NO_RELEASE_YET,
    "azuread_provider.0007_subjects_and_methods": NO_RELEASE_YET,
}

# A new table's foreign keys lock the tables that they refer to only for a moment: it has no rows.
_HARMLESS = (
    operations.CreateModel,
    operations.AlterModelOptions,
    operations.AlterModelManagers,
    operations.RemoveIndex,
    operations.RemoveConstraint,
)
_EFFECTS: dict[tuple[type[Operation], ...], str] = {
    _HARMLESS: "",
    (operations.AddIndex,): "blocks writes while the index is built",
    (operations.AddConstraint,): "blocks the table while all rows are checked",
    (operations.RunPython, operations.RunSQL): "locks the rows that it writes",
}


@dataclass(frozen=True)
class Risk:
    """An operation, and what it does to others."""

    migration: str
    operation: str
    effect: str

    @property
    def name(self) -> str:
        return f"{self.migration}: {self.operation}"

    @property
    def reason(self) -> str:
        return REASONS.get(self.name) or REASONS.get(self.migration, "")


def risks_of(app_label: str) -> Iterator[Risk]:
    """Yield what the migrations of an installed app do to others, in their order."""
    loader = MigrationLoader(None)
    [newest] = loader.graph.leaf_nodes(app_label)
    for key in loader.graph.forwards_plan(newest):
        if key[0] != app_label:
            continue
        migration = loader.graph.nodes[key]
        parents = [parent.key for parent in loader.graph.node_map[key].parents]
        state = loader.project_state(parents, at_end=True)
        made: set[str] = set()
        for operation in migration.operations:
            before = state.clone()
            operation.state_forwards(app_label, state)
            if isinstance(operation, operations.CreateModel):
                made.add(operation.name_lower)
            model = getattr(operation, "model_name_lower", "")
            effect = "" if model in made else _effect(operation, before, app_label)
            if effect:
                yield Risk(".".join(key), operation.describe(), effect)


def _effect(operation: Operation, before: ProjectState, app_label: str) -> str:
    """Return what an operation on an existing table does to others; "" for nothing."""
    if isinstance(operation, operations.AddField):
        return _effect_of_new(operation.field)
    if isinstance(operation, operations.AlterField):
        old = before.models[app_label, operation.model_name_lower].fields[operation.name]
        return _effect_of_change(old, operation.field)
    known = (effect for kinds, effect in _EFFECTS.items() if isinstance(operation, kinds))
    return next(known, "takes away a name that the previous release uses")


def _effect_of_new(field: Field[Any, Any]) -> str:
    if field.many_to_many:
        return ""
    if isinstance(field, ForeignKey) and field.db_constraint:
        return "locks two tables while the foreign key is added"
    if not field.null and field.db_default is NOT_PROVIDED:
        return "the previous release cannot insert rows"
    return "builds an index" if field.db_index or field.unique else ""


def _effect_of_change(old: Field[Any, Any], new: Field[Any, Any]) -> str:
    changed = _stored(old).items() ^ _stored(new).items()
    # The database's default is metadata. Python's is not stored.
    if {name for name, _ in changed} - {"db_default", "default"}:
        return "changes the column"
    return ""


def _stored(field: Field[Any, Any]) -> dict[str, str]:
    """Return the options of a field that the database knows."""
    _, path, _, options = field.deconstruct()
    stored = {name: repr(it) for name, it in options.items() if name not in field.non_db_attrs}
    return stored | {"class": path}
