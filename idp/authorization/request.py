"""The validated authorization request as a plain value."""

from dataclasses import dataclass, field
from uuid import UUID

from idp.accounts.assurance import Asked


@dataclass(frozen=True)
class AuthorizationRequest:
    """Parameters of OIDC Core §3.1.2.1 after validation: the address is proven, the scope reduced to what is
    registered.

    `userinfo_nos` and `id_token_nos` are attribute numbers asked for either place. `citizen_id` is who must be
    signed in (`id_token_hint` or `claims`); nil where the client named nobody of ours.
    """

    client_id: str
    redirect_uri: str
    scope: str
    userinfo_nos: tuple[int, ...] = ()
    id_token_nos: tuple[int, ...] = ()
    response_mode: str = "query"
    state: str | None = None
    nonce: str | None = None
    code_challenge: str | None = None
    prompt: tuple[str, ...] = ()
    max_age: int | None = None
    acr: Asked = field(default_factory=Asked)
    citizen_id: UUID | None = None
    login_hint: str | None = None
    ui_locales: str | None = None

    @property
    def asked_nos(self) -> frozenset[int]:
        return frozenset(self.userinfo_nos) | frozenset(self.id_token_nos)

    @property
    def wants_refresh_token(self) -> bool:
        return "offline_access" in self.scope.split(" ")
