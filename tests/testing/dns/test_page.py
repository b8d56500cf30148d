"""The stand-in's DNS server's page, by hand and by program."""

from __future__ import annotations

import pytest
import requests

from azuread_connections.testing import StandIn

NAME = "_azuread-connections.contoso.com"


@pytest.fixture
def url(entra: StandIn) -> str:
    return f"{entra.url}/_standin/dns"


def test_a_record_is_added_and_removed_by_hand(entra: StandIn, url: str) -> None:
    requests.post(url, {"action": "add", "name": NAME, "value": "one"}, timeout=5)
    page = requests.post(url, {"action": "add", "name": NAME, "value": "<two>"}, timeout=5)
    assert entra.dns.texts(NAME) == ["one", "<two>"]
    assert "&lt;two&gt;" in page.text
    assert entra.dns.address in page.text
    requests.post(url, {"action": "remove", "name": NAME}, timeout=5)
    assert entra.dns.names() == []


@pytest.mark.parametrize(
    ("name", "value"), [("", "x"), ("a b", "x"), ("x" * 300, "x"), (NAME, ""), ("é.example", "x")]
)
def test_what_is_no_record_is_refused_and_kept(
    entra: StandIn, url: str, name: str, value: str
) -> None:
    page = requests.post(url, {"action": "add", "name": name, "value": value}, timeout=5)
    assert 'role="alert"' in page.text
    assert f'value="{name}"' in page.text
    assert entra.dns.names() == []


def test_a_program_sets_records_and_failures(entra: StandIn, url: str) -> None:
    answer = requests.post(url, json={"name": NAME, "values": ["a", "b"]}, timeout=5)
    assert answer.json() == {"address": entra.dns.address, "records": {NAME: ["a", "b"]}}
    requests.post(url, json={"fail": "servfail"}, timeout=5)
    assert entra.dns.ask(NAME)[0] == "servfail"
    requests.post(url, json={"fail": None}, timeout=5)
    assert entra.dns.ask(NAME)[0] is None
    listed = requests.get(url, headers={"Accept": "application/json"}, timeout=5)
    assert listed.json()["records"] == {NAME: ["a", "b"]}
    assert requests.post(url, json={"name": NAME, "values": []}, timeout=5).json()["records"] == {}


@pytest.mark.parametrize("body", [[], {"fail": "often"}, {"name": "", "values": ["x"]}, "x", {}])
def test_a_program_is_told_what_is_wrong(url: str, body: object) -> None:
    answer = requests.post(url, json=body, timeout=5)
    assert answer.status_code == (200 if body == {} else 400)


@pytest.mark.parametrize(
    "headers", [{"Origin": "https://evil.example"}, {"Host": "evil.example"}], ids=str
)
def test_another_site_cannot_change_records(
    entra: StandIn, url: str, headers: dict[str, str]
) -> None:
    form = {"action": "add", "name": NAME, "value": "x"}
    assert requests.post(url, form, headers=headers, timeout=5).status_code == 403
    assert entra.dns.names() == []


def test_its_memory_is_limited(entra: StandIn, url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("azuread_connections.testing.dns.zone._MOST_NAMES", 1)
    entra.dns.add_txt(NAME, "one")
    for refused in (entra.dns.add_txt, entra.dns.set_txt, entra.dns.set_cname):
        with pytest.raises(ValueError, match="remove some"):
            refused("other.example", "x")
    form = {"action": "add", "name": "other.example", "value": "x"}
    assert "remove some" in requests.post(url, form, timeout=5).text
    entra.dns.add_txt(NAME, "two")


@pytest.mark.parametrize("values", [["x" * 65_000], ["x"] * 6_000], ids=["long", "many"])
def test_what_no_answer_can_hold_is_refused(entra: StandIn, url: str, values: list[str]) -> None:
    answer = requests.post(url, json={"name": NAME, "values": values}, timeout=5)
    assert (answer.status_code, entra.dns.names()) == (400, [])


def test_a_name_that_fails_leaves_others(entra: StandIn) -> None:
    entra.dns.fail("servfail", NAME)
    assert entra.dns.ask(NAME)[0] == "servfail"
    assert entra.dns.ask("other.example")[0] is None


def test_a_stopped_stand_in_answers_no_query() -> None:
    with StandIn() as standin:
        address = standin.dns.address
    with StandIn(dns_port=int(address.rpartition(":")[2])) as again:
        assert again.dns.address == address
