"""An application for an agency's own staff: the same login, and a list of who may come in, kept by the agency.

    AGENCY_ISSUER=… AGENCY_CLIENT_ID=… AGENCY_CLIENT_SECRET_FILE=… STAFF_FILE=… python app.py 8003

Gapura says who somebody is, never what they may do here. The first to come in keeps the list; everyone else waits
until the keeper lets them in. People are known by `sub` alone; a name is shown where the citizen allowed it.
"""

import json
import logging
import os
import sys
from pathlib import Path
from urllib.parse import urlencode

from authlib.integrations.base_client import OAuthError
from authlib.integrations.flask_client import OAuth
from flask import Flask, abort, redirect, render_template, request, session, url_for
from werkzeug.serving import run_simple
from werkzeug.wrappers import Response

app = Flask(__name__)
secret = Path(os.environ["AGENCY_CLIENT_SECRET_FILE"]).read_text().strip()
app.secret_key = secret + "-cookie"
app.config.update(
    SESSION_COOKIE_NAME=f"agency-{os.environ['AGENCY_CLIENT_ID']}",
    SESSION_COOKIE_SAMESITE="Lax",
    NAME=os.environ.get("AGENCY_NAME", "Kepegawaian"),
)
gapura = OAuth(app).register(
    "gapura",
    client_id=os.environ["AGENCY_CLIENT_ID"],
    client_secret=secret,
    server_metadata_url=os.environ["AGENCY_ISSUER"] + "/.well-known/openid-configuration",
    client_kwargs={"scope": "openid profile email", "code_challenge_method": "S256"},
)
staff_file = Path(os.environ["STAFF_FILE"])


def staff() -> dict[str, dict[str, str]]:
    """sub → name and role: `keeper`, `employee`, or `waiting`."""
    listed: dict[str, dict[str, str]] = json.loads(staff_file.read_text()) if staff_file.exists() else {}
    return listed


@app.get("/login")
def login() -> Response:
    # A desk is shared: always ask who is there, and how surely we want to know it.
    return gapura.authorize_redirect(
        url_for("callback", _external=True), prompt="login", acr_values="urn:gapura:acr:substantial"
    )


@app.get("/callback")
def callback() -> Response:
    token = gapura.authorize_access_token()
    citizen, listed = gapura.userinfo(token=token), staff()
    role = "keeper" if not listed else listed.get(citizen["sub"], {}).get("role", "waiting")
    listed[citizen["sub"]] = {"name": citizen.get("name", "(tanpa nama)"), "role": role}
    staff_file.write_text(json.dumps(listed, ensure_ascii=False, indent=1))
    session["sub"], session["id_token"] = citizen["sub"], token["id_token"]
    return redirect(url_for("home"))


@app.get("/")
def home() -> str:
    listed = staff()
    me = listed.get(session.get("sub", ""))
    waiting = {sub: one for sub, one in listed.items() if one["role"] == "waiting"}
    return render_template("home.html", me=me, waiting=waiting if me and me["role"] == "keeper" else {})


@app.post("/admit")
def admit() -> Response:
    listed = staff()
    if listed.get(session.get("sub", ""), {}).get("role") != "keeper" or request.form["sub"] not in listed:
        abort(403)
    listed[request.form["sub"]]["role"] = "employee"
    staff_file.write_text(json.dumps(listed, ensure_ascii=False, indent=1))
    return redirect(url_for("home"))


@app.post("/logout")
def logout() -> Response:
    """The desk is shared: who leaves it leaves Gapura too. The ID token says that it is they who ask."""
    query = {"client_id": gapura.client_id, "post_logout_redirect_uri": url_for("home", _external=True)}
    if "id_token" in session:
        query["id_token_hint"] = session["id_token"]
    session.clear()
    return redirect(f"{gapura.load_server_metadata()['end_session_endpoint']}?{urlencode(query)}")


@app.errorhandler(OAuthError)
def refused(error: OAuthError) -> tuple[str, int]:
    return render_template("home.html", me=None, waiting={}, code=error.error), 400


if __name__ == "__main__":
    logging.getLogger("werkzeug").setLevel("ERROR")
    run_simple("127.0.0.1", int(sys.argv[1]), app, threaded=True)
