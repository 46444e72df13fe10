"""/health: this process answers. /ready: it can serve, its database writes. /metrics: numbers, for us alone.

/metrics answers this machine itself, or who shows the bearer token of GAPURA_METRICS_TOKEN_FILE. A request that
came through a proxy comes from elsewhere, whatever its address says.
"""

import hmac
import ipaddress

from flask import Blueprint, Response, current_app, jsonify, request
from werkzeug.datastructures import Headers

from idp import metrics, schema, token_files
from idp.database import Database
from idp.errors import DatabaseAway
from idp.settings import Settings, SettingsError

blueprint = Blueprint("health", __name__)
FORWARDED = ("Forwarded", "X-Forwarded-For", "X-Real-Ip", "Via")
NOT_STORED = {"Cache-Control": "no-store"}


@blueprint.get("/health")
def health() -> Response:
    """For whoever restarts processes: says nothing of the database, whose absence no restart mends."""
    return _answer({"status": "ok"}, 200)


@blueprint.get("/ready")
def ready() -> Response:
    """For whoever sends requests here."""
    database: Database = current_app.extensions["gapura"].database
    try:
        revision, writes = schema.standing(database.hot())
    except DatabaseAway:
        return _answer({"status": "unavailable", "database": "away"}, 503)
    if not writes:
        return _answer({"status": "unavailable", "database": "read only"}, 503)
    return _answer({"status": "ok", "database": "ok", "revision": revision}, 200)


@blueprint.get("/metrics")
def numbers() -> Response:
    """404 to others: that there is something here is not for them."""
    settings: Settings = current_app.extensions["gapura"].settings
    if not may_read_metrics(settings, request.remote_addr, request.headers):
        return _answer({"error": "not_found"}, 404)
    return Response(metrics.as_text(), headers=NOT_STORED, content_type="text/plain; version=0.0.4; charset=utf-8")


def may_read_metrics(settings: Settings, remote: str | None, headers: Headers) -> bool:
    if not any(name in headers for name in FORWARDED) and _is_loopback(remote):
        return True
    scheme, _, shown = headers.get("Authorization", "").partition(" ")
    if settings.metrics_token_file is None or scheme.lower() != "bearer":
        return False
    try:
        token = token_files.read_metrics_token(settings.metrics_token_file)
    except SettingsError:  # said at the start; what became of the file since is no stranger's business
        return False
    return hmac.compare_digest(shown.strip().encode(), token.encode())


def _is_loopback(remote: str | None) -> bool:
    try:
        return ipaddress.ip_address(remote or "").is_loopback
    except ValueError:
        return False


def _answer(document: dict[str, str], status: int) -> Response:
    answer = jsonify(document)
    answer.status_code = status
    answer.headers.update(NOT_STORED)
    if status == 503:
        answer.headers["Retry-After"] = "2"
    return answer
