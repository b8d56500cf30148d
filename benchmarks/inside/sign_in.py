"""Sign-ins inside the measured process: their CPU time and their database statements."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import cycle, islice
from typing import Any

from django.db import connection as database

from benchmarks.browser import Browser, Microsoft
from benchmarks.inside.site import WsgiSite

DATA = ("SELECT", "INSERT", "UPDATE", "DELETE")
_TRANSACTION = ("BEGIN", "COMMIT", "ROLLBACK", "SAVEPOINT", "RELEASE")
#: This many browsers start before the first one returns, so that the switches take little time.
BATCH = 20


def cpu(
    number: int, start: str, method: str, microsoft: str, people: list[str]
) -> dict[str, float]:
    """Return the seconds of user and system time of this many sign-ins in this process, without the
    browser's part at Microsoft."""
    spent = {"start": 0.0, "callback": 0.0}
    site, at_microsoft = WsgiSite(), Microsoft(microsoft)
    who = islice(cycle(people), number)
    while batch := [Browser(site, at_microsoft, cookie) for cookie in islice(who, BATCH)]:
        began = time.process_time()
        urls = [browser.start(start, method) for browser in batch]
        spent["start"] += time.process_time() - began
        paths = [browser.pass_microsoft(url) for browser, url in zip(batch, urls, strict=True)]
        began = time.process_time()
        for browser, path in zip(batch, paths, strict=True):
            browser.come_back(path)
        spent["callback"] += time.process_time() - began
    return spent


def statements(start: str, method: str, microsoft: str, person: str) -> dict[str, list[str]]:
    """Return the SQL of one sign-in: data statements of start and callback, and transaction
    control."""
    browser = Browser(WsgiSite(), Microsoft(microsoft), person)
    with transaction_control() as control, recorded() as at_start:
        url = browser.start(start, method)
    path = browser.pass_microsoft(url)
    with transaction_control() as more, recorded() as at_callback:
        browser.come_back(path)
    return {"start": at_start, "callback": at_callback, "transaction": control + more}


@contextmanager
def recorded() -> Iterator[list[str]]:
    """Record the data statements; savepoints and transactions are not counted."""
    found: list[str] = []

    def record(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if sql.lstrip().upper().startswith(DATA):
            found.append(sql)
        return execute(sql, params, many, context)

    with database.execute_wrapper(record):
        yield found


@contextmanager
def transaction_control() -> Iterator[list[str]]:
    """Record BEGIN, COMMIT and savepoints of one request. Django commits by a method of the driver,
    which its wrappers of statements do not see and its log does."""
    found: list[str] = []
    before = database.force_debug_cursor
    database.force_debug_cursor = True
    try:
        yield found
        logged = [str(query["sql"] or "") for query in database.queries_log]
        found += [sql for sql in logged if sql.upper().startswith(_TRANSACTION)]
    finally:
        database.force_debug_cursor = before


def refused_callbacks(number: int, start: str, microsoft: str, people: list[str]) -> int:
    """Run this many sign-ins that must fail; return how many did, without a session."""
    refused = 0
    site, at_microsoft = WsgiSite(), Microsoft(microsoft)
    for cookie in islice(cycle(people), number):
        browser = Browser(site, at_microsoft, cookie)
        answer = browser.send(browser.pass_microsoft(browser.start(start, "GET")))
        refused += answer.status == 502 and "sessionid" not in browser.cookies
    return refused
