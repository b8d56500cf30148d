"""The catalogues: with the placeholders of the English texts, compiled, and complete.

A text that is not translated yet shows in English, and stops nobody: it is reported at the end of
the run as an expected failure. `make release-check` sets RELEASE=1, and then it is an error, and
so is a machine without gettext.
"""

from __future__ import annotations

import ast
import gettext
import os
import re
import shutil
import subprocess
import sys
import unicodedata
from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from django.utils import translation
from django.utils.translation.template import templatize

import azuread_connections
from azuread_connections.login.log.failures import FAILURES

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = Path(azuread_connections.__file__).parent
LOCALE = PACKAGE / "locale"

#: How many forms a plural has in each language.
FORMS = {"ar": 6, "de": 2, "es": 2, "fr": 2, "ja": 1}
#: How many of them may leave out the number: those for none, one and two.
WITHOUT_NUMBER = {"ar": 3}

every_language = pytest.mark.parametrize("language", FORMS)

#: What employees see: in a hurry, on a phone.
EMPLOYEES_PAGES = ("*.html", "setup/over.html", "provider/*.html")
NOT_EMPLOYEES = "admin_"
EMPLOYEES_CODE = (
    "login/flows/step_up.py",
    "login/web/*.py",
    "provider/scopes.py",
    "provider/views/*.py",
)

_FIELD = re.compile(r'(?P<name>msgctxt|msgid_plural|msgid|msgstr)(\[\d\])? (?P<text>".*")')
_PLACEHOLDER = re.compile(r"%\(\w+\)[sd]|%[sd]|\{\w*\}")
#: ``gettext(u'it\\'s')`` and the like, among text that is no code.
_CALL = re.compile(
    r"""\b(?:n?gettext|_)\((?:[^'"()]|'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")*\)""", re.DOTALL
)
_MARKUP = re.compile(r"</?\w+[^>]*>|&\w+;")


def po(language: str, locale: Path = LOCALE) -> Path:
    return locale / language / "LC_MESSAGES" / "django.po"


@cache
def entries(file: Path) -> list[dict[str, list[str]]]:
    """Return the entries of the .po file, its header left out: lists of texts by field name."""
    found = []
    for block in file.read_text(encoding="utf-8").split("\n\n"):
        entry: dict[str, list[str]] = {}
        texts: list[str] = []
        for line in block.strip().splitlines():
            if line.startswith("#"):
                entry.setdefault("comments", []).append(line)
            elif field := _FIELD.fullmatch(line):
                texts = entry.setdefault(field["name"], [])
                texts.append(ast.literal_eval(field["text"]))
            else:
                texts[-1] += ast.literal_eval(line)
        if entry.get("msgid", [""]) != [""]:
            found.append(entry)
    return found


def catalogue(path: Path) -> dict[object, str]:
    with path.open("rb") as file:
        return dict(gettext.GNUTranslations(file)._catalog)  # type: ignore[attr-defined]


def is_unsure(entry: dict[str, list[str]]) -> bool:
    comments = entry.get("comments", [])
    return any(line.startswith("#,") and "fuzzy" in line for line in comments)


def is_translated(entry: dict[str, list[str]]) -> bool:
    return all(entry["msgstr"]) and not is_unsure(entry)


def translated(language: str) -> list[dict[str, list[str]]]:
    return [entry for entry in entries(po(language)) if is_translated(entry)]


def sources(entry: dict[str, list[str]]) -> list[str]:
    """Return the English text that each of the entry's translations stands for."""
    forms = len(entry["msgstr"])
    if "msgid_plural" not in entry:
        return entry["msgid"]
    plural = entry["msgid_plural"]
    return [*entry["msgid"], *plural] if forms == 2 else plural * forms


def require_gettext(program: str) -> None:
    """Skip a test where gettext is not installed; for a release, fail."""
    if shutil.which(program) is None:
        fail_or_skip = pytest.fail if os.environ.get("RELEASE") else pytest.skip
        fail_or_skip(f"needs gettext's {program}")


def require_translations(language: str, texts: list[str]) -> None:
    """Fail where a release is made of it; elsewhere only report the texts."""
    if not texts:
        return
    listed = "\n".join(f"    {text!r}" for text in texts)
    report = f"Not translated ({language}, {len(texts)}):\n{listed}"
    if os.environ.get("RELEASE"):
        pytest.fail(report, pytrace=False)
    pytest.xfail(report)


def test_a_release_needs_gettext(monkeypatch):
    monkeypatch.setattr(shutil, "which", lambda program: None)
    monkeypatch.delenv("RELEASE", raising=False)
    with pytest.raises(pytest.skip.Exception):
        require_gettext("msgfmt")
    monkeypatch.setenv("RELEASE", "1")
    with pytest.raises(pytest.fail.Exception):
        require_gettext("msgfmt")


def test_each_catalogue_is_tested():
    assert {path.name for path in LOCALE.iterdir()} == set(FORMS)


@every_language
def test_every_text_of_the_catalogue_is_translated(language):
    found = entries(po(language))
    assert len(found) > 700
    require_translations(
        language, [entry["msgid"][0] for entry in found if not is_translated(entry)]
    )


@every_language
def test_the_catalogue_keeps_no_text_that_is_gone(language):
    assert "#~" not in po(language).read_text(encoding="utf-8")


@pytest.mark.slow
def test_every_text_of_the_sources_is_in_the_catalogues(tmp_path):
    """As `makemessages` finds them. Each catalogue is compared with what it finds for German."""
    require_gettext("xgettext")
    app = tmp_path / "azuread_connections"
    shutil.copytree(PACKAGE, app, ignore=shutil.ignore_patterns("__pycache__"))
    subprocess.run(
        [sys.executable, "-m", "django", "makemessages", "--locale=de", "--no-obsolete"],
        check=True,
        cwd=app,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
    )
    found = [entry["msgid"][0] for entry in entries(po("de", app / "locale"))]
    assert len(found) > 700
    missing = {}
    for language in FORMS:
        known = {entry["msgid"][0] for entry in entries(po(language))}
        missing |= {language: [text for text in found if text not in known]}
    listed = [f"{language}: {text}" for language, texts in missing.items() for text in texts]
    require_translations("all", listed)


@every_language
def test_a_plural_has_all_its_forms(language):
    for entry in entries(po(language)):
        forms = FORMS[language] if "msgid_plural" in entry else 1
        assert len(entry["msgstr"]) == forms, entry["msgid"][0]


@every_language
@pytest.mark.parametrize("pattern", [_PLACEHOLDER, _MARKUP], ids=["placeholders", "markup"])
def test_what_is_filled_in_is_the_same(language, pattern):
    differing = []
    for entry in translated(language):
        pairs = zip(sources(entry), entry["msgstr"], strict=True)
        for form, (source, text) in enumerate(pairs):
            wanted, found = (Counter(pattern.findall(each)) for each in (source, text))
            is_free = "msgid_plural" in entry and form < WITHOUT_NUMBER.get(language, 0)
            if found != wanted and not (is_free and found < wanted):
                differing.append(text)
    assert differing == []


@every_language
def test_spaces_and_line_ends_at_the_edges_are_the_same(language):
    for entry in translated(language):
        for source, text in zip(sources(entry), entry["msgstr"], strict=True):
            assert (
                text[: len(text) - len(text.lstrip())]
                == source[: len(source) - len(source.lstrip())]
            )
            assert text[len(text.rstrip()) :] == source[len(source.rstrip()) :]


@every_language
def test_the_compiled_catalogue_holds_the_same_texts(language):
    compiled = catalogue(po(language).with_suffix(".mo"))
    expected: dict[object, str] = {}
    for entry in translated(language):
        assert "msgctxt" not in entry, "teach this test about contexts"
        source = entry["msgid"][0]
        if "msgid_plural" in entry:
            expected |= {(source, form): text for form, text in enumerate(entry["msgstr"])}
        else:
            expected[source] = entry["msgstr"][0]
    compiled.pop("", None)
    assert compiled == expected


@every_language
def test_the_compiled_catalogue_is_what_msgfmt_makes(language, tmp_path):
    require_gettext("msgfmt")
    fresh = tmp_path / "django.mo"
    subprocess.run(["msgfmt", "--check", "-o", fresh, po(language)], check=True)
    assert catalogue(fresh) == catalogue(po(language).with_suffix(".mo"))


def width(text: str) -> int:
    """Return how many columns a text takes: two for each letter of Chinese or Japanese."""
    return sum(2 if unicodedata.east_asian_width(letter) in "WF" else 1 for letter in text)


def marked(code: str) -> Iterator[str]:
    """Yield the texts that Python code marks for translation."""
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.Call) and re.search(r"gettext|_$", ast.unparse(node.func)):
            texts = [each.value for each in node.args if isinstance(each, ast.Constant)]
            yield from (text for text in texts if isinstance(text, str))


def marked_in_template(template: str) -> Iterator[str]:
    """Yield them of a template, whose tags become code as for `makemessages`."""
    for call in _CALL.findall(templatize(template)):
        yield from marked(call)


def employees_texts() -> set[str]:
    templates = PACKAGE / "templates" / "azuread_connections"
    pages = {path for pattern in EMPLOYEES_PAGES for path in templates.glob(pattern)}
    modules = {path for pattern in EMPLOYEES_CODE for path in PACKAGE.glob(pattern)}
    with translation.override("en"):
        texts = {str(text) for each in FAILURES.values() for text in (each.title, each.advice)}
    for page in pages:
        if not page.name.startswith(NOT_EMPLOYEES):
            texts |= {*marked_in_template(page.read_text(encoding="utf-8"))}
    for module in modules:
        texts |= {*marked(module.read_text(encoding="utf-8"))}
    return texts


def test_texts_of_every_kind_are_found():
    template = """
    {% translate "one" %} {% blocktranslate with a=b %}two {{ a }}{% endblocktranslate %}
    {% blocktranslate count n=m %}it's three{% plural %}"four" {{ n }}{% endblocktranslate %}
    {% if x == _("five (5)") %}{% endif %}
    """
    found = {*marked_in_template(template)}
    assert found == {"one", "two %(a)s", "it's three", '"four" %(n)s', "five (5)"}
    assert {*marked('_("a", x); gettext_lazy("b"); ngettext("c", "d", 2); print("e")')} == set(
        "abcd"
    )


@every_language
def test_the_employees_texts_are_not_much_longer_than_in_english(language):
    texts = employees_texts()
    assert len(texts) > 120
    own = {entry["msgid"][0]: entry["msgstr"][0] for entry in translated(language)}
    long = {
        own[text]: width(own[text]) / width(text)
        for text in texts & own.keys()
        if width(own[text]) > max(1.6 * width(text), width(text) + 14)
    }
    assert long == {}


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("de", ["läuft in 1 Tag ab", "läuft in 2 Tagen ab"]),
        ("fr", ["expire dans 1 jour", "expire dans 2 jours"]),
    ],
)
def test_plurals(language, words):
    with translation.override(language):
        found = [
            translation.ngettext("expires in %(days)d day", "expires in %(days)d days", days)
            % {"days": days}
            for days in (1, 2)
        ]
    assert found == words


@every_language
def test_the_sign_in_page_in_each_language(client, contoso, language):
    page = client.get("/login/", headers={"accept-language": language})
    assert page["Content-Language"] == language
    content = page.content.decode()
    assert "Your work email" not in content
    assert f'<html lang="{language}" dir="{"rtl" if language == "ar" else "ltr"}">' in content


def test_the_sign_in_page_in_german(client, contoso):
    content = client.get("/login/", headers={"accept-language": "de"}).content.decode()
    assert "Geschäftliche E-Mail-Adresse" in content


def test_the_sign_in_page_in_english(client, contoso):
    content = client.get("/login/", headers={"accept-language": "en"}).content.decode()
    assert "Your work email" in content
