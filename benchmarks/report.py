"""Write results.md from raw results, so that no number is written by hand."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from benchmarks.goals import (
    ADMIN,
    FLAT,
    LOG,
    Results,
    judge,
    requests_of,
    round_trips_of,
    services_of,
    statements_of,
)
from benchmarks.peers import (
    EVERYBODY,
    OTHER_PROVISIONING,
    OUR_PROVIDER,
    OUR_PROVISIONING,
    OURS,
    PROVIDER_ACTIONS,
    PROVIDERS,
    PROVISIONINGS,
    Package,
)

Cell = Callable[[Package], str]
#: The share of the machine's cores that other processes may use before a measurement.
QUIET = 0.1
NOTHING = "–"
#: What a client asks a provider for, in words.
ASKED = {
    "authorize": "a code, of who is signed in",
    "code": "tokens for a code",
    "userinfo": "userinfo",
    "refresh": "tokens for a refresh token",
    "client_credentials": "a token for client credentials",
}


def render(results: Results) -> str:
    """Return the page, as Markdown."""
    return "\n".join(_page(results)) + "\n"


def comparison(results: Results) -> list[list[str]]:
    """Return the table of this app and its peers, its heading first."""
    rows = [["A returning person's sign-in", *(peer.title for peer in EVERYBODY)]]
    rows += [[title, *(cell(peer) for peer in EVERYBODY)] for title, cell in _rows(results)]
    return rows


def providers(results: Results) -> list[list[str]]:
    """Return the table of the providers, its heading first."""
    rows = [["An OAuth client asks for", *(peer.title for peer in PROVIDERS)]]
    rows += [
        [title, *(cell(peer) for peer in PROVIDERS)] for title, cell in _provider_rows(results)
    ]
    return rows


def _rows(results: Results) -> Iterator[tuple[str, Cell]]:
    counts, cpu, footprint = results["counts"], results["cpu"], results["footprint"]
    callbacks = results["latency"]["peers"]
    yield "requests to Microsoft, cold / warm", _where(counts, _requests)
    yield "data statements, start + callback", _where(counts, _statements)
    yield (
        "round trips to the database, with transaction control",
        _where(counts, lambda counted: str(round_trips_of(counted["warm"]))),
    )
    yield from _measured("CPU, SQLite, ms", cpu["plain"], "{:.1f}")
    yield from _measured(f"CPU, {services_of(results)}, ms", cpu["real"], "{:.1f}")
    yield from _measured("CPU, SQLite, TLS, ms", cpu["tls"], "{:.1f}")
    instructions = cpu["instructions"]
    if isinstance(instructions, dict):
        yield "instructions, SQLite, millions", _where(instructions, lambda n: f"{n / 1e6:.1f}")
    yield "callback at 40 ms, warm, ms", _beside(callbacks, "median", "{:.0f}")
    yield "the same, 99th percentile", _where(callbacks, lambda each: f"{each['p99']:.0f}")
    yield "the first start + callback of a process, ms", _where(callbacks, _first)
    yield from _measured("sign-ins a second", results["throughput"], "{:.0f}")
    for title, what in (
        ("import time added, ms", "milliseconds"),
        ("memory added, MB", "megabytes"),
        ("the same, after a sign-in", "megabytes_after_a_sign_in"),
    ):
        of_each = {name: each[what] for name, each in footprint.items()}
        yield title, _where(of_each, _added)


def _provider_rows(results: Results) -> Iterator[tuple[str, Cell]]:
    measured = results["provider"]
    for action in PROVIDER_ACTIONS:
        counted = {name: actions[action] for name, actions in measured["counts"].items()}
        yield f"{ASKED[action]}: data statements, transaction control", _where(counted, _control)
    for where, services in (("plain", "SQLite"), ("real", services_of(results))):
        for what, words, form in (("rate", "a second", "{:.0f}"), ("cpu", "CPU, ms", "{:.2f}")):
            for action in PROVIDER_ACTIONS:
                of_each = {name: each[action][what] for name, each in measured[where].items()}
                title = f"{ASKED[action]}: {words}, {services}"
                yield from _measured(title, of_each, form, OUR_PROVIDER)


def _control(counted: Results) -> str:
    return f"{sum(counted['data'].values())}, {sum(counted['transaction'].values())}"


def _measured(
    title: str, measured: Results, form: str, ours: Package = OURS
) -> Iterator[tuple[str, Cell]]:
    """Two rows: medians, and how far the rounds lie apart."""
    yield title, _beside(measured, "median", form, ours)

    def spread(each: Results) -> str:
        return f"{form.format(min(each['rounds']))} to {form.format(max(each['rounds']))}"

    yield "lowest and highest round", _where(measured, spread)


def _where(measured: Results, shown: Callable[[Any], str]) -> Cell:
    """Show the measurement of a peer, if there is one."""
    return lambda peer: shown(measured[peer.name]) if peer.name in measured else NOTHING


def _beside(measured: Results, what: str, form: str, ours: Package = OURS) -> Cell:
    """A number, and for another app its ratio to ours."""

    def cell(peer: Package) -> str:
        if peer.name not in measured:
            return NOTHING
        number = measured[peer.name][what]
        text = form.format(number)
        return text if peer is ours else f"{text} (×{number / measured[ours.name][what]:.2f})"

    return cell


def _first(measured: Results) -> str:
    return " + ".join(f"{part:.0f}" for part in measured["first"])


def _requests(counted: Results) -> str:
    return " / ".join(str(requests_of(counted[when])) for when in ("cold", "warm"))


def _statements(counted: Results) -> str:
    start, callback = (
        sum(counted["warm"]["statements"][where].values()) for where in ("start", "callback")
    )
    return f"{start} + {callback} = {statements_of(counted['warm'])}"


def _added(measured: Results) -> str:
    return f"{measured['with'] - measured['bare']:.0f}"


def _page(results: Results) -> Iterator[str]:
    yield "# Benchmarks: results"
    yield ""
    yield "Written by `make bench`. How it measures: [docs/benchmarks.md](../docs/benchmarks.md)."
    yield from _cautions(results["runs"])
    yield ""
    yield "![This app beside its peers](results.svg)"
    yield ""
    yield from _table(comparison(results))
    yield ""
    yield (
        "×: times this app's number; of sign-ins a second more is better, of all else less. "
        "Medians; counts are exact."
    )
    yield ""
    yield (
        "Django alone is no app: it redirects to Microsoft, takes on trust whoever comes back, and "
        "begins a session. What it takes, none of the others can save."
    )
    yield ""
    if "provider" in results:
        yield from _providers(results)
    if "scim" in results:
        yield from _provisioning(results["scim"])
    yield "## Goals"
    yield ""
    goals = list(judge(results))
    rows = [[goal.text, goal.measured, "met" if goal.is_met else "**missed**"] for goal in goals]
    yield from _table([["Goal", "Measured", ""], *rows])
    if missed := [goal for goal in goals if not goal.is_met]:
        yield ""
        yield "Why some are missed:"
        yield ""
        yield from (f"- {goal.text}. {goal.why}" for goal in missed)
    yield ""
    yield "## Growth of this app alone"
    yield ""
    yield from _growth(results["growth"])
    yield ""
    yield "## Where"
    yield ""
    yield from _surroundings(results)


def _cautions(runs: Results) -> Iterator[str]:
    if small := [name for name, run in runs.items() if run["scale"] != "full"]:
        yield ""
        yield f"**Not for comparison, since it was a small run: {', '.join(small)}.**"
    if busy := [name for name, run in runs.items() if run["busy"] > QUIET]:
        shares = ", ".join(f"{name} ({100 * runs[name]['busy']:.0f} %)" for name in busy)
        yield ""
        yield (
            "**The machine was busy with other work when these began, so their times are too long "
            f"and ratios rough (in brackets the share of its cores): {shares}. Counts are exact.**"
        )


def _providers(results: Results) -> Iterator[str]:
    check = results["provider"]["secret_check"]
    yield "## Clients that sign people in here"
    yield ""
    yield from _table(providers(results))
    yield ""
    yield (
        "One process, no network. ×: times the number of this app's provider; of answers a second "
        "more is better, of all else less. All give opaque access tokens, and ID tokens signed by "
        "RS256 with 2,048 bits. The peers check a client's secret with a fast hasher here; with "
        f"Django's default one, each request for tokens takes {check:.0f} ms more of "
        "them."
    )
    yield ""
    yield from _machine(results["provider"])
    yield ""


def provisioning(measured: Results) -> list[list[str]]:
    """Return the table of a first cycle of this app and django-scim2, its heading first."""
    rows = [
        [
            f"A first cycle of {measured['people']:,} people",
            *(peer.title for peer in PROVISIONINGS),
        ]
    ]
    rows += [
        [title, *(cell(peer) for peer in PROVISIONINGS)] for title, cell in _cycle_rows(measured)
    ]
    return rows


def _cycle_rows(measured: Results) -> Iterator[tuple[str, Cell]]:
    cycles = measured["first_cycle"]
    yield "seconds", _beside(cycles, "seconds", "{:.0f}", OUR_PROVISIONING)
    for what, words in (("time", "ms a person"), ("cpu", "CPU, ms a person")):
        of_each = {name: each[what] for name, each in cycles.items()}
        yield from _measured(words, of_each, "{:.1f}", OUR_PROVISIONING)
    for action, words in (("look_up", "a look-up"), ("create", "a POST")):
        counted = {name: actions[action] for name, actions in measured["counts"].items()}
        yield f"{words}: data statements, transaction control", _where(counted, _control)


def _provisioning(measured: Results) -> Iterator[str]:
    yield "## A directory that provisions"
    yield ""
    yield from _table(provisioning(measured))
    yield ""
    yield (
        "With a look-up and a POST for each person, in one process, without a network. ×: times "
        "this app's number; less is better."
    )
    yield ""
    sizes, others = measured["sizes"], measured["other_sizes"]
    rows = [
        ["People known", *(f"{each['people']:,}" for each in sizes), "last ÷ first", "statements"]
    ]
    for title, of_app in ((OUR_PROVISIONING.title, sizes), (OTHER_PROVISIONING.title, others)):
        rows += [_growing(title, action, of_app) for action in of_app[0]["actions"]]
    yield from _table(rows)
    yield ""
    yield from _machine(measured)
    yield ""


def _growing(title: str, action: str, sizes: list[Results]) -> list[str]:
    measured = [each["actions"][action] for each in sizes]
    statements = sorted({each["statements"] for each in measured})
    return [
        f"{title}: {action.replace('_', ' ')}, ms",
        *(f"{each['median']:.1f}" for each in measured),
        f"{measured[-1]['median'] / measured[0]['median']:.2f}",
        ", ".join(str(number) for number in statements),
    ]


def _growth(measured: Results) -> Iterator[str]:
    sizes = [f"{connections:,} / {people:,}" for connections, people in measured["sizes"]]
    rows = [["Connections / people and events", *sizes, "last ÷ first", "statements"]]
    for action in (*FLAT, *ADMIN, *LOG):
        if action not in measured["actions"]:
            continue  # in results that were kept, from before it was measured
        medians = measured["actions"][action]["median"]
        statements = sorted(set(measured["actions"][action]["statements"]))
        rows.append(
            [
                f"{action.replace('_', ' ')}, ms",
                *(f"{each:.1f}" for each in medians),
                f"{medians[-1] / medians[0]:.2f}",
                ", ".join(str(number) for number in statements),
            ]
        )
    yield from _table(rows)
    yield ""
    secrets = measured["check_secrets"]
    rows = [["`check_secrets`", *(f"{number:,} secrets" for number in secrets["secrets"])]]
    for what, title in (("command", "the command"), ("bare", "a bare paged query")):
        rows.append(
            [
                title,
                *(
                    f"{each['seconds']:.2f} s, {each['megabytes']:.0f} MB, "
                    f"{each['statements']:,} statements"
                    for each in secrets[what]
                ),
            ]
        )
    yield from _table(rows)


def _surroundings(results: Results) -> Iterator[str]:
    yield from _machine(results)
    yield ""
    yield f"Measured: {'; '.join(_when(results['runs']))}."
    instructions: Any = results["cpu"]["instructions"]
    if isinstance(instructions, str):
        yield ""
        yield f"Instructions were not counted: {instructions}."


def _machine(results: Results) -> Iterator[str]:
    machine, versions = results["machine"], results["versions"]
    yield (
        f"{machine['cpu']}, {machine['cores']} cores, {machine['memory_gb']} GB of memory, "
        f"{machine['system']}."
    )
    yield ""
    yield ", ".join(f"{name} {version}" for name, version in versions.items() if version) + "."
    if not versions["PostgreSQL"]:
        yield ""
        yield "PostgreSQL did not answer: SQLite stood in for it."
    if not versions["Redis"]:
        yield ""
        yield "Redis is not installed: files stood in for it."


def _when(runs: Results) -> Iterator[str]:
    """Say for each measurement the version of this app, and the time."""
    together: dict[tuple[str, str], list[str]] = {}
    for name, run in runs.items():
        together.setdefault((run["version"], run["day"]), []).append(name)
    for (version, day), names in together.items():
        yield f"{', '.join(names)} of azuread_connections {version} on {day}"


def _table(rows: list[list[str]]) -> Iterator[str]:
    heading, *others = rows
    yield f"| {' | '.join(heading)} |"
    yield f"| {' | '.join(['---'] * len(heading))} |"
    yield from (f"| {' | '.join(row)} |" for row in others)
