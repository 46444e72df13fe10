"""What a door may answer when it does not do what was asked: the codes of OAuth and OpenID Connect, and pages for
people.

An error carries its code, a description for developers and its status; the door alone turns it into bytes
(`idp/web/problems`). Descriptions are English in the characters of RFC 6749 §5.2 and never repeat input.
"""

from dataclasses import dataclass
from enum import StrEnum


class Code(StrEnum):
    """Error codes on the wire, each with the section that defines it."""

    INVALID_REQUEST = "invalid_request"  # RFC 6749 §4.1.2.1, §5.2
    INVALID_CLIENT = "invalid_client"  # RFC 6749 §5.2
    INVALID_GRANT = "invalid_grant"  # RFC 6749 §5.2
    UNAUTHORIZED_CLIENT = "unauthorized_client"  # RFC 6749 §5.2
    UNSUPPORTED_GRANT_TYPE = "unsupported_grant_type"  # RFC 6749 §5.2
    UNSUPPORTED_RESPONSE_TYPE = "unsupported_response_type"  # RFC 6749 §4.1.2.1
    INVALID_SCOPE = "invalid_scope"  # RFC 6749 §5.2
    INVALID_TARGET = "invalid_target"  # RFC 8707 §2
    ACCESS_DENIED = "access_denied"  # RFC 6749 §4.1.2.1
    INVALID_TOKEN = "invalid_token"  # RFC 6750 §3.1
    INSUFFICIENT_SCOPE = "insufficient_scope"  # RFC 6750 §3.1
    LOGIN_REQUIRED = "login_required"  # OIDC Core §3.1.2.6
    CONSENT_REQUIRED = "consent_required"  # OIDC Core §3.1.2.6
    INTERACTION_REQUIRED = "interaction_required"  # OIDC Core §3.1.2.6
    ACCOUNT_SELECTION_REQUIRED = "account_selection_required"  # OIDC Core §3.1.2.6
    REQUEST_NOT_SUPPORTED = "request_not_supported"  # OIDC Core §3.1.2.6
    REQUEST_URI_NOT_SUPPORTED = "request_uri_not_supported"  # OIDC Core §3.1.2.6
    UNMET_AUTHENTICATION = "unmet_authentication_requirements"  # OIDC Unmet Authentication Requirements 1.0
    TEMPORARILY_UNAVAILABLE = "temporarily_unavailable"  # RFC 6749 §4.1.2.1
    SLOW_DOWN = "slow_down"  # RFC 6585 §4 has the status, 429


@dataclass(eq=False)
class OAuthError(Exception):
    """An error for a program: JSON at the machine doors, a redirect at authorize. `headers` are added to the
    answer."""

    error: Code
    description: str
    status: int = 400
    headers: tuple[tuple[str, str], ...] = ()

    def __str__(self) -> str:
        return f"{self.error}: {self.description}"


@dataclass(eq=False)
class PageError(Exception):
    """An error for a person. `code` is stable and stands in the page's data-error; `finding` is what a developer
    needs.

    `onward` is where the one working way forward leads: the application's own start address, or None for ours.
    """

    code: str
    status: int = 400
    finding: str = ""
    onward: str | None = None

    def __str__(self) -> str:
        return f"{self.code}: {self.finding}"


class DatabaseAway(Exception):
    """The database did not answer in time, or is not writable: the door answers 503 and asks to come back."""
