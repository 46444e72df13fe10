"""The authorization code grant: RFC 6749 §4.1.3 with PKCE (RFC 7636). A code is judged here by what is inside
it, then redeemed by one statement that asks everything it rests on.
"""

import hmac
import re
from typing import Any

from authlib.oauth2.rfc6749.grants import BaseGrant, TokenEndpointMixin
from authlib.oauth2.rfc7636 import create_s256_code_challenge

from idp import audit
from idp.authorization import codes, pushed
from idp.claims import release, values
from idp.clients.registry import Client
from idp.errors import Code, OAuthError
from idp.tokens import answer, redemption
from idp.tokens.id_token import Authentication
from idp.tokens.redemption import NotLive, Redeemed, Replayed
from idp.tokens.refresh_families import RefreshToken

VERIFIER = re.compile(r"[A-Za-z0-9\-._~]{43,128}\Z")


def refused() -> OAuthError:
    """One answer for unknown, expired, used, foreign and withdrawn: which of them it was is nobody's business."""
    return OAuthError(Code.INVALID_GRANT, "the code is unknown, expired, used, or not for this client and address")


class AuthorizationCodeGrant(BaseGrant, TokenEndpointMixin):  # type: ignore[misc]
    """Authlib's own grant stores, reads and deletes a code; ours is sealed, so only its place in the engine is
    used."""

    GRANT_TYPE = "authorization_code"

    def validate_token_request(self) -> None:
        """The client first: a wrong authentication must not burn the code (clients.md §2.5)."""
        client: Client = self.authenticate_token_endpoint_client()
        if self.GRANT_TYPE not in client.grant_types:
            raise OAuthError(Code.UNAUTHORIZED_CLIENT, "the client is not registered for this grant_type")
        single = self.request.parameters.single
        if "code" not in single:
            raise OAuthError(Code.INVALID_REQUEST, "code is missing")
        gate = self.server.gate
        code = codes.open_sealed(gate.sealer, single["code"], gate.clock())
        if code is None or code.client_no != client.client_no:
            raise refused()
        if not hmac.compare_digest(code.redirect_digest, codes.digest_of(single.get("redirect_uri", ""))):
            raise refused()
        _verify(code.challenge, single.get("code_verifier", ""))
        self.code = code

    def create_token_response(self) -> tuple[int, dict[str, Any], None]:
        gate, client, code = self.server.gate, self.request.client, self.code
        connection = gate.database.hot()
        outlives_session = "offline_access" in code.scope.split(" ")
        outcome = redemption.redeem(
            connection,
            code,
            list(gate.open_states),
            wants_refresh="refresh_token" in client.grant_types,
            bound_to_session=not outlives_session,
        )
        match outcome:
            case Replayed():
                audit.record(
                    connection, action="token.code_replayed", object_id=str(code.code_id), outcome="refused",
                    actor_no=client.client_no,
                )  # fmt: skip
                if outcome.times == 1:  # of a hundred more the audit knows; the citizen needs one message
                    self.server.tell_of_reuse(code.citizen_id, code.consent_id, client.client_no)
                raise refused()
            case NotLive():
                raise refused()
            case Redeemed():
                return 200, self._answer(outcome, outlives_session), None

    def _answer(self, redeemed: Redeemed, outlives_session: bool) -> dict[str, Any]:
        gate, client, code = self.server.gate, self.request.client, self.code
        bound = None if outlives_session else code.session_id
        nonce = code.nonce
        if code.stored is not None:
            nonce = (pushed.find(gate.database.hot(), client.client_no, code.stored) or {}).get("nonce", "")
        authentication = Authentication(
            code.citizen_id, code.session_id, redeemed.authenticated_at, redeemed.aal, redeemed.ial, redeemed.amr
        )
        refresh = None
        if "refresh_token" in client.grant_types:
            refresh = RefreshToken(
                code.citizen_id, code.code_id, client.client_no, code.purpose_no, code.consent_id, bound,
                code.session_id, 0, code.scope, code.userinfo_nos, code.id_token_nos,
                int(redeemed.authenticated_at.timestamp()), redeemed.aal, redeemed.ial, redeemed.amr,
                int(redeemed.now.timestamp()),
            )  # fmt: skip
        return answer.for_citizen(
            gate, client, authentication, redeemed.now, purpose_no=code.purpose_no, consent_id=code.consent_id,
            family_id=code.code_id, bound_session_id=bound, scope=code.scope, userinfo_nos=code.userinfo_nos,
            attribute_nos=redeemed.attribute_nos, nonce=nonce, personal=self._personal(redeemed), refresh=refresh,
        )  # fmt: skip

    def _personal(self, redeemed: Redeemed) -> dict[str, Any]:
        """Claims for the ID token: just those whose disclosure the statement wrote."""
        if redeemed.profile is None:
            return {}
        gate, (key_sealed, profile_sealed, updated_at, disclosed_nos) = self.server.gate, redeemed.profile
        profile = gate.vault.open_profile(self.code.citizen_id, key_sealed, profile_sealed)
        return values.of_attributes(release.names(disclosed_nos, gate.attributes.get()), profile, updated_at)


def _verify(challenge: str, verifier: str) -> None:
    """PKCE both ways: a verifier without a challenge is a downgrade (RFC 9700 §4.8), a challenge without a
    verifier a theft."""
    if not challenge and not verifier:
        return
    if not challenge or not VERIFIER.match(verifier):
        raise refused()
    if not hmac.compare_digest(create_s256_code_challenge(verifier), challenge):
        raise refused()
