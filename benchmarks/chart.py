"""The chart: a panel of bars for each comparison, as SVG that reads well on light and dark."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from html import escape

from benchmarks.goals import Results, requests_of
from benchmarks.peers import OURS, PEERS

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

WIDTH, LABELS, NUMBERS = 720, 190, 60
LINE, BAR, GAP = 20, 13, 18


@dataclass(frozen=True)
class Panel:
    title: str
    values: dict[str, float]
    form: str


def draw(results: Results) -> str:
    """Return the SVG."""
    panels = list(_panels(results))
    height = sum(LINE * (len(PEERS) + 1) + GAP for _ in panels)
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" '
        f'width="{WIDTH}" height="{height}" role="img" '
        'aria-label="This app beside its peers">',
        f"<style>{STYLE}</style>",
    ]
    top = 0
    for panel in panels:
        lines += _drawn(panel, top)
        top += LINE * (len(PEERS) + 1) + GAP
    return "\n".join([*lines, "</svg>"]) + "\n"


def _panels(results: Results) -> Iterator[Panel]:
    def medians(measured: Results) -> dict[str, float]:
        return {peer.name: measured[peer.name]["median"] for peer in PEERS}

    if counts := results.get("counts"):
        requests = {peer.name: float(requests_of(counts[peer.name]["warm"])) for peer in PEERS}
        yield Panel("Requests to Microsoft per sign-in, warm (less is better)", requests, "{:.0f}")
    if latency := results.get("latency"):
        title = "Callback when Microsoft is 40 ms away, ms (less is better)"
        yield Panel(title, medians(latency["peers"]), "{:.0f}")
    if cpu := results.get("cpu"):
        yield Panel("CPU per sign-in, ms (less is better)", medians(cpu["plain"]), "{:.1f}")
        title = "CPU per sign-in with TLS, ms (less is better)"
        yield Panel(title, medians(cpu["tls"]), "{:.1f}")
    if throughput := results.get("throughput"):
        title = "Sign-ins a second, without TLS (more is better)"
        yield Panel(title, medians(throughput), "{:.0f}")


def _drawn(panel: Panel, top: int) -> Iterator[str]:
    yield f'<text class="title" x="0" y="{top + 14}">{escape(panel.title)}</text>'
    longest = max(panel.values.values())
    for number, peer in enumerate(PEERS):
        value = panel.values[peer.name]
        length = (WIDTH - LABELS - NUMBERS) * value / longest
        y = top + LINE * (number + 1)
        style = "bar ours" if peer is OURS else "bar"
        yield f'<text x="0" y="{y + 13}">{escape(peer.distribution)}</text>'
        yield (
            f'<rect class="{style}" x="{LABELS}" y="{y + 3}" width="{length:.1f}" '
            f'height="{BAR}" rx="2"/>'
        )
        shown = escape(panel.form.format(value))
        yield f'<text x="{LABELS + length + 6:.1f}" y="{y + 13}">{shown}</text>'
