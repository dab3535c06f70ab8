"""The other servers that are asked: the mail server, and the provider of the school's account."""

from collections.abc import Iterator

from tracker import auth, health, mail
from tracker.doctor.check import Check
from tracker.doctor.installation import is_here
from tracker.doctor.zoom import unreachable
from tracker.errors import MailError, NotSignedIn, Problem
from tracker.services import Services
from tracker.settings import mail_server as server_of
from tracker.settings import sender


def mail_server(services: Services) -> Iterator[Check]:
    """Signs in to the mail server as for an e-mail, and sends none."""
    server, address = server_of(services.settings.smtp_url), sender(services.settings.smtp_from)
    if server is None or address is None:
        yield Check("mail", True, Problem("mail_off"))
        return
    try:
        mail.check(server, address)
    except MailError as error:
        told = (error.problem, *unreachable(error, services.settings.smtp_url))
        yield Check("mail", False, Problem("several", {"sentences": told}) if told[1:] else error.problem)
        return
    if server.encryption == "none" and not is_here(services.settings.smtp_url):
        yield Check("mail", False, Problem("mail_plain", {"host": server.host}))
        return
    queue = services.read(health.mails, services.now())
    latest = tuple(filter(None, [queue.why or queue.latest]))
    problem = Problem(
        "mail_in_order", {"host": server.host, "due": queue.due, "given_up": queue.given_up, "latest": latest}
    )
    yield Check("mail", not queue.failing, problem)


def school_account(services: Services) -> Iterator[Check]:
    """Asks the provider of the school's account what it says of itself."""
    settings = services.settings
    if not settings.oidc_issuer:
        yield Check("school_account", True, Problem("school_account_off"))
        return
    if not auth.is_offered(settings):
        yield Check("school_account", False, Problem("school_account_incomplete"))
        return
    try:
        auth.check_provider(settings)
    except NotSignedIn as error:
        cause = unreachable(error, settings.oidc_issuer) or (Problem("school_account_misnamed"),)
        told = Problem("school_account_unreachable", {"issuer": settings.oidc_issuer, "cause": cause})
        yield Check("school_account", False, told)
        return
    yield Check("school_account", True, Problem("school_account_in_order", {"issuer": settings.oidc_issuer}))
