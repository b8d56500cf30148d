"""gunicorn's access log, in which a client's words stay in their place."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import quote

from gunicorn.glogging import Logger

#: Whoever has the address of a set-up link can open it.
_LINK = re.compile(r"(/setup/)[\w-]{43,}")


class AccessLogger(Logger):
    """Paths as browsers send them, with no line end in them and no set-up link; and what a client
    wrote into ``X-Forwarded-For`` without control characters."""

    def atoms(self, resp: Any, req: Any, environ: Any, request_time: Any) -> dict[str, Any]:
        atoms: dict[str, Any] = super().atoms(resp, req, environ, request_time)
        path = str(atoms.get("U") or "").encode("latin-1", "replace")
        atoms["U"] = _LINK.sub(r"\1…", quote(path))
        forwarded = str(atoms.get("{x-forwarded-for}i") or "-")
        atoms["{x-forwarded-for}i"] = quote(forwarded, safe=" ,.:[]-")
        return atoms
