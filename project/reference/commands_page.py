"""Reference of the management commands, from their parsers."""

from __future__ import annotations

from argparse import SUPPRESS, Action
from collections.abc import Iterator

from django.core.management import BaseCommand, get_commands, load_command_class

from .markdown import code, page, table

_INTRODUCTION = """Each command takes Django's own options, too, such as `--settings`.
`python manage.py help NAME` shows the same as this page. The guides say when to run which:
[Operating](../operating.md)."""
_SUB_APPS = """Of `azuread_connections.provider` and `azuread_connections.scim`, if they are in
`INSTALLED_APPS`. [Commands of the app](commands.md) are on a page of their own. The guides say when
to run which: [provider](../provider.md), [provisioning](../provisioning.md)."""

_CORE = "azuread_connections"
_OPTIONAL = ("azuread_connections.provider", "azuread_connections.scim")


def write() -> str:
    return page(
        "Management commands",
        "the parsers in azuread_connections/management/commands/",
        _INTRODUCTION,
        *_sections(_CORE),
    )


def write_sub_apps() -> str:
    sections = [section for app in _OPTIONAL for section in _sections(app)]
    return page(
        "Management commands of the sub-apps", "the parsers of the commands", _SUB_APPS, *sections
    )


def _sections(app: str) -> Iterator[str]:
    for name in sorted(name for name, owner in get_commands().items() if owner == app):
        command = load_command_class(app, name)
        yield _section(name, command)


def _section(name: str, command: BaseCommand) -> str:
    actions = list(_own_actions(name, command))
    positional = [_value(each) for each in actions if not each.option_strings]
    options = [each for each in actions if each.option_strings]
    usage = " ".join(["python manage.py", name, *(["[options]"] if options else []), *positional])
    parts = [f"## `{name}`", f"```text\n{usage}\n```", " ".join(command.help.split())]
    if actions:
        rows = [(code(_spelled(each)), _described(each)) for each in actions]
        parts.append(table(("Argument", "Meaning"), rows))
    return "\n\n".join(parts)


def _own_actions(name: str, command: BaseCommand) -> Iterator[Action]:
    """Yield the arguments that the command adds to Django's."""
    django = {a.dest for a in BaseCommand().create_parser("manage.py", name)._actions}
    for action in command.create_parser("manage.py", name)._actions:
        if action.dest not in django and action.help != SUPPRESS:
            yield action


def _spelled(action: Action) -> str:
    if not action.option_strings:
        return _value(action)
    value = "" if action.nargs == 0 else f" {_value(action)}"
    return ", ".join(action.option_strings) + value


def _value(action: Action) -> str:
    """Return what stands for the argument's value."""
    if action.choices is not None and action.metavar is None:
        name = "{" + ",".join(map(str, action.choices)) + "}"
    elif isinstance(action.metavar, str):
        name = action.metavar
    else:
        name = action.dest.upper() if action.option_strings else action.dest
    suffixes: dict[object, str] = {"*": f"[{name} …]", "+": f"{name} [{name} …]", "?": f"[{name}]"}
    return suffixes.get(action.nargs, name)


def _described(action: Action) -> str:
    text = (action.help or "") % {**vars(action), "prog": "manage.py"}
    if action.required and action.option_strings:
        text = f"{text} (required)"
    is_said = "default" in text or action.nargs == 0 or action.default in (None, [], "")
    return text if is_said else f"{text} (default: {action.default})".strip()
