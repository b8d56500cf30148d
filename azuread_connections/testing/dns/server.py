"""The DNS server: UDP, loopback only, TXT and CNAME records."""

from __future__ import annotations

import socket
import socketserver
import threading
from typing import cast

import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdata
import dns.rdataclass
import dns.rdatatype
import dns.rdtypes.ANY.TXT
import dns.rrset

from .zone import Records, Zone

_TTL = 0
_RCODES = {
    "nxdomain": dns.rcode.NXDOMAIN,
    "servfail": dns.rcode.SERVFAIL,
    "refused": dns.rcode.REFUSED,
}


class DnsServer(socketserver.ThreadingUDPServer):
    """Answers from one zone, in a thread of its own between `start` and `stop`."""

    daemon_threads = True
    max_packet_size = 4096

    def __init__(self, host: str, port: int, zone: Zone) -> None:
        if ":" in host:
            self.address_family = socket.AF_INET6
        self.zone = zone
        super().__init__((host, port), _Handler)
        shown = f"[{host}]" if ":" in host else host
        zone.address = f"{shown}:{self.port}"
        self._thread = threading.Thread(
            target=self.serve_forever,
            kwargs={"poll_interval": 0.02},
            name="azuread-standin-dns",
            daemon=True,
        )

    @property
    def port(self) -> int:
        return int(self.server_address[1])

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self.shutdown()
        self._thread.join()
        self.server_close()


class _Handler(socketserver.BaseRequestHandler):
    def handle(self) -> None:
        data, server_socket = self.request
        reply = _reply(cast(DnsServer, self.server).zone, data)
        if reply is not None:
            server_socket.sendto(reply, self.client_address)


def _reply(zone: Zone, data: bytes) -> bytes | None:
    """The reply to a query; None for no reply."""
    try:
        query = dns.message.from_wire(data)
    except dns.exception.DNSException:
        return None
    if not query.question:
        return None
    asked = query.question[0]
    response = dns.message.make_response(query, recursion_available=True)
    failure, chain = zone.ask(asked.name.to_text())
    if failure == "silent":
        return None
    if failure:
        response.set_rcode(_RCODES[failure])
    elif not chain:
        response.set_rcode(dns.rcode.NXDOMAIN)
    else:
        for name, records in chain:
            response.answer.extend(_sets(name, records, asked.rdtype))
    return response.to_wire(max_size=65_535)


def _sets(name: str, records: Records, rdtype: dns.rdatatype.RdataType) -> list[dns.rrset.RRset]:
    owner = dns.name.from_text(name)
    if records.cname:
        return [dns.rrset.from_text(owner, _TTL, "IN", "CNAME", f"{records.cname}.")]
    if rdtype != dns.rdatatype.TXT or not records.txt:
        return []
    texts = [
        dns.rdtypes.ANY.TXT.TXT(dns.rdataclass.IN, dns.rdatatype.TXT, strings)
        for strings in records.txt
    ]
    return [dns.rrset.from_rdata_list(owner, _TTL, texts)]
