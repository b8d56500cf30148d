from __future__ import annotations

from dataclasses import replace
from io import StringIO
from typing import Any

import pytest
from cryptography.fernet import Fernet
from django.core.management import CommandError, call_command
from django.db.models import QuerySet

from azuread_connections.credentials import reencryption
from azuread_connections.models import Credential, Rotation, Sealed
from azuread_connections.setup.draft import Draft
from tests.factories import ConnectionFactory, CredentialFactory, SetupLinkFactory

pytestmark = pytest.mark.django_db

OLD, NEW, LOST = (Fernet.generate_key().decode() for _ in range(3))


@pytest.fixture
def keys(settings: Any) -> Any:
    def use(*keys: str) -> None:
        settings.AZUREAD_CONNECTIONS = settings.AZUREAD_CONNECTIONS | {"ENCRYPTION_KEYS": keys}

    return use


def run(**options: Any) -> tuple[str, str]:
    """Run the command; return what it printed, and the error it ended with, if any."""
    printed = StringIO()
    try:
        call_command("reencrypt_secrets", stdout=printed, stderr=printed, **options)
    except CommandError as error:
        return printed.getvalue(), str(error)
    return printed.getvalue(), ""


def stored() -> dict[int, str]:
    return {secret.pk: secret.value.ciphertext for secret in Credential.objects.all()}


def test_secrets_go_over_to_the_first_key_and_the_old_one_can_go(keys: Any) -> None:
    keys(OLD)
    values = [f"Abc8Q~a-secret-of-the-stand-in-{number:04}" for number in range(5)]
    for value in values:
        CredentialFactory(value=value)
    keys(NEW, OLD)
    assert run(batch_size=2) == (
        "5 of 5 secrets re-encrypted.\n"
        "All use the first of ENCRYPTION_KEYS: the others can be removed.\n",
        "",
    )
    keys(NEW)
    assert [s.value.reveal() for s in Credential.objects.order_by("pk")] == values


def test_a_new_secret_that_waits_for_microsoft_is_one_of_them(keys: Any) -> None:
    keys(OLD)
    row = Rotation.objects.create(client_id="a", cloud="global", value=Sealed.seal("x"), marker="b")
    keys(NEW)
    assert "rotation of credentials (a)" in run()[0]
    keys(NEW, OLD)
    run()
    keys(NEW)
    row.refresh_from_db()
    assert row.value is not None
    assert row.value.reveal() == "x"


def test_a_second_run_changes_nothing(keys: Any) -> None:
    keys(OLD)
    CredentialFactory()
    keys(NEW, OLD)
    run()
    before = stored()
    assert "0 of 1 secrets re-encrypted." in run()[0]
    assert stored() == before


def test_a_dry_run_says_that_the_old_key_is_still_needed(keys: Any) -> None:
    keys(OLD)
    CredentialFactory()
    before = stored()
    keys(NEW, OLD)
    assert run(dry_run=True) == (
        "1 of 1 secrets would be re-encrypted.\n",
        "1 secret is not encrypted with the first key. Keep the other keys.",
    )
    assert stored() == before


def test_a_stopped_run_is_resumed(keys: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    keys(OLD)
    for _ in range(4):
        CredentialFactory()
    keys(NEW, OLD)
    replace, left = reencryption._replace, iter([True, True])

    def stopped_after_two(secret: Credential, field: str, renewed: Sealed) -> bool:
        if not next(left, False):
            raise KeyboardInterrupt
        return replace(secret, field, renewed)

    with monkeypatch.context() as patch:
        patch.setattr(reencryption, "_replace", stopped_after_two)
        with pytest.raises(KeyboardInterrupt):
            run()
    assert "2 of 4 secrets re-encrypted." in run()[0]


def test_what_no_key_opens_is_named_and_left_alone(keys: Any) -> None:
    keys(LOST)
    lost = CredentialFactory(value="Zzz8Q~a-secret", connection=ConnectionFactory(name="contoso"))
    keys(OLD)
    CredentialFactory()
    before = stored()[lost.pk]
    keys(NEW, OLD)
    printed, error = run()
    assert (
        "contoso (Zzz…): no key can decrypt it. Restore its key, or add the credential again and "
        "remove this one.\n"
    ) in printed
    assert "1 of 2 secrets re-encrypted." in printed
    assert error == "1 secret is not encrypted with the first key. Keep the other keys."
    assert stored()[lost.pk] == before


def test_a_secret_that_somebody_replaces_meanwhile_stays_replaced(
    keys: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys(OLD)
    secret = CredentialFactory(value="Abc8Q~the-value-before")
    keys(NEW, OLD)
    update = QuerySet.update
    theirs = Sealed.seal("Abc8Q~the-value-of-the-administrator")

    def somebody_is_faster(queryset: QuerySet[Any], **changes: Any) -> int:
        update(Credential.objects.filter(pk=secret.pk), value=theirs)
        return update(queryset, **changes)

    monkeypatch.setattr(QuerySet, "update", somebody_is_faster)
    _printed, error = run()
    secret.refresh_from_db()
    assert secret.value.reveal() == "Abc8Q~the-value-of-the-administrator"
    assert error.endswith("Some changed meanwhile: run this again.")


@pytest.mark.parametrize("size", ["0", "-1", "many", "10001", "1.5"])
def test_an_invalid_batch_size_is_refused(size: str) -> None:
    with pytest.raises(CommandError, match="between 1 and 10000"):
        call_command("reencrypt_secrets", f"--batch-size={size}")


@pytest.mark.parametrize("bad", [[], ["short"], [None], [OLD, None], None, 5, "one text"])
@pytest.mark.parametrize("dry_run", [True, False])
def test_without_a_usable_key_the_command_says_what_is_wrong(
    keys: Any, settings: Any, bad: Any, dry_run: bool
) -> None:
    keys(OLD)
    CredentialFactory()
    settings.AZUREAD_CONNECTIONS |= {"ENCRYPTION_KEYS": bad}
    with pytest.raises(CommandError, match=r"ENCRYPTION_KEYS.*Make a key with") as failed:
        call_command("reencrypt_secrets", dry_run=dry_run)
    assert failed.value.returncode == 2


def test_nothing_to_do_is_well(keys: Any) -> None:
    keys(NEW)
    assert run() == (
        "0 of 0 secrets re-encrypted.\n"
        "All use the first of ENCRYPTION_KEYS: the others can be removed.\n",
        "",
    )


def test_what_waits_in_a_set_up_link_is_covered(keys: Any) -> None:
    keys(OLD)
    link = SetupLinkFactory.create()
    replace(Draft(domain="contoso.com").with_secret("waiting"), key=seal("private")).store(link)
    keys(NEW, OLD)
    _, error = run(dry_run=True)
    assert "2 secrets are not encrypted with the first key" in error
    printed, error = run()
    assert "2 of 2 secrets re-encrypted." in printed
    assert not error
    keys(NEW)
    link.refresh_from_db()
    draft = Draft.of(link)
    assert Sealed(draft.secret).reveal() == "waiting"
    assert Sealed(draft.key).reveal() == "private"
    assert (draft.domain, draft.hint) == ("contoso.com", "wai")


def test_a_secret_in_a_set_up_link_whose_key_is_lost_is_named(keys: Any) -> None:
    keys(LOST)
    link = SetupLinkFactory.create()
    Draft().with_secret("waiting").store(link)
    keys(NEW)
    printed, error = run()
    assert link.reference in printed
    assert "1 secret is not encrypted with the first key" in error


def seal(value: str) -> str:
    return Sealed.seal(value).ciphertext
