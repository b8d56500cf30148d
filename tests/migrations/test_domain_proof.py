"""What the migration does with existing connections."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.apps.registry import Apps
from django.db import connection as database
from django.db.migrations.executor import MigrationExecutor

APP = "azuread_connections"
TENANT = "11112222-bbbb-3333-cccc-4444dddd5555"


def migrate(name: str) -> Apps:
    executor = MigrationExecutor(database)
    executor.migrate([(APP, name)])
    state: Any = MigrationExecutor(database).loader.project_state([(APP, name)])
    apps: Apps = state.apps
    return apps


@pytest.fixture
def steps(transactional_db: None) -> Iterator[tuple[str, str]]:
    """The names of the states before the proofs moved, and after."""
    loader = MigrationExecutor(database).loader
    [leaf] = [name for app, name in loader.graph.leaf_nodes() if app == APP]
    names = {name for app, name in loader.disk_migrations if app == APP}
    [first] = [name for name in names if name.endswith("_domain_proof")]
    [last] = [name for name in names if name.endswith("_domain_proof_only")]
    [(_app, before)] = loader.disk_migrations[APP, first].dependencies
    yield before, last
    MigrationExecutor(database).migrate([(APP, leaf)])


def add(apps: Apps, name: str, **values: Any) -> Any:
    return apps.get_model(APP, "Connection").objects.create(  # type: ignore[attr-defined]
        name=name, name_key=name, domain=f"{name}.com", client_id=TENANT, **values
    )


def test_a_proof_moves_to_the_own_domain_and_back(steps: tuple[str, str]) -> None:
    before, after = steps
    old = migrate(before)
    verified = add(old, "verified", tenant_id=TENANT, domain_verified=True)
    old.get_model(APP, "DomainAlias").objects.create(  # type: ignore[attr-defined]
        connection=verified, domain="verified.com", is_primary=True
    )
    old.get_model(APP, "DomainAlias").objects.create(  # type: ignore[attr-defined]
        connection=verified, domain="alias.com"
    )
    add(old, "hidden", tenant_id=TENANT, domain_verified=True, discover_domain=False)
    add(old, "unverified", tenant_id=TENANT, domain_verified=False)

    aliases = migrate(after).get_model(APP, "DomainAlias").objects  # type: ignore[attr-defined]
    rows = {
        row.domain: (row.is_primary, row.verified_by, row.found_tenant_id) for row in aliases.all()
    }
    assert rows == {
        "verified.com": (True, "microsoft", TENANT),
        "alias.com": (False, "", ""),
        "hidden.com": (True, "microsoft", TENANT),
        "unverified.com": (True, "", ""),
    }
    proof = aliases.get(domain="verified.com")
    assert proof.verified_at == proof.checked_at == proof.connection.updated_at

    old = migrate(before)
    connections = old.get_model(APP, "Connection").objects  # type: ignore[attr-defined]
    assert dict(connections.values_list("name", "domain_verified")) == {
        "verified": True,
        "hidden": True,
        "unverified": False,
    }
    aliases = old.get_model(APP, "DomainAlias").objects  # type: ignore[attr-defined]
    assert not aliases.filter(domain="hidden.com").exists()
