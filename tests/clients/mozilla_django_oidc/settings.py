"""A small Django project, for the test: only gapura.py and by_sub.py beside it are a recipe."""

from gapura import *  # noqa: F403
from project import *  # noqa: F403

INSTALLED_APPS = [*INSTALLED_APPS, "mozilla_django_oidc"]  # noqa: F405
ROOT_URLCONF = "urls"
