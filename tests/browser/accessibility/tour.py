"""A walk through pages of the table, in one window."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.test import Client
from django.urls import reverse
from playwright.sync_api import Page

from .inspector import Inspector, Kind
from .patterns import name_at, standin_name_at
from .table import TOURS

_NEW_PAGE = "document.readyState === 'complete' && !window.lookedAt"
_OPEN = "parts => document.querySelectorAll(parts).forEach(each => each.open = true)"
_LOOKED_AT = "window.lookedAt = true"
MODEL_BACKEND = "django.contrib.auth.backends.ModelBackend"


@dataclass
class Tour:
    """``site``: the address of the site under test."""

    name: str
    page: Page
    site: str
    inspector: Inspector = field(default_factory=Inspector)
    seen: list[str] = field(default_factory=list)

    @property
    def kind(self) -> Kind:
        return TOURS[self.name][0]

    def look(self, name: str) -> None:
        """Look at the page that the browser shows; ``name`` is its line of the table.

        A button's answer may have the same address: waits for a page not looked at before.
        """
        self.page.wait_for_function(_NEW_PAGE)
        expected = TOURS[self.name][1][name]
        name_of = standin_name_at if self.kind is Kind.STANDIN else name_at
        assert name_of(self.page.url) == expected, f"{name}: {self.page.url}"
        self.seen.append(name)
        self.page.evaluate(_OPEN, f"{self.kind.scope} details")
        self.inspector.look(self.page, name, self.kind)
        self.page.evaluate(_LOOKED_AT)

    def goto(self, path: str) -> None:
        self.page.goto(path if path.startswith("http") else f"{self.site}{path}")

    def visit(self, name: str, path: str) -> None:
        self.goto(path)
        self.look(name)

    def admin(self, name: str, *arguments: Any, query: str = "") -> None:
        """Open and look at a page of the admin: the pattern's name comes from the table."""
        path = reverse(TOURS[self.name][1][name], args=arguments)
        self.visit(name, f"{path}{query}")

    def press(self, button: str, *, role: Any = "button", exact: bool = True) -> None:
        self.page.get_by_role(role, name=button, exact=exact).first.click()

    def be(self, user: Any) -> None:
        """Sign a user in, in this window alone."""
        client = Client()
        client.force_login(user, MODEL_BACKEND)
        cookie = client.cookies[settings.SESSION_COOKIE_NAME]
        self.page.context.add_cookies(
            [{"name": cookie.key, "value": cookie.value, "url": self.site}]
        )

    def be_boss(self) -> Any:
        boss = get_user_model().objects.create_superuser("boss")
        self.be(boss)
        return boss

    def end(self) -> None:
        """Assert that all pages were shown and that nothing was found."""
        missing = set(TOURS[self.name][1]) - set(self.seen)
        assert not missing, f"not shown: {sorted(missing)}"
        findings = self.inspector.findings
        assert not findings, "\n" + "\n".join(map(str, findings))
