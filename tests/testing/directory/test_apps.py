"""What the portal does, from Python."""

from __future__ import annotations

import pytest

from tests.testing.contoso import REDIRECT_URI, Contoso

LOCAL = "http://localhost:8000/callback"


def test_a_redirect_uri_has_a_platform(contoso: Contoso) -> None:
    app = contoso.app
    app.add_redirect_uri(LOCAL, "spa")
    app.add_redirect_uri("https://portal.contoso.com/other")
    assert app.redirect_uris == [REDIRECT_URI, "https://portal.contoso.com/other"]
    assert app.platform_of(REDIRECT_URI) == "web"
    assert app.platform_of("http://localhost:1/callback") == "spa"
    assert app.platform_of("https://portal.contoso.com/") is None
    app.remove_redirect_uri(LOCAL, "spa")
    app.remove_redirect_uri(REDIRECT_URI)
    assert not app.allows_redirect(REDIRECT_URI)
    with pytest.raises(ValueError, match="'public'"):
        app.remove_redirect_uri("https://portal.contoso.com/other", "public")


def test_an_app_can_have_another_platform_as_a_whole(contoso: Contoso) -> None:
    contoso.app.platform = "public"
    assert contoso.app.redirect_uris_of("public") == [REDIRECT_URI]
    assert contoso.app.redirect_uris_of("web") == []


def test_assignment_is_required_in_one_directory(contoso: Contoso) -> None:
    adele, app = contoso.person, contoso.app
    alex = contoso.entra.add_directory("fabrikam.com").add_person("Alex Wilber")
    app.require_assignment(contoso.directory)
    assert not app.admits(adele)
    assert app.admits(alex)
    app.require_assignment(contoso.directory, adele)
    assert app.admits(adele)
    assert app.assigned_in(contoso.directory) == [adele]
    app.require_no_assignment(contoso.directory)
    assert app.admits(adele)
    assert app.assigned_in(contoso.directory) == []
