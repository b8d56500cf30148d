from collections.abc import Iterator
from typing import Any

from django.db import migrations, models

_PAGE_SIZE = 500


def _pages(connections: Any) -> Iterator[list[Any]]:
    last = 0
    while page := list(connections.filter(pk__gt=last).order_by("pk")[:_PAGE_SIZE]):
        yield page
        last = page[-1].pk


def give_each_domain_its_proof(apps: Any, schema_editor: Any) -> None:
    """The own domain gets its row and takes its proof along; an alias has none so far."""
    using = schema_editor.connection.alias
    aliases = apps.get_model("azuread_connections", "DomainAlias").objects.using(using)
    for page in _pages(apps.get_model("azuread_connections", "Connection").objects.using(using)):
        known = {
            (row.connection_id, row.domain): row for row in aliases.filter(connection__in=page)
        }
        missing = []
        for connection in page:
            row = known.get((connection.pk, connection.domain))
            if row is None:
                row = aliases.model(connection_id=connection.pk, domain=connection.domain)
                missing.append(row)
            row.is_primary = True
            if connection.domain_verified and connection.tenant_id:
                row.verified_at = row.checked_at = connection.updated_at
                row.verified_by = "microsoft"
                row.found_tenant_id = connection.tenant_id
            if row.pk:
                row.save(using=using)
        aliases.bulk_create(missing)


def give_the_proof_back(apps: Any, schema_editor: Any) -> None:
    using = schema_editor.connection.alias
    aliases = apps.get_model("azuread_connections", "DomainAlias").objects.using(using)
    connections = apps.get_model("azuread_connections", "Connection").objects.using(using)
    for page in _pages(connections):
        proofs = aliases.filter(
            connection__in=page, is_primary=True, verified_at__isnull=False
        ).values_list("connection", "found_tenant_id")
        directories = dict(proofs)
        verified = [
            each.pk
            for each in page
            if each.tenant_id and directories.get(each.pk) == each.tenant_id
        ]
        connections.filter(pk__in=verified).update(domain_verified=True)
        hidden = [each.pk for each in page if not each.discover_domain]
        aliases.filter(connection__in=hidden, is_primary=True).delete()


class Migration(migrations.Migration):
    dependencies = [
        ("azuread_connections", "0008_unconfirmed_events"),
    ]

    operations = [
        migrations.AddField(
            model_name="domainalias",
            name="verified_at",
            field=models.DateTimeField(editable=False, null=True, verbose_name="verified"),
        ),
        migrations.AddField(
            model_name="domainalias",
            name="verified_by",
            field=models.CharField(
                blank=True,
                choices=[("microsoft", "Microsoft"), ("dns", "a DNS record")],
                default="",
                editable=False,
                max_length=10,
                verbose_name="verified by",
            ),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name="domainalias",
            name="checked_at",
            field=models.DateTimeField(editable=False, null=True, verbose_name="last checked"),
        ),
        migrations.AddField(
            model_name="domainalias",
            name="found_tenant_id",
            field=models.CharField(
                blank=True,
                default="",
                editable=False,
                max_length=36,
                verbose_name="directory found",
            ),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name="domainalias",
            name="withdrawn_at",
            field=models.DateTimeField(editable=False, null=True, verbose_name="proof withdrawn"),
        ),
        migrations.RunPython(give_each_domain_its_proof, give_the_proof_back),
    ]
