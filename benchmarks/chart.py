"""The chart: a panel of bars for each comparison, as SVG that reads well on light and dark."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from html import escape

from benchmarks.goals import Results, requests_of, services_of
from benchmarks.peers import OUR_PROVIDER, OURS, PACKAGES

STYLE = """
text { font: 12px system-ui, sans-serif; fill: #1f2328; }
.title { font-weight: 600; font-size: 13px; }
.bar { fill: #8c959f; }
.ours { fill: #0969da; }
@media (prefers-color-scheme: dark) {
  text { fill: #e6edf3; }
  .bar { fill: #6e7681; }
  .ours { fill: #4493f8; }
}
""".strip()

WIDTH, LABELS, NUMBERS = 720, 220, 60
LINE, BAR, GAP = 20, 13, 18


@dataclass(frozen=True)
class Panel:
    title: str
    values: dict[str, float]
    form: str

    @property
    def height(self) -> int:
        return LINE * (len(self.values) + 1) + GAP


def draw(results: Results) -> str:
    """Return the SVG."""
    panels = list(_panels(results))
    height = sum(panel.height for panel in panels)
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" '
        f'width="{WIDTH}" height="{height}" role="img" '
        'aria-label="This app beside its peers">',
        f"<style>{STYLE}</style>",
    ]
    top = 0
    for panel in panels:
        lines += _drawn(panel, top)
        top += panel.height
    return "\n".join([*lines, "</svg>"]) + "\n"


def _panels(results: Results) -> Iterator[Panel]:
    def medians(measured: Results) -> dict[str, float]:
        return {name: each["median"] for name, each in measured.items()}

    counts, cpu, callbacks = results["counts"], results["cpu"], results["latency"]["peers"]
    requests = {name: float(requests_of(each["warm"])) for name, each in counts.items()}
    yield Panel("Requests to Microsoft per sign-in, warm (less is better)", requests, "{:.0f}")
    title = "Callback when Microsoft is 40 ms away, warm, connection open, ms (less is better)"
    yield Panel(title, medians(callbacks), "{:.0f}")
    title = "The same with a new process, start and callback, ms (less is better)"
    first = {name: sum(each["first"]) for name, each in callbacks.items()}
    yield Panel(title, first, "{:.0f}")
    title = f"CPU per sign-in, {services_of(results)}, ms (less is better)"
    yield Panel(title, medians(cpu["real"]), "{:.1f}")
    title = "CPU per sign-in with TLS, SQLite, ms (less is better)"
    yield Panel(title, medians(cpu["tls"]), "{:.1f}")
    title = "Sign-ins a second, without TLS (more is better)"
    yield Panel(title, medians(results["throughput"]), "{:.0f}")
    if "provider" in results:
        yield from _provider_panels(results["provider"]["real"], services_of(results))


def _provider_panels(measured: Results, services: str) -> Iterator[Panel]:
    for action, words in (
        ("code", "Codes exchanged for tokens a second"),
        ("refresh", "Refresh tokens exchanged a second"),
        ("client_credentials", "Tokens for client credentials a second"),
    ):
        rates = {name: actions[action]["rate"]["median"] for name, actions in measured.items()}
        yield Panel(f"{words}, one process, {services} (more is better)", rates, "{:.0f}")


def _drawn(panel: Panel, top: int) -> Iterator[str]:
    yield f'<text class="title" x="0" y="{top + 14}">{escape(panel.title)}</text>'
    longest = max(panel.values.values())
    shown = [peer for peer in PACKAGES if peer.name in panel.values]
    for number, peer in enumerate(shown):
        value = panel.values[peer.name]
        length = (WIDTH - LABELS - NUMBERS) * value / longest
        y = top + LINE * (number + 1)
        style = "bar ours" if peer in (OURS, OUR_PROVIDER) else "bar"
        yield f'<text x="0" y="{y + 13}">{escape(peer.title)}</text>'
        yield (
            f'<rect class="{style}" x="{LABELS}" y="{y + 3}" width="{length:.1f}" '
            f'height="{BAR}" rx="2"/>'
        )
        text = escape(panel.form.format(value))
        yield f'<text x="{LABELS + length + 6:.1f}" y="{y + 13}">{text}</text>'
