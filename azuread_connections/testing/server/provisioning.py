"""The page `/_standin/provisioning`: Entra's provisioning service, by hand."""

from __future__ import annotations

import json
from html import escape
from typing import Any
from urllib.parse import urlsplit

from ..directory.directories import Directory, Person
from ..provisioning.job import ProvisioningJob
from ..provisioning.report import Report
from ..provisioning.wire import Exchange, over_http
from . import pages
from .call import Call
from .pages import SHOWN_PEOPLE, button_form, page
from .wire import Response, text_response

PATH = "/_standin/provisioning"
_SHOWN_EXCHANGES = 200


def show(call: Call) -> Response:
    """The jobs, what their last run sent and got, and a form for another job."""
    with call.state.lock:
        jobs = list(call.state.jobs)
    directories = list(call.state.registry.directories)
    sections = "".join(_job_section(job, number) for number, job in enumerate(jobs))
    people = "".join(_people_section(directory) for directory in directories)
    return page(
        "Provisioning",
        f"""
<h1>Provisioning</h1>
<p>This imitates Entra’s provisioning service: it sends the people and groups of a directory to a
SCIM server. <a href="/_standin/">Back to the control page</a></p>
{sections}
<h2>Another address</h2>{_new_job(directories)}
{people}""",
        wide=True,
    )


def press(call: Call) -> Response:
    """Run what a button says, and show the page again."""
    form, state = call.request.form, call.state
    action = form.get("do", "")
    if action == "add":
        directory = state.registry.find(form.get("directory", ""))
        url, token = form.get("tenant_url", "").strip(), form.get("token", "").strip()
        if directory is None or urlsplit(url).scheme not in ("http", "https") or not token:
            return text_response("Enter a directory, an http address and a token.", status=400)
        with state.lock:
            state.jobs.append(ProvisioningJob(directory, url, token, over_http))
    elif action in ("enable", "disable", "delete"):
        person = state.registry.find_person(form.get("person", ""))
        if person is None:
            return text_response("Not found", status=404)
        _change_person(person, action)
    elif not _run(call, action):
        return text_response("Not found", status=404)
    return Response(303, headers={"Location": PATH})


def _run(call: Call, action: str) -> bool:
    """Run a job's action; return whether there is that job and that action."""
    form, jobs = call.request.form, call.state.jobs
    number = form.get("job", "")
    if not (number.isascii() and number.isdecimal() and int(number) < len(jobs)):
        return False
    job = jobs[int(number)]
    if action == "cycle":
        job.cycle()
    elif action == "test":
        job.test()
    elif action == "restart":
        job.restart()
    elif action == "demand" and (person := job.directory.find_person(form.get("person", ""))):
        job.provision_on_demand(person)
    else:
        return False
    return True


def _change_person(person: Person, action: str) -> None:
    if action == "delete":
        person.directory.delete_person(person)
    else:
        person.enabled = action == "enable"


def _job_section(job: ProvisioningJob, number: int) -> str:
    def button(do: str, label: str) -> str:
        return button_form(PATH, label, do=do, job=str(number))

    form = "with" if job.has_flag else "without"
    return f"""
<section data-job="{number}">
<h2>{escape(job.directory.name)} to <code>{escape(job.tenant_url)}</code></h2>
<p>In the form {form} the flag <code>aadOptscim062020</code>.</p>
{f"<p><strong>In quarantine: {escape(job.quarantine)}</strong></p>" if job.quarantine else ""}
{button("test", "Test Connection")}{button("cycle", "Run a cycle")}
{button("restart", "Restart provisioning")}
<form class="search" method="post" action="{PATH}">
{pages.hidden_fields({"do": "demand", "job": str(number)})}
<label>Provision on demand (user principal name) <input name="person" required></label>
<button>Provision</button></form>
{_last_run(job.last_report)}
</section>"""


def _last_run(report: Report | None) -> str:
    if report is None:
        return "<p>It has not run yet.</p>"
    rows = "".join(map(_exchange, report.exchanges[:_SHOWN_EXCHANGES]))
    more = len(report.exchanges) - _SHOWN_EXCHANGES
    rest = f"<p>and {more} more</p>" if more > 0 else ""
    return f'<p role="status">{escape(report.summary)}</p>{rows}{rest}'


def _exchange(exchange: Exchange) -> str:
    parts = (("Request", exchange.body), ("Answer", exchange.answer))
    bodies = "".join(
        f"<h3>{name}</h3><pre>{escape(_pretty(body))}</pre>" for name, body in parts if body
    )
    return (
        f'<details data-status="{exchange.status}"><summary>{escape(str(exchange))}</summary>'
        f"{bodies or '<p>Without a body.</p>'}</details>"
    )


def _pretty(body: dict[str, Any]) -> str:
    return json.dumps(body, indent=2, ensure_ascii=False)


def _new_job(directories: list[Directory]) -> str:
    options = "".join(
        f'<option value="{escape(each.tenant_id)}">{escape(each.name)}</option>'
        for each in directories
    )
    return f"""
<form class="search" method="post" action="{PATH}">{pages.hidden_fields({"do": "add"})}
<label>Directory <select name="directory">{options}</select></label>
<label>Tenant URL <input name="tenant_url" type="url" required></label>
<label>Secret Token <input name="token" autocomplete="off" required></label>
<button>Add</button></form>"""


def _people_section(directory: Directory) -> str:
    rows = "".join(
        f'<li class="row">{escape(person.name)}, <code>{escape(person.upn)}</code> '
        f"{_switch(person)}{_button('delete', 'Delete', person)}</li>"
        for person in directory.people[:SHOWN_PEOPLE]
    )
    return f"<h2>People of {escape(directory.name)}</h2><ul>{rows or '<li>nobody</li>'}</ul>"


def _switch(person: Person) -> str:
    if person.enabled:
        return _button("disable", "Disable", person)
    return f"(disabled) {_button('enable', 'Enable', person)}"


def _button(do: str, label: str, person: Person) -> str:
    return button_form(PATH, f"{label} {person.name}", do=do, person=person.object_id)
