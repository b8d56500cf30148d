"""Many people who sign in at the same time, each in a thread with its own connection."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from types import TracebackType
from typing import Any, Self, TypeVar

from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from django.db import connections
from django.db.models import Sum
from django.test import Client

from azuread_connections.models import Event, Identity
from azuread_connections.testing.directory.directories import Person
from tests.company import Company, error_code

Result = TypeVar("Result")

#: How a sign-in ended: "" for one that succeeded, the code of its page for one that failed.
Outcome = str

SIGNED_IN: Outcome = ""
#: Maximum seconds for a crowd, on a busy machine.
PATIENCE = 60


def browser() -> Client:
    """A browser that shows a server error as a page, and not as an exception of the test's."""
    return Client(raise_request_exception=False)


def outcome_of(response: Any) -> Outcome:
    return SIGNED_IN if response.status_code == 302 else error_code(response)


def all_at_once(actions: Sequence[Callable[[], Result]]) -> list[Result]:
    """Run all calls at the same moment; return their results in the same order."""
    start = threading.Barrier(len(actions))

    def run(action: Callable[[], Result]) -> Result:
        start.wait(PATIENCE)
        return in_own_thread(action)

    with ThreadPoolExecutor(len(actions)) as pool:
        return list(pool.map(run, actions, timeout=PATIENCE))


def come_back_at_once(company: Company, people: Sequence[Person]) -> Counter[Outcome]:
    """Let people press the button and pick their accounts, then all return at once."""
    actions = []
    for person in people:
        client = browser()
        callback_url = company.microsoft.sign_in(company.start(client), person)
        actions.append(lambda client=client, url=callback_url: outcome_of(client.get(url)))
    return Counter(all_at_once(actions))


def sign_in(company: Company, person: Person) -> Outcome:
    """Run a whole sign-in in a new browser, through Microsoft twice if redirected there again."""
    client = browser()
    response = client.get(f"/login/{company.connection.name}/")
    while response.status_code == 302 and response["Location"].startswith(company.microsoft.url):
        response = client.get(company.microsoft.sign_in(response["Location"], person))
    return outcome_of(response)


class Traffic:
    """People who sign in one after the other in several browsers, for as long as it lasts.

    ``outcomes`` grows meanwhile. An error in a thread is raised at the end.
    """

    def __init__(self, company: Company, workers: int = 6) -> None:
        self.outcomes: list[Outcome] = []
        self._company = company
        self._people = [company.directory.add_person(f"Person {n}") for n in range(workers)]
        self._stopping = threading.Event()
        self._pool = ThreadPoolExecutor(workers)
        self._work: list[Future[None]] = []

    def __enter__(self) -> Self:
        self._work = [self._pool.submit(self._keep_signing_in, each) for each in self._people]
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._stopping.set()
        self._pool.shutdown()
        if exc is None:
            for work in self._work:
                work.result()

    def redirect_browser(self, number: int) -> None:
        """Wait until this many more sign-ins have ended."""
        enough = len(self.outcomes) + number
        give_up_at = time.monotonic() + PATIENCE
        while len(self.outcomes) < enough and time.monotonic() < give_up_at:
            if any(work.done() for work in self._work):
                return  # by an error, which is raised at the end
            time.sleep(0.005)
        assert len(self.outcomes) >= enough, self.outcomes

    def _keep_signing_in(self, person: Person) -> None:
        while not self._stopping.is_set():
            outcome = in_own_thread(lambda: sign_in(self._company, person))
            self.outcomes.append(outcome)


def assert_counts_agree(outcomes: Counter[Outcome], people: int) -> None:
    """The database contains exactly what the browsers have seen."""
    succeeded = outcomes[SIGNED_IN]
    assert (User.objects.count(), Identity.objects.count()) == (people, people)
    assert Identity.objects.values("user").distinct().count() == people
    assert Session.objects.count() == succeeded
    assert Event.objects.filter(kind=Event.Kind.SIGNED_IN).count() == succeeded
    failed = Event.objects.filter(kind=Event.Kind.SIGN_IN_FAILED)
    logged = {
        row["code"]: row["times"] for row in failed.values("code").annotate(times=Sum("count"))
    }
    assert logged == {code: times for code, times in outcomes.items() if code != SIGNED_IN}


def in_own_thread(action: Callable[[], Result]) -> Result:
    """Run this in a thread, and close its database connections."""
    try:
        return action()
    finally:
        connections.close_all()
