"""What discovery says of the cloud that a directory lives in (facts, sections 1 and 3)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

CloudName = Literal["global", "gcc", "usgov", "dod", "china", "external_id"]

#: The cloud whose login service this is.
INSTANCE = "microsoftonline.com"


@dataclass(frozen=True)
class Whereabouts:
    """A cloud's name for itself, and its addresses where they are not the stand-in's."""

    instance: str
    region: str
    sub_scope: str = ""
    login: str = ""
    graph_host: str = ""

    def login_url(self, tenant_id: str) -> str:
        return self.login.format(tenant_id)


CLOUDS: dict[str, Whereabouts] = {
    "global": Whereabouts(INSTANCE, "WW"),
    # For US authorities, in the global cloud.
    "gcc": Whereabouts(INSTANCE, "NA", "GCC"),
    "usgov": Whereabouts(
        "microsoftonline.us",
        "USGov",
        "DODCON",
        "https://login.microsoftonline.us",
        "graph.microsoft.us",
    ),
    "dod": Whereabouts(
        "microsoftonline.us",
        "USGov",
        "DOD",
        "https://login.microsoftonline.us",
        "dod-graph.microsoft.us",
    ),
    "china": Whereabouts(
        "partner.microsoftonline.cn",
        "AS",
        "",
        "https://login.partner.microsoftonline.cn",
        "microsoftgraph.chinacloudapi.cn",
    ),
    # Each directory for customers has a host of its own.
    "external_id": Whereabouts(
        INSTANCE, "EU", "", "https://{}.ciamlogin.com", "graph.microsoft.com"
    ),
}
