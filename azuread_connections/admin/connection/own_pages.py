"""The pages below a connection's own: consent, users, credentials, Check now, Try, signing out.

A page's module is imported when somebody opens it, unless the connection's own page needs it, too:
a process that signs people in needs few of them.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any, Protocol

from django.contrib import admin
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.urls import path
from django.views.decorators.debug import sensitive_post_parameters

from ...models import Connection
from ..rights import EXPORT, may

#: What these pages receive and no error report shows.
PRIVATE_PARAMETERS = ("pem", "password")
#: The end of each page's address: the module, from this package, and the function that shows it.
_PAGES = {
    "consent": (".consent", "ask"),
    "users": (".users", "show"),
    "directories": ("..directory_decisions", "decide_one"),
    "certificate": (".new_credentials", "certificate"),
    "federated": (".new_credentials", "federated"),
    "cer": (".new_credentials", "download"),
    "rotate": (".rotation", "rotate_now"),
    "check": (".actions", "check"),
    "try": (".actions", "attempt"),
    "sign-out": (".actions", "sign_out"),
    "invite": (".invite", "invite"),
}


class _Show(Protocol):
    """The function that shows a page. ``connection``: None for the invitation to a new one."""

    def __call__(
        self, page: Any, request: HttpRequest, connection: Connection | None = None, /
    ) -> HttpResponseBase: ...


class OwnPages(admin.ModelAdmin):
    def get_urls(self) -> list[Any]:
        meta = self.opts
        invite_new = path(
            "invite/",
            self.admin_site.admin_view(self._invite_new),
            name=f"{meta.app_label}_{meta.model_name}_invite_new",
        )
        own = [
            path(
                f"<path:object_id>/{word}/",
                self.admin_site.admin_view(self._page(word)),
                name=f"{meta.app_label}_{meta.model_name}_{word.replace('-', '_')}",
            )
            for word in _PAGES
        ]
        return [invite_new, *own, *super().get_urls()]

    def has_export_permission(self, request: HttpRequest) -> bool:
        return may(request, EXPORT)

    def _invite_new(self, request: HttpRequest) -> HttpResponseBase:
        return _show("invite")(self, request)

    def _page(self, word: str) -> Callable[..., HttpResponseBase]:
        """Make a view of a page, for those who may see its connection."""

        @sensitive_post_parameters(*PRIVATE_PARAMETERS)
        def view(request: HttpRequest, object_id: str) -> HttpResponseBase:
            connection = self._find(request, object_id)
            if not self.has_view_permission(request, connection):
                raise PermissionDenied
            if connection is None:
                raise Http404
            return _show(word)(self, request, connection)

        return view

    def _find(self, request: HttpRequest, object_id: str) -> Connection | None:
        found: Connection | None = self.get_object(request, unquote(object_id))
        return found


def _show(word: str) -> _Show:
    module, function = _PAGES[word]
    show: _Show = getattr(import_module(module, __package__), function)
    return show
