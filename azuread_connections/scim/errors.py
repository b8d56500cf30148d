"""Errors of SCIM: RFC 7644 section 3.12."""

from __future__ import annotations


class ScimError(Exception):
    """A request that is refused.

    ``scim_type``: one of RFC 7644's table 9, or "". ``detail``: a sentence that names the
    attribute, for whoever reads the directory's provisioning log. ``headers``: of the response.
    """

    def __init__(
        self,
        status: int,
        scim_type: str = "",
        detail: str = "",
        *,
        headers: dict[str, str] | None = None,
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.scim_type = scim_type
        self.detail = detail
        self.headers = headers or {}
