"""``manage.py rotate_secrets`` in a separate process that kills itself at a moment.

``python -m tests.faults.rotation MOMENT``
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from typing import Any

import django

#: Names of moments: the class whose method is called then, the method, and whether the process is
#: killed before the call or after it.
MOMENTS = {
    "marked": ("entra.registration.Registration", "add_secret", "before"),
    "made": ("entra.registration.Registration", "add_secret", "after"),
    "key stored": ("entra.registration.Registration", "add_certificate", "before"),
    "key added": ("entra.registration.Registration", "add_certificate", "after"),
    "stored": ("credentials.rotation_run.RotationRun", "_accepted", "before"),
    "accepted": ("credentials.rotation_run.RotationRun", "_accepted", "after"),
    "half used": ("credentials.lease.Lease", "write_within", "before"),
    "used": ("credentials.lease.Lease", "release", "before"),
    "removing": ("entra.registration.Registration", "remove_secret", "before"),
    "removed in Azure": ("entra.registration.Registration", "remove_secret", "after"),
    "removing a key": ("entra.registration.Registration", "remove_certificate", "before"),
    "key removed in Azure": ("entra.registration.Registration", "remove_certificate", "after"),
}


def main(moment: str) -> None:
    os.environ["DJANGO_SETTINGS_MODULE"] = "tests.faults.site_settings"
    django.setup()
    from django.core.management import call_command
    from django.utils.module_loading import import_string

    path, method, when = MOMENTS[moment]
    owner = import_string(f"azuread_connections.{path}")
    setattr(owner, method, _killed(getattr(owner, method), when, moment))
    call_command("rotate_secrets")


def _killed(function: Callable[..., Any], when: str, moment: str) -> Callable[..., Any]:
    def killing(*args: Any, **kwargs: Any) -> Any:
        # The lease writes other things before the one that counts.
        if moment == "half used" and kwargs.get("marker") != "":
            return function(*args, **kwargs)
        if when == "after":
            function(*args, **kwargs)
        os.kill(os.getpid(), signal.SIGKILL)

    return killing


if __name__ == "__main__":
    main(sys.argv[1])
