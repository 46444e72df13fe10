"""What a client of each profile may and must do, as one table (protocol.md §1). Pure: one column decides, never a
door.

A client has exactly one profile, and no request lowers it. `fapi2` has no row yet: until its rules are kept (PAR,
sender-constrained tokens, signed requests), a client that asks for it is refused instead of getting less than it
asked.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Profile(StrEnum):
    """The names in `idp.client_profile`."""

    STANDARD = "standard"
    CLASSIC = "classic"
    NATIVE = "native"
    MACHINE = "machine"
    FAPI2 = "fapi2"


SECRETS = frozenset({"client_secret_basic", "client_secret_post"})
"""A client with a secret may send it either way, whatever it registered (clients.md §2.3)."""

ID_TOKEN_ALGS = ("RS256", "ES256", "EdDSA")
"""What our keys sign. The first is what a client gets that says nothing (OIDC Registration §2)."""

ASSERTION_ALGS = ("ES256", "PS256", "EdDSA", "Ed25519", "RS256")
"""What a client may sign its assertions with; the one it registered, if it did, and no other then."""


@dataclass(frozen=True, slots=True)
class Rules:
    """One column of the table. `auth_methods[0]` and `grant_types[0]` are what a client gets that names none."""

    auth_methods: tuple[str, ...]
    grant_types: tuple[str, ...]
    pkce_required: bool  # where not, a challenge that was sent is enforced all the same
    signs_in: bool  # sends citizens to authorize, so it has redirect addresses and `openid`
    custom_schemes: bool  # may be called back at an application's own scheme (RFC 8252 §7.1)
    any_loopback_port: bool  # a registered loopback address matches with any port (RFC 8252 §7.3)
    response_modes: tuple[str, ...]  # how the answer of authorize may come back


_CONFIDENTIAL_GRANTS = ("authorization_code", "refresh_token", "client_credentials")

RULES: Mapping[Profile, Rules] = {
    Profile.STANDARD: Rules(
        auth_methods=("client_secret_basic", "client_secret_post", "private_key_jwt"),
        grant_types=_CONFIDENTIAL_GRANTS,
        pkce_required=True,
        signs_in=True,
        custom_schemes=False,
        any_loopback_port=False,
        response_modes=("query", "form_post"),
    ),
    # Ten of twenty-one measured clients send no PKCE and three cannot (clients.md §2.6).
    Profile.CLASSIC: Rules(
        auth_methods=("client_secret_basic", "client_secret_post"),
        grant_types=_CONFIDENTIAL_GRANTS,
        pkce_required=False,
        signs_in=True,
        custom_schemes=False,
        any_loopback_port=False,
        response_modes=("query", "form_post"),
    ),
    Profile.NATIVE: Rules(
        auth_methods=("none",),
        grant_types=("authorization_code", "refresh_token"),
        pkce_required=True,
        signs_in=True,
        custom_schemes=True,
        any_loopback_port=True,
        response_modes=("query",),
    ),
    Profile.MACHINE: Rules(
        auth_methods=("client_secret_basic", "client_secret_post", "private_key_jwt"),
        grant_types=("client_credentials",),
        pkce_required=False,
        signs_in=False,
        custom_schemes=False,
        any_loopback_port=False,
        response_modes=(),
    ),
}


def of(profile: Profile) -> Rules:
    return RULES[profile]
