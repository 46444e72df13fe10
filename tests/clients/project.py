"""What both Django projects of these tests share: settings of a project just begun, and a page that says who is
there.
"""

import os
from html import escape

SECRET_KEY = os.environ["CLIENT_SECRET"]
DEBUG = False
ALLOWED_HOSTS = ["127.0.0.1"]
DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": os.environ["FOLDER"] + "/db.sqlite3"}}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
INSTALLED_APPS = ["django.contrib.auth", "django.contrib.contenttypes", "django.contrib.sessions",
                  "django.contrib.messages"]  # fmt: skip
MIDDLEWARE = [
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
]
TEMPLATES = [{
    "BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True,
    "OPTIONS": {"context_processors": ["django.template.context_processors.request",
                                       "django.contrib.messages.context_processors.messages"]},
}]  # fmt: skip
# Cookies know no ports: beside other applications on one host, names of its own.
SESSION_COOKIE_NAME = f"session-{os.environ['CLIENT_ID']}"
CSRF_COOKIE_NAME = f"csrf-{os.environ['CLIENT_ID']}"
# What fails is said in the log, which a failing test shows.
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "handlers": {"console": {"class": "logging.StreamHandler"}},
    "root": {"handlers": ["console"], "level": "ERROR"},
}
LOGIN_REDIRECT_URL = "/"
LOGOUT_REDIRECT_URL = "/"


def home(request):
    from django.http import HttpResponse
    from django.middleware.csrf import get_token

    who = request.user
    if not who.is_authenticated:
        return HttpResponse('<!doctype html><title>Layanan</title><p id="nobody">Belum masuk</p>')
    account = who.socialaccount_set.first() if hasattr(who, "socialaccount_set") else None
    sub = account.uid if account else who.username
    return HttpResponse(
        f'<!doctype html><title>Layanan</title><p data-claim="sub">{escape(sub)}</p>'
        f'<p data-claim="name">{escape(who.first_name)}</p>'
        f'<form method="post" action="/oidc/logout/"><input type="hidden" name="csrfmiddlewaretoken"'
        f' value="{get_token(request)}"><button id="logout">Keluar</button></form>'
    )
