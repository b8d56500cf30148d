"""From raw results to results.md: nobody writes a number by hand."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from benchmarks.goals import ADMIN, FLAT, Results, judge, requests_of, statements_of
from benchmarks.peers import ALONE, OURS, PEERS, Peer

Cell = Callable[[Peer], str]
#: Processes at work, in the minute before, that a measurement bears: those of the one before it.
QUIET = 2.5


def render(results: Results) -> str:
    """Return the page, as Markdown."""
    return "\n".join(_page(results)) + "\n"


def comparison(results: Results) -> list[list[str]]:
    """Return the table of this app and its peers, its heading first."""
    rows = [["A returning person's sign-in", *(peer.distribution for peer in PEERS)]]
    rows += [[title, *(cell(peer) for peer in PEERS)] for title, cell in _rows(results)]
    return rows


def _rows(results: Results) -> Iterator[tuple[str, Cell]]:
    if counts := results.get("counts"):
        yield (
            "requests to Microsoft, cold / warm",
            lambda peer: " / ".join(
                str(requests_of(counts[peer.name][when])) for when in ("cold", "warm")
            ),
        )
        yield "data statements, start + callback", lambda peer: _statements(counts[peer.name])
    if cpu := results.get("cpu"):
        yield "CPU, ms", lambda peer: _beside(cpu["plain"], peer, "median", "{:.1f}")
        yield "CPU with TLS, ms", lambda peer: _beside(cpu["tls"], peer, "median", "{:.1f}")
        instructions = cpu["instructions"]
        if isinstance(instructions, dict):
            yield (
                "instructions, millions",
                lambda peer: f"{instructions[peer.name] / 1e6:.1f}",
            )
    if latency := results.get("latency"):
        peers = latency["peers"]
        yield "callback at 40 ms, ms", lambda peer: _beside(peers, peer, "median", "{:.0f}")
        yield "the same, 99th percentile", lambda peer: f"{peers[peer.name]['p99']:.0f}"
    if throughput := results.get("throughput"):
        yield "sign-ins a second", lambda peer: _beside(throughput, peer, "median", "{:.0f}")
    if footprint := results.get("footprint"):
        yield "import time added, ms", lambda peer: _added(footprint[peer.name]["milliseconds"])
        yield "memory added, MB", lambda peer: _added(footprint[peer.name]["megabytes"])


def _statements(counted: Results) -> str:
    start, callback = (
        sum(counted["warm"]["statements"][where].values()) for where in ("start", "callback")
    )
    return f"{start} + {callback} = {statements_of(counted['warm'])}"


def _beside(measured: Results, peer: Peer, what: str, form: str) -> str:
    """A number, and for a peer how many times ours it is."""
    number, ours = measured[peer.name][what], measured[OURS.name][what]
    text = form.format(number)
    return text if peer is OURS else f"{text} (×{number / ours:.2f})"


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
    yield "×: times this app's number. Medians of alternating rounds; counts are exact."
    if "cpu" in results and "throughput" in results:
        cpu, rate = (results["cpu"]["plain"][ALONE.name], results["throughput"][ALONE.name])
        yield ""
        yield (
            f"Django alone takes {cpu['median']:.1f} ms of CPU, and manages {rate['median']:.0f} a "
            "second: it redirects, takes on trust whoever comes back, and begins a session."
        )
    yield ""
    yield "## Goals"
    yield ""
    goals = list(judge(results))
    rows = [[goal.text, goal.measured, "met" if goal.is_met else "**missed**"] for goal in goals]
    yield from _table([["Goal", "Measured", ""], *rows])
    missed = [goal for goal in goals if not goal.is_met and goal.why]
    if missed:
        yield ""
        yield "Why some are missed:"
        yield ""
        yield from (f"- {goal.text}. {goal.why}" for goal in missed)
    if growth := results.get("growth"):
        yield ""
        yield "## Growth of this app alone"
        yield ""
        yield from _growth(growth)
    yield ""
    yield "## Where"
    yield ""
    yield from _where(results)


def _cautions(runs: Results) -> Iterator[str]:
    if small := [name for name, run in runs.items() if run["scale"] != "full"]:
        yield ""
        yield f"**Not for comparison, since it was a small run: {', '.join(small)}.**"
    if busy := [name for name, run in runs.items() if run["load"] > QUIET]:
        loads = ", ".join(f"{name} ({runs[name]['load']:.1f})" for name in busy)
        yield ""
        yield (
            "**The machine was busy with other work when these began, so their times are too long "
            f"and ratios rough (in brackets the load): {loads}. Counts are exact.**"
        )


def _growth(measured: Results) -> Iterator[str]:
    sizes = [f"{connections:,} / {people:,}" for connections, people in measured["sizes"]]
    rows = [["Connections / people and events", *sizes, "last ÷ first", "statements"]]
    for action in (*FLAT, *ADMIN):
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


def _where(results: Results) -> Iterator[str]:
    machine = results["machine"]
    yield (
        f"{machine['cpu']}, {machine['cores']} cores, {machine['memory_gb']} GB of memory, "
        f"{machine['system']}."
    )
    yield ""
    versions = results["versions"]
    yield ", ".join(f"{name} {version}" for name, version in versions.items() if version) + "."
    if not versions["PostgreSQL"]:
        yield ""
        yield "PostgreSQL did not answer: SQLite stood in for it."
    if not versions["Redis"]:
        yield ""
        yield "Redis is not installed: files stood in for it."
    instructions: Any = results.get("cpu", {}).get("instructions")
    if isinstance(instructions, str):
        yield ""
        yield f"Instructions were not counted: {instructions}."


def _table(rows: list[list[str]]) -> Iterator[str]:
    heading, *others = rows
    yield f"| {' | '.join(heading)} |"
    yield f"| {' | '.join(['---'] * len(heading))} |"
    yield from (f"| {' | '.join(row)} |" for row in others)
