"""GET /.well-known/openid-configuration and /.well-known/oauth-authorization-server: what works here, and
nothing else (OpenID Connect Discovery 1.0, RFC 8414; protocol.md §4). Members whose default would promise more
are written out.
"""

from collections.abc import Callable
from typing import Any

from idp.accounts.assurance import Acr
from idp.claims.catalogue import BARE_SCOPES, CLAIMS, MACHINE_SCOPES, SCOPES, UPDATED_AT
from idp.clients.profiles import ASSERTION_ALGS
from idp.exchange import Reply, Request
from idp.gate import Gate
from idp.web import documents

METHODS = ("GET", "HEAD", "OPTIONS")
AUTH_METHODS = ["client_secret_basic", "client_secret_post", "private_key_jwt"]
ID_TOKEN_CLAIMS = ("sub", "iss", "aud", "exp", "iat", "auth_time", "nonce", "acr", "amr", "at_hash", "sid")


def document(issuer: str) -> dict[str, Any]:
    """The metadata of this issuer."""
    authentication = {
        f"{door}_endpoint_auth_{member}": value
        for door, methods in (
            ("token", [*AUTH_METHODS, "none"]),
            ("revocation", [*AUTH_METHODS, "none"]),
            ("introspection", AUTH_METHODS),
        )
        for member, value in (
            ("methods_supported", methods),
            ("signing_alg_values_supported", list(ASSERTION_ALGS)),
        )
    }
    return {
        "issuer": issuer,
        "authorization_endpoint": f"{issuer}/authorize",
        "token_endpoint": f"{issuer}/token",
        "userinfo_endpoint": f"{issuer}/userinfo",
        "jwks_uri": f"{issuer}/jwks",
        "introspection_endpoint": f"{issuer}/introspect",
        "revocation_endpoint": f"{issuer}/revoke",
        "end_session_endpoint": f"{issuer}/logout",
        "scopes_supported": [*BARE_SCOPES, *SCOPES, *MACHINE_SCOPES],
        "claims_supported": [*ID_TOKEN_CLAIMS, *CLAIMS, UPDATED_AT],
        "claim_types_supported": ["normal"],
        "response_types_supported": ["code"],
        "response_modes_supported": ["query", "form_post"],
        "grant_types_supported": ["authorization_code", "refresh_token", "client_credentials"],
        "subject_types_supported": ["pairwise"],
        "id_token_signing_alg_values_supported": ["RS256", "ES256", "EdDSA"],
        "acr_values_supported": [acr.value for acr in Acr],
        "prompt_values_supported": ["none", "login", "consent", "select_account"],
        "display_values_supported": ["page"],
        "ui_locales_supported": ["id", "en"],
        "claims_parameter_supported": True,
        "request_parameter_supported": False,
        "request_uri_parameter_supported": False,
        "require_request_uri_registration": False,
        "require_pushed_authorization_requests": False,
        "code_challenge_methods_supported": ["S256"],
        "authorization_response_iss_parameter_supported": True,
        "backchannel_logout_supported": True,
        "backchannel_logout_session_supported": True,
        "frontchannel_logout_supported": False,
        **authentication,
    }


def door(gate: Gate) -> Callable[[Request], Reply]:
    return documents.served(document(gate.issuer))
