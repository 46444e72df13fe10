"""What Gapura says when a session has ended or a citizen took their consent back: a logout token, read here.

OpenID Connect Back-Channel Logout 1.0 §2.6: nothing in it is believed before its signature, its times and whom it
is for are checked, and it works once.
"""

import time
from typing import Any

from joserfc import jwt
from joserfc.errors import InvalidClaimError, InvalidKeyIdError, JoseError
from joserfc.jwk import KeySet
from joserfc.jws import JWSRegistry

EVENT = "http://schemas.openid.net/event/backchannel-logout"
LEEWAY_SECONDS, FETCH_EVERY_SECONDS = 60, 60


class Refused(Exception):
    """Not a logout token of this Gapura for this application."""


class LogoutTokens:
    """One for a process: it remembers which tokens it has seen. `gapura`: Authlib's client."""

    def __init__(self, gapura: Any) -> None:
        self._gapura = gapura
        self._seen: dict[str, float] = {}  # jti → when its token is too old to be believed anyway
        self._fetched_at = float("-inf")

    def read(self, token: str) -> dict[str, Any] | None:
        """Its claims: `sub`, and `sid` where one session ended. None: said before, and done. Raises Refused."""
        try:
            claims = self._verified(token)
        except (JoseError, ValueError) as error:
            raise Refused from error
        self._seen = {jti: until for jti, until in self._seen.items() if until > time.time()}
        if claims["jti"] in self._seen:
            return None
        self._seen[claims["jti"]] = claims["exp"] + LEEWAY_SECONDS
        return claims

    def _verified(self, token: str) -> dict[str, Any]:
        metadata = self._gapura.load_server_metadata()
        try:
            decoded = self._decoded(token, metadata, self._gapura.fetch_jwk_set())
        except InvalidKeyIdError:  # signed with a newer key; a stranger cannot make us ask more than once a minute
            if time.monotonic() - self._fetched_at < FETCH_EVERY_SECONDS:
                raise
            self._fetched_at = time.monotonic()
            decoded = self._decoded(token, metadata, self._gapura.fetch_jwk_set(force=True))
        claims = decoded.claims
        jwt.JWTClaimsRegistry(
            leeway=LEEWAY_SECONDS,
            iss={"essential": True, "value": metadata["issuer"]},
            aud={"essential": True, "value": self._gapura.client_id},
            iat={"essential": True},
            exp={"essential": True},
            jti={"essential": True},
            sub={"essential": True},
            events={"essential": True},
        ).validate(claims)
        # `typ`, `events` and no nonce: an ID token, signed by the same key, never passes for one of these.
        told = isinstance(claims["events"], dict) and EVENT in claims["events"]
        if not told or decoded.header.get("typ") != "logout+jwt" or "nonce" in claims:
            raise InvalidClaimError("events")
        return claims

    @staticmethod
    def _decoded(token: str, metadata: dict[str, Any], keys: dict[str, Any]) -> jwt.Token:
        algorithms = metadata["id_token_signing_alg_values_supported"]
        registry = JWSRegistry(algorithms=algorithms, strict_check_header=False)
        return jwt.decode(token, KeySet.import_key_set(keys), registry=registry)
