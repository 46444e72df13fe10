"""GET, POST /consent: what this application asks, attribute by attribute, with the citizen's own values (experience §3.5).

The form carries only the handle and the choices; who asks, for what and how long comes from review, never from the request.
Absent is not given, never offered is refused, and a second press repeats the recorded answer (C012, C044).
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from flask import Blueprint, Response, g
from flask_babel import gettext
from werkzeug.wrappers import Response as BaseResponse
from wtforms import HiddenField, SelectMultipleField, StringField

from consent import decision, notices, records
from consent.decision import StillToAsk
from consent.records import Giving, Moved
from idp.accounts import assurance
from idp.authorization import code_flow
from idp.authorization.code_flow import Screen, SessionKey
from idp.authorization.interaction import Step
from idp.claims import consent_words
from idp.errors import Code, OAuthError, PageError
from idp.signals import notifications
from idp.web import current, forms, pages, shells
from idp.web.answers import reply_to

blueprint = Blueprint("consent", __name__)
