"""Rotates a connection's credential by itself, through Microsoft Graph.

The order makes every step safe to stop at. The new credential is stored here before anything relies
on it; sign-ins use it only after Microsoft has accepted it; the old one stays a fall-back until a
later run removes it (``retirement``). The next run goes on where a killed one stopped.
https://learn.microsoft.com/graph/api/application-addpassword
"""

from __future__ import annotations

from collections.abc import Iterator

from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext as _

from ..entra.errors import EntraError
from ..microsoft.wording import describe_error
from ..models import Connection, Credential
from .lease import Lease, LeaseLost
from .registrations import RotationRefused
from .rotation_run import RotationRun
from .rotation_step import Pace, RotationOutcome, RotationStep, failed_step, waiting_step


def rotate(connection: Connection, credential: Credential, pace: Pace) -> Iterator[RotationStep]:
    """Replace a credential by a new one of its kind; yield each step when it is done."""
    return _run(connection, credential, pace)


def finish(connection: Connection, pace: Pace) -> Iterator[RotationStep]:
    """Finish what another run began and did not end."""
    return _run(connection, None, pace)


def _run(
    connection: Connection, credential: Credential | None, pace: Pace
) -> Iterator[RotationStep]:
    lease = Lease.take(connection)
    if lease is None:
        yield waiting_step(connection, _("Another run is changing the credentials at this moment."))
        return
    # What is under way can be that of another connection with the same registration.
    of = lease.row.connection if lease.row.is_under_way else None
    if of is not None and not lease.row.is_of(of):
        of = None  # its client ID was changed meanwhile
    try:
        yield from RotationRun(pace, of or connection, lease).steps(credential)
    except (RotationRefused, ImproperlyConfigured) as error:
        yield failed_step(connection, str(error))
    except EntraError as error:
        text = f"{describe_error(error)} {_('The next run goes on from here.')}"
        yield RotationStep(connection.name, RotationOutcome.FAILED, text, is_incomplete=True)
    except LeaseLost:
        yield waiting_step(connection, _("This took too long, and another run has taken over."))
    finally:
        lease.release()
