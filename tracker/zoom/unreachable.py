"""Why a server could not be reached: what lies behind the errors of `requests`, of mail and of sign-in."""

import errno
import re
import socket
import ssl
from collections.abc import Iterator
from enum import StrEnum

import requests
from urllib3.exceptions import ProxyError
from urllib3.exceptions import TimeoutError as Urllib3Timeout

_CA_FILE = re.compile("CA certificate bundle")
# OpenSSL's X509_V_ERR_…: not valid yet, not valid any more; another host name, another address.
OUT_OF_DATE, OTHER_NAME = (9, 10), (62, 64)


class Cause(StrEnum):
    """Why nobody answers, by the codes of the sentences."""

    NAME_UNKNOWN = "unreachable_name_unknown"
    REFUSED = "unreachable_refused"
    NO_ROUTE = "unreachable_no_route"
    TIME_OUT = "unreachable_time_out"
    PROXY = "unreachable_proxy"
    CERTIFICATE_UNTRUSTED = "unreachable_certificate_untrusted"
    CERTIFICATE_OUT_OF_DATE = "unreachable_certificate_out_of_date"
    CERTIFICATE_OF_ANOTHER = "unreachable_certificate_of_another"
    TLS = "unreachable_tls"
    CA_FILE = "unreachable_ca_file"
    BROKEN_OFF = "unreachable_broken_off"


def cause_of(error: BaseException) -> Cause | None:
    """Why the server could not be reached; None where the error is of another kind."""
    behind = [*_behind(error)]
    # The proxy stands before everything else that may be wrong with the connection.
    if any(isinstance(one, ProxyError | requests.exceptions.ProxyError) for one in behind):
        return Cause.PROXY
    for one in reversed(behind):
        if cause := _cause(one):
            return cause
    return None


def _cause(error: BaseException) -> Cause | None:
    if isinstance(error, ssl.SSLCertVerificationError):
        if error.verify_code in OUT_OF_DATE:
            return Cause.CERTIFICATE_OUT_OF_DATE
        return Cause.CERTIFICATE_OF_ANOTHER if error.verify_code in OTHER_NAME else Cause.CERTIFICATE_UNTRUSTED
    if isinstance(error, ssl.SSLError):
        return Cause.TLS
    if isinstance(error, socket.gaierror):
        return Cause.NAME_UNKNOWN
    if isinstance(error, TimeoutError | Urllib3Timeout | requests.Timeout):
        return Cause.TIME_OUT
    if isinstance(error, ConnectionRefusedError):
        return Cause.REFUSED
    if isinstance(error, ConnectionError | EOFError):
        return Cause.BROKEN_OFF
    if isinstance(error, OSError):
        if error.errno in (errno.EHOSTUNREACH, errno.ENETUNREACH):
            return Cause.NO_ROUTE
        # `requests` looks whether the file is there, and says what it misses in words alone.
        if error.errno is None and _CA_FILE.search(str(error)):
            return Cause.CA_FILE
    return None


def _behind(error: BaseException) -> Iterator[BaseException]:
    """The error and those that it was made of, each once: the libraries keep them in several places."""
    waiting, seen = [error], set[int]()
    while waiting:
        one = waiting.pop(0)
        if id(one) in seen:
            continue
        seen.add(id(one))
        yield one
        kept = (one.__cause__, one.__context__, getattr(one, "reason", None), *one.args)
        waiting += [other for other in kept if isinstance(other, BaseException)]
