"""The page of each step."""

from __future__ import annotations

from .. import steps
from .credentials import CredentialsPage
from .domains import DomainsPage
from .done import DonePage
from .page import StepPage
from .permissions import PermissionsPage
from .register import RegisterPage
from .trial import TryPage
from .welcome import WelcomePage

PAGES: dict[str, type[StepPage]] = {
    steps.WELCOME: WelcomePage,
    steps.REGISTER: RegisterPage,
    steps.CREDENTIALS: CredentialsPage,
    steps.PERMISSIONS: PermissionsPage,
    steps.TRY: TryPage,
    steps.DOMAINS: DomainsPage,
    steps.DONE: DonePage,
}
