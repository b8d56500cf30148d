"""Label and help text of an option are defined on the model only."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django import forms
from django.contrib import admin
from django.contrib.admin.utils import flatten_fieldsets
from django.contrib.auth import get_user_model
from django.core.exceptions import FieldDoesNotExist
from django.test import RequestFactory
from django.utils.text import capfirst

from azuread_connections.admin.widgets.field_texts import field_texts
from azuread_connections.models import Application, Connection
from azuread_connections.transfer.options import BY_FIELD, OWN

PACKAGE = "azuread_connections.admin"
FORM_PAGE = Path(__file__).resolve().parents[2] / "docs/form.md"


def own_forms(base: type = forms.ModelForm) -> Iterator[type[forms.ModelForm]]:
    """The admin's forms, apart from the classes that Django makes of them for a request."""
    for form in base.__subclasses__():
        if form.__module__.startswith(PACKAGE):
            yield form
        yield from own_forms(form)


def differing(form: Any) -> list[str]:
    """Return the form's fields whose texts differ from their model's."""
    found = []
    for name, field in getattr(form, "fields", form.base_fields).items():
        try:
            words = field_texts(form._meta.model, name)
        except FieldDoesNotExist:
            continue
        if (capfirst(field.label), field.help_text) != (words["label"], words["help_text"]):
            found.append(name)
    return found


def test_the_admins_forms_are_found() -> None:
    names = {form.__name__ for form in own_forms()}
    assert {"ConnectionForm", "ApplicationForm", "DirectoryForm", "CredentialForm"} <= names


@pytest.mark.parametrize("form", list(own_forms()), ids=lambda form: form.__name__)
def test_a_form_says_of_a_field_what_the_model_says(form: Any) -> None:
    assert not form._meta.labels
    assert not form._meta.help_texts
    assert differing(form) == []


@pytest.mark.django_db
@pytest.mark.parametrize("model", [Application, Connection])
@pytest.mark.parametrize("is_new", [True, False])
def test_a_page_says_of_a_field_what_the_model_says(
    model: Any, is_new: bool, connection: Connection, rf: RequestFactory
) -> None:
    request = rf.get("/")
    request.user = get_user_model()(is_superuser=True, is_active=True, is_staff=True)
    stored = None if is_new else model.objects.get()
    page = admin.site.get_model_admin(model)
    form = page.get_form(request, stored, change=not is_new)(instance=stored)
    assert len(form.fields) > 5
    assert differing(form) == []


OPTIONS = [field for field in Connection._meta.fields if field.editable and not field.primary_key]


@pytest.mark.parametrize("option", OPTIONS, ids=lambda field: field.name)
def test_each_option_is_explained_and_on_every_list(option: Any, rf: RequestFactory) -> None:
    """Every place that an option needs: forgetting one of them fails here."""
    assert option.help_text, "models/connection.py: it needs a help text"
    request = rf.get("/")
    request.user = get_user_model()(is_superuser=True, is_active=True, is_staff=True)
    page = admin.site.get_model_admin(Connection)
    shown = flatten_fieldsets(page.get_fieldsets(request))
    assert option.name in shown, "admin/connection/layout.py: the page does not have it"
    if option.name == "name":
        return
    assert option.name in BY_FIELD, "transfer/options.py: a file cannot hold it"
    key = BY_FIELD[option.name].key.replace(f"{OWN}.", "own.")
    row = rf"(?m)^\| {re.escape(str(capfirst(option.verbose_name)))} \|[^|]*\| `{re.escape(key)}`"
    assert re.search(row, FORM_PAGE.read_text()), "docs/form.md: the table has no row for it"
