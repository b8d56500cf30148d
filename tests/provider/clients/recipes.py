"""The recipes of docs/provider-clients.md, with a test's site and client filled in."""

from __future__ import annotations

import re

from tests.provider.clients.process import ROOT
from tests.provider.clients.site import Site
from tests.provider.relying_party import RelyingParty

PAGE = ROOT / "docs" / "provider-clients.md"
_BLOCK = re.compile(r"<!-- recipe: (?P<name>[\w-]+) -->\s*```\w+\n(?P<code>.*?)```", re.DOTALL)


def names() -> set[str]:
    return set(_blocks())


def recipe(name: str, site: Site, party: RelyingParty, *, origin: str = "") -> str:
    """Return a recipe's code. ``origin``: that of the page, for a client in a browser."""
    code = _blocks()[name]
    filled = {
        "https://app.example.com": site.url,
        "app.example.com": site.domain,
        "your-client-id": party.client_id,
        "your-client-secret": party.secret,
        **({"https://spa.example.com": origin} if origin else {}),
    }
    for placeholder, value in filled.items():
        code = code.replace(placeholder, value)
    return code


#: The global name of each library's build for browsers.
GLOBALS = {"auth0-spa-js": "auth0", "oidc-client-ts": "oidc"}


def for_a_page(code: str, library: str) -> str:
    """Return the code of a module as that of a page which loads the library's build as a script."""
    return re.sub(r'import (\{.*?\}) from ".*?";', rf"const \1 = window.{GLOBALS[library]};", code)


def _blocks() -> dict[str, str]:
    found = _BLOCK.finditer(PAGE.read_text(encoding="utf-8"))
    return {each["name"]: each["code"] for each in found}
