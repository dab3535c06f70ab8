"""Signing in with the school's account: OpenID Connect, the code flow with PKCE, state and nonce.

https://openid.net/specs/openid-connect-core-1_0.html, section 3.1; Authlib speaks OAuth, joserfc checks the signature.
Nobody is let in by an address alone that her provider has not verified.
"""

import logging
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from authlib.common.errors import AuthlibBaseError
from authlib.integrations.requests_client import OAuth2Session
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from tracker import audit, storage
from tracker.audit import Action
from tracker.auth.sign_ins import Browser, Limits, begin
from tracker.errors import NotConfigured, NotSignedIn
from tracker.settings import Settings
from tracker.storage.database import Engine, Transaction, transaction
from tracker.storage.members import Member, Role

log = logging.getLogger(__name__)

SCOPE = "openid email profile"
# Signatures with a key pair; one with the client's own secret would be worth no more than that.
ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512")
SECONDS_TO_ANSWER = 10
# How far the clocks of provider and dashboard may be apart.
LEEWAY_SECONDS = 60
# How long somebody may take to sign in at her provider.
PENDING_LIFE = timedelta(minutes=10)
WELL_KNOWN = "/.well-known/openid-configuration"
# By their issuers; of any other it is "the school's account".
NAMES = {"https://accounts.google.com": "Google", "https://login.microsoftonline.com": "Microsoft"}
# Microsoft Entra has no `email_verified`; its optional claim `xms_edov` says that the domain's owner has verified it.
VERIFIED = ("email_verified", "xms_edov")


@dataclass(frozen=True, slots=True)
class Pending:
    """A sign-in that has begun: what its browser keeps until it comes back from the provider."""

    state: str
    nonce: str
    verifier: str


@dataclass(frozen=True, slots=True)
class Identity:
    """Who somebody is to her provider; the e-mail address is verified."""

    issuer: str
    subject: str
    email: str
    name: str
    claims: Mapping[str, Any]


def is_offered(settings: Settings) -> bool:
    """Whether people can sign in with the school's account."""
    return bool(settings.oidc_issuer and settings.oidc_client_id and settings.oidc_client_secret)


def provider_name(settings: Settings) -> str:
    """What stands on the button: Google, Microsoft, or nothing for any other provider."""
    return next((name for issuer, name in NAMES.items() if settings.oidc_issuer.startswith(issuer)), "")


def check_provider(settings: Settings) -> None:
    """Asks the provider what it says of itself, as a sign-in does. Raises NotConfigured, NotSignedIn."""
    with _client(settings, settings.oidc_issuer) as client:
        _configuration(client, settings)


def begin_at_provider(settings: Settings, back_to: str) -> tuple[str, Pending]:
    """The provider's address to send the browser to, and what to keep meanwhile; it comes back to `back_to`.

    Raises NotConfigured where this is not offered, NotSignedIn where the provider does not answer.
    """
    pending = Pending(secrets.token_urlsafe(32), secrets.token_urlsafe(32), secrets.token_urlsafe(48))
    with _client(settings, back_to) as client:
        known = _configuration(client, settings)
        address, _ = client.create_authorization_url(
            str(known["authorization_endpoint"]), pending.state, pending.verifier, nonce=pending.nonce
        )
    return str(address), pending


def identity_of(settings: Settings, pending: Pending, state: str, code: str, back_to: str, now: datetime) -> Identity:
    """Who has come back from the provider with this code.

    Raises NotSignedIn where the answer is not to this sign-in, is not the provider's, or has no verified address.
    """
    if not secrets.compare_digest(pending.state.encode(), state.encode("utf-8", "replace")):
        raise NotSignedIn("school_account_failed")
    try:
        with _client(settings, back_to) as client:
            known = _configuration(client, settings)
            got = client.fetch_token(
                str(known["token_endpoint"]), code=code, code_verifier=pending.verifier, timeout=SECONDS_TO_ANSWER
            )
            keys = KeySet.import_key_set(_json(client, str(known["jwks_uri"])))
        claims = jwt.decode(str(got["id_token"]), keys, algorithms=ALGORITHMS).claims
        _registry(settings, pending, now).validate(claims)
    except (AuthlibBaseError, JoseError, OSError, ValueError, KeyError, TypeError) as error:
        log.warning("the sign-in provider's answer cannot be used", extra={"kind": type(error).__name__})
        raise NotSignedIn("school_account_failed") from error
    if isinstance(claims["aud"], list) and len(claims["aud"]) > 1 and claims.get("azp") != settings.oidc_client_id:
        raise NotSignedIn("school_account_failed")
    email = str(claims.get("email") or "").strip().lower()
    if "@" not in email or not any(str(claims.get(name)).lower() in ("true", "1") for name in VERIFIED):
        raise NotSignedIn("school_account_unverified")
    return Identity(str(claims["iss"]), str(claims["sub"]), email, str(claims.get("name") or ""), claims)


def sign_in_with(
    engine: Engine, settings: Settings, who: Identity, browser: Browser, now: datetime, limits: Limits
) -> str:
    """Signs the browser of this person in and returns its token.

    Raises NotSignedIn where her domain is not allowed, nobody has invited her, or her account is closed; NotFound where
    it is removed at this moment.
    """
    try:
        with transaction(engine) as tx:
            admins = _locked_admins(tx, who) if settings.oidc_role_claim else []
            member = _member(tx, settings, who, browser, now)
            storage.members.lock_member(tx, member.id)
            if settings.oidc_role_claim:
                _take_role(tx, settings, admins, audit.from_where(member, browser.address), who, now)
            token = begin(tx, member.id, browser, now, limits)
    except NotSignedIn as error:
        log.warning("sign-in", extra={"outcome": error.code, "user": None, "address": browser.address})
        audit.note_failed_sign_in(engine, who.email, browser.address, error.code, now)
        raise
    log.info("sign-in", extra={"outcome": "signed_in", "user": member.id, "address": browser.address})
    return token


def _locked_admins(tx: Transaction, who: Identity) -> list[Member]:
    """The admins, locked together with the account of this person, as whoever changes accounts does."""
    known = storage.members.find_by_identity(tx, who.issuer, who.subject) or storage.members.find_member(tx, who.email)
    return storage.members.lock_admins(tx, *([known.id] if known else []))


def _member(tx: Transaction, settings: Settings, who: Identity, browser: Browser, now: datetime) -> Member:
    """The account of this person: the one she has used before, one with her address, or a new one."""
    domains = [domain.strip().lower() for domain in settings.oidc_domains.split(",") if domain.strip()]
    if domains and who.email.rpartition("@")[2] not in domains:
        raise NotSignedIn("school_account_domain")
    known = storage.members.find_by_identity(tx, who.issuer, who.subject)
    if known is not None:
        return known
    member = storage.members.find_member(tx, who.email)
    if member is None:
        if settings.oidc_accounts != "create":
            raise NotSignedIn("school_account_unknown")
        name = who.name.strip() or who.email.partition("@")[0]
        member = storage.members.add_member(tx, who.email, name, "teacher", None, now)
        by_herself = audit.from_where(member, browser.address)
        audit.note(tx, by_herself, Action.ACCOUNT_ADDED, now, account=member.email, role=member.role)
    # An address may be given to somebody else one day; the subject is hers for good.
    if not storage.members.set_identity(tx, member.id, who.issuer, who.subject):
        raise NotSignedIn("school_account_other")
    storage.invitations.end(tx, member.id)
    return member


def _take_role(
    tx: Transaction, settings: Settings, admins: list[Member], member: Member, who: Identity, now: datetime
) -> None:
    """The role that the provider says; the last of the admins stays one."""
    said = who.claims.get(settings.oidc_role_claim)
    values = {str(value) for value in (said if isinstance(said, list) else [said])}
    wanted = {value.strip() for value in settings.oidc_admin_values.split(",") if value.strip()}
    role: Role = "admin" if values & wanted else "teacher"
    if role == "teacher" and [admin.id for admin in admins] == [member.id]:
        return
    storage.members.set_role(tx, member.id, role)
    if role != member.role:
        audit.note(tx, member, Action.ROLE_CHANGED, now, account=member.email, role=role)


def _client(settings: Settings, back_to: str) -> OAuth2Session:
    if not is_offered(settings):
        raise NotConfigured("school_account_not_offered")
    return OAuth2Session(
        settings.oidc_client_id,
        settings.oidc_client_secret,
        scope=SCOPE,
        redirect_uri=back_to,
        code_challenge_method="S256",
        default_timeout=SECONDS_TO_ANSWER,
    )


def _configuration(client: OAuth2Session, settings: Settings) -> Mapping[str, Any]:
    """What the provider says of itself. Raises NotSignedIn where it does not answer, or is another one."""
    try:
        found: Mapping[str, Any] = _json(client, settings.oidc_issuer.rstrip("/") + WELL_KNOWN)
        if str(found["issuer"]).rstrip("/") != settings.oidc_issuer.rstrip("/"):
            raise ValueError("another issuer")
        return found
    except (OSError, ValueError, KeyError, TypeError) as error:
        log.warning("the sign-in provider does not answer", extra={"kind": type(error).__name__})
        raise NotSignedIn("school_account_failed") from error


def _json(client: OAuth2Session, address: str) -> Any:
    answer = client.get(address, withhold_token=True, timeout=SECONDS_TO_ANSWER)
    answer.raise_for_status()
    return answer.json()


def _registry(settings: Settings, pending: Pending, now: datetime) -> jwt.JWTClaimsRegistry:
    return jwt.JWTClaimsRegistry(
        now=int(now.timestamp()),
        leeway=LEEWAY_SECONDS,
        iss={"essential": True, "values": [settings.oidc_issuer, settings.oidc_issuer + "/"]},
        aud={"essential": True, "value": settings.oidc_client_id},
        nonce={"essential": True, "value": pending.nonce},
        sub={"essential": True},
        exp={"essential": True},
    )
