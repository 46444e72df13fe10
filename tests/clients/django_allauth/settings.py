"""A small Django project, for the test: only gapura.py beside it is a recipe."""

from gapura import *  # noqa: F403
from project import *  # noqa: F403

INSTALLED_APPS = [*INSTALLED_APPS, "allauth", "allauth.account", "allauth.socialaccount",  # noqa: F405
                  "allauth.socialaccount.providers.openid_connect"]  # fmt: skip
MIDDLEWARE = [*MIDDLEWARE, "allauth.account.middleware.AccountMiddleware"]  # noqa: F405
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
ROOT_URLCONF = "urls"
