"""What discovery says about a directory's cloud."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

CloudName = Literal["global", "gcc", "usgov", "dod", "china", "external_id"]


@dataclass(frozen=True)
class Whereabouts:
    """A cloud's name for itself, and the addresses of its services."""

    instance: str
    region: str
    sub_scope: str
    login: str
    graph_host: str

    def login_url(self, tenant_id: str) -> str:
        return self.login.format(tenant_id)


_GLOBAL = "https://login.microsoftonline.com"
_US = "https://login.microsoftonline.us"
CLOUDS: dict[str, Whereabouts] = {
    "global": Whereabouts("microsoftonline.com", "WW", "", _GLOBAL, "graph.microsoft.com"),
    # For US authorities, in the global cloud.
    "gcc": Whereabouts("microsoftonline.com", "NA", "GCC", _GLOBAL, "graph.microsoft.com"),
    "usgov": Whereabouts("microsoftonline.us", "USGov", "DODCON", _US, "graph.microsoft.us"),
    "dod": Whereabouts("microsoftonline.us", "USGov", "DOD", _US, "dod-graph.microsoft.us"),
    "china": Whereabouts(
        "partner.microsoftonline.cn",
        "AS",
        "",
        "https://login.partner.microsoftonline.cn",
        "microsoftgraph.chinacloudapi.cn",
    ),
    # Each directory for customers has its own host.
    "external_id": Whereabouts(
        "microsoftonline.com", "EU", "", "https://{}.ciamlogin.com", "graph.microsoft.com"
    ),
}
