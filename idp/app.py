"""create_app: one process's parts, its doors and pages, in both shells. Nothing imports this but `wsgi.py`."""

from collections.abc import Callable, Iterable

from flask import Flask

from idp.endpoints.agency import withdrawals_api, withdrawals_link
from idp.endpoints.citizen import (
    account,
    applications,
    consents,
    disclosures,
    guide,
    notifications,
    receipts,
    security,
    security_code_app,
    security_codes,
    security_password,
)
from idp.endpoints.protocol import (
    access_evaluation,
    access_evaluations,
    authorize,
    authzen_configuration,
    discovery,
    health,
    introspect,
    jwks,
    ledger,
    logout,
    revoke,
    token,
    userinfo,
)
from idp.endpoints.sign_in import (
    activate,
    activate_address,
    activate_check,
    consent,
    login,
    recovery,
    recovery_cancel,
    recovery_password,
    recovery_proofs,
    second_factor,
    select_account,
)
from idp.gate import Gate
from idp.settings import Mode, Settings
from idp.web import current, hosts, languages, pages, problems, proxies, shells
from idp.web.shells import Door, Front

HOT = (
    ("/authorize", authorize),
    ("/token", token),
    ("/userinfo", userinfo),
    ("/introspect", introspect),
    ("/revoke", revoke),
    ("/access/v1/evaluation", access_evaluation),
    ("/access/v1/evaluations", access_evaluations),
    ("/jwks", jwks),
    ("/.well-known/openid-configuration", discovery),
    ("/.well-known/oauth-authorization-server", discovery),
    ("/.well-known/authzen-configuration", authzen_configuration),
)
PAGES = (
    authorize,
    login,
    select_account,
    activate,
    activate_check,
    activate_address,
    logout,
    second_factor,
    recovery,
    recovery_proofs,
    recovery_password,
    recovery_cancel,
    consent,
    account,
    applications,
    consents,
    disclosures,
    guide,
    notifications,
    receipts,
    security,
    security_code_app,
    security_codes,
    security_password,
    withdrawals_api,
    withdrawals_link,
    health,
    ledger,
)


def create_app(settings: Settings, url: str) -> Callable[..., Iterable[bytes]]:
    """The WSGI application: the thin front, and Flask behind it."""
    gate = Gate.build(settings, url)
    gate.watch.ahead.append(gate.jwks.get)
    gate.watch.start()
    flask_app = create_flask(gate)
    doors = Front(gate, hot_doors(gate), flask_app)
    return proxies.behind(doors, settings.proxies) if settings.proxies else doors


def hot_doors(gate: Gate) -> list[Door]:
    return [Door(path, module.METHODS, module.door(gate)) for path, module in HOT]


def create_flask(gate: Gate) -> Flask:
    """Flask with every door; it serves all of them alone, too."""
    app = Flask("idp", template_folder="../templates", static_folder=None)
    app.extensions["gapura"] = gate
    shells.count_in_flask(app)
    current.install(app)
    app.config["MAX_CONTENT_LENGTH"] = 64 * 1024
    app.config["PROVIDE_AUTOMATIC_OPTIONS"] = False  # no page is other sites' to ask about (C090)
    app.url_map.merge_slashes = False  # by a 308, which would keep the method (row 6)
    languages.install(app)
    pages.install(app, gate.issuer)
    problems.install(app)
    hosts.install(app, gate.settings)
    app.register_error_handler(current.Elsewhere, lambda way: way.response)
    shells.add_to_flask(app, gate, hot_doors(gate))
    for module in PAGES:
        app.register_blueprint(module.blueprint)
    if gate.settings.mode is not Mode.PRODUCTION:
        _add_demo(app)
    return app


def _add_demo(app: Flask) -> None:
    """The doors of the demo country; its module is not even imported in production (DESIGN §6.10)."""
    from idp.demo import inbox

    app.register_blueprint(inbox.blueprint)
