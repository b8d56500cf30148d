"""A site's own test, by the fixture `entra`."""

from __future__ import annotations

from azuread_connections.testing import StandIn

pytest_plugins = ["azuread_connections.testing.plugin"]


def test_sign_in(entra: StandIn) -> None:
    contoso = entra.add_directory("contoso.com", name="Contoso")
    adele = contoso.add_person("Adele Vance", upn="adele@contoso.com")
    answer: str = entra.sign_in("http://localhost/authorize", adele)
    assert answer
