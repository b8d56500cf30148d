from __future__ import annotations

import secrets
from typing import Any

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

PERSONAL = "9188040d-6c67-4c5b-b112-36a304b66dad"
#: US Government and DoD share one login host.
_ONE_HOST = {"dod": "usgov"}
_BATCH = 500


def _rows(apps: Any, schema_editor: Any, name: str) -> Any:
    """Return a model's manager for the database that is migrated, whatever a router says."""
    model = apps.get_model("azuread_connections", name)
    return model.objects.db_manager(schema_editor.connection.alias)


def note_who_let_directories_in(apps: Any, schema_editor: Any) -> None:
    """Tell directories that came by themselves from those that somebody has let in.

    Nobody has written it down so far. An allowed one counts as let in by an administrator unless
    the connection accepts every directory today: then it may have come by itself, and is judged by
    the policy from now on, under which it stays allowed.
    """
    connections = _rows(apps, schema_editor, "Connection")
    directories = _rows(apps, schema_editor, "Directory")
    own = Exists(
        connections.filter(pk=OuterRef("connection"), tenant_id=OuterRef("tenant_id")).order_by()
    )
    accepts = Exists(
        connections.filter(pk=OuterRef("connection"), new_directories="accept").order_by()
    )
    directories.filter(own, status="allowed").update(admitted_by="own")
    others = directories.filter(~own).exclude(tenant_id=PERSONAL)
    others.filter(Q(status="waiting") | (Q(accepts) & Q(status="allowed"))).update(
        admitted_by="itself"
    )


def hold_directories_of_other_connections(apps: Any, schema_editor: Any) -> None:
    """Hold what came by itself to one connection and is another connection's own directory."""
    connections = _rows(apps, schema_editor, "Connection")
    directories = _rows(apps, schema_editor, "Directory")
    pins = connections.filter(tenant_id=OuterRef("tenant_id")).exclude(pk=OuterRef("connection"))
    pinned = directories.filter(Exists(pins.order_by()), admitted_by="itself", status="allowed")
    for row in list(pinned.select_related("connection")):
        others = connections.filter(tenant_id=row.tenant_id).exclude(pk=row.connection_id)
        clouds = {_ONE_HOST.get(cloud, cloud) for cloud in others.values_list("cloud", flat=True)}
        if _ONE_HOST.get(row.connection.cloud, row.connection.cloud) in clouds:
            directories.filter(pk=row.pk).update(status="waiting")


def note_what_mappings_gave(apps: Any, schema_editor: Any) -> None:
    """Take each mapped group that a person's user is in for given by the mapping.

    So it was at the last sign-in by the connection, which takes people out of what they do not
    earn. By another connection of the same directory it counts if the stored groups earn it.
    """
    mappings = _rows(apps, schema_editor, "GroupMapping")
    identities = _rows(apps, schema_editor, "Identity")
    grants = _rows(apps, schema_editor, "GroupGrant")
    user_fields = apps.get_model(settings.AUTH_USER_MODEL)._meta.get_fields()
    if "groups" not in {field.name for field in user_fields}:
        return
    for mapping in mappings.exclude(group=None).select_related("connection"):
        by_directory = Q(tenant_id=mapping.connection.tenant_id) & ~Q(tenant_id="")
        people = identities.filter(
            Q(connection=mapping.connection_id) | by_directory, user__groups=mapping.group_id
        )
        found = []
        for identity in people.order_by("pk").distinct().iterator():
            stored = identity.groups if isinstance(identity.groups, list) else []
            earned = any(group.get("id") == mapping.directory_group_id for group in stored)
            if earned or identity.connection_id == mapping.connection_id:
                found.append(
                    grants.model(
                        identity_id=identity.pk,
                        connection_id=mapping.connection_id,
                        group_id=mapping.group_id,
                    )
                )
        grants.bulk_create(found, batch_size=_BATCH, ignore_conflicts=True)


def know_people_by_login_host(apps: Any, schema_editor: Any) -> None:
    """Give people of DoD the key of US Government, whose login host and directories they share.

    Somebody who came by connections of both has two rows, perhaps of two users. Users are never
    merged: the tie of the latest sign-in stays, the other one ends with the groups that it gave,
    and the log says so.
    """
    identities = _rows(apps, schema_editor, "Identity")
    for identity in list(identities.filter(cloud="dod")):
        twin = identities.filter(
            cloud="usgov", tenant_id=identity.tenant_id, object_id=identity.object_id
        ).first()
        if twin is not None:
            kept, ended = sorted((identity, twin), key=_last_seen, reverse=True)
            _end_tie(apps, schema_editor, ended, kept)
    identities.filter(cloud="dod").update(cloud="usgov")


def _last_seen(identity: Any) -> tuple[bool, Any, int]:
    moment = identity.last_sign_in_at
    return moment is not None, moment or identity.created_at, identity.pk


def _end_tie(apps: Any, schema_editor: Any, ended: Any, kept: Any) -> None:
    events = _rows(apps, schema_editor, "Event")
    grants = _rows(apps, schema_editor, "GroupGrant")
    given = list(grants.filter(identity=ended))
    if ended.user_id == kept.user_id:
        grants.bulk_create(
            [
                grants.model(
                    identity_id=kept.pk, connection_id=row.connection_id, group_id=row.group_id
                )
                for row in given
            ],
            ignore_conflicts=True,
        )
    else:
        others = grants.filter(identity__user=ended.user_id).exclude(identity=ended)
        still = set(others.values_list("group", flat=True))
        lost = {row.group_id for row in given} - still
        if lost:
            users = apps.get_model(settings.AUTH_USER_MODEL)._base_manager
            user = users.using(schema_editor.connection.alias).get(pk=ended.user_id)
            user.groups.remove(*lost)
        events.create(
            created_at=timezone.now(),
            kind="user_unlinked",
            reference=secrets.token_hex(4).upper(),
            connection_id=ended.connection_id,
            identity=kept,
            person=ended.login_name,
            message=f"The person had an identity in DoD and one in US Government, which share "
            f"their directories. Untied from the user with the key {ended.user_id}; the one with "
            f"the key {kept.user_id}, who signed in last, stays.",
        )
    events.filter(identity=ended).update(identity=kept)
    ended.delete()


class Migration(migrations.Migration):
    """Notes who let a directory in and what mappings gave, and knows people by login host."""

    dependencies = [
        ("auth", "0012_alter_user_first_name_max_length"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
        ("azuread_connections", "0006_lighter_identities"),
    ]

    operations = [
        migrations.AddField(
            model_name="directory",
            name="admitted_by",
            field=models.CharField(
                choices=[
                    ("administrator", "an administrator"),
                    ("own", "the connection's own directory"),
                    ("itself", "itself, with its first visitor"),
                ],
                default="administrator",
                editable=False,
                max_length=13,
                verbose_name="let in by",
            ),
        ),
        migrations.AddIndex(
            model_name="directory",
            index=models.Index(fields=["tenant_id"], name="azuread_directory_tenant"),
        ),
        migrations.AlterField(
            model_name="event",
            name="kind",
            field=models.CharField(
                choices=[
                    ("signed_in", "signed in"),
                    ("sign_in_failed", "sign-in failed"),
                    ("secret_refused", "secret refused"),
                    ("groups_incomplete", "groups incomplete"),
                    ("profile_incomplete", "extended profile incomplete"),
                    ("user_linked", "existing user linked"),
                    ("user_unlinked", "user unlinked"),
                    ("directory_waiting", "directory waits for approval"),
                    ("directory_moved", "trusted directory changed"),
                    ("tried", "tried by an administrator"),
                    ("consent_returned", "returned from the consent page"),
                ],
                max_length=20,
                verbose_name="kind",
            ),
        ),
        migrations.AlterField(
            model_name="identity",
            name="cloud",
            field=models.CharField(
                choices=[
                    ("global", "Global"),
                    ("usgov", "US Government (GCC High and DoD)"),
                    ("china", "China (21Vianet)"),
                ],
                max_length=10,
                verbose_name="cloud",
            ),
        ),
        migrations.CreateModel(
            name="GroupGrant",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "connection",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="group_grants",
                        to="azuread_connections.connection",
                    ),
                ),
                (
                    "group",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="auth.group",
                    ),
                ),
                (
                    "identity",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="group_grants",
                        to="azuread_connections.identity",
                    ),
                ),
            ],
            options={
                "verbose_name": "group given by a mapping",
                "verbose_name_plural": "groups given by mappings",
                "constraints": [
                    models.UniqueConstraint(
                        fields=("identity", "connection", "group"),
                        name="azuread_group_grant_unique",
                    )
                ],
            },
        ),
        migrations.RunPython(note_who_let_directories_in, migrations.RunPython.noop),
        migrations.RunPython(hold_directories_of_other_connections, migrations.RunPython.noop),
        migrations.RunPython(note_what_mappings_gave, migrations.RunPython.noop),
        migrations.RunPython(know_people_by_login_host, migrations.RunPython.noop),
    ]
