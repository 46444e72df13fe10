"""A small Django project, for the test: only gapura.py beside it is a recipe."""

import os

from gapura import *  # noqa: F403
from project import *  # noqa: F403

INSTALLED_APPS = [*INSTALLED_APPS, "social_django"]  # noqa: F405
ROOT_URLCONF = "urls"
SOCIAL_AUTH_OIDC_JWT_ALGORITHMS = [os.environ["ALG"]]
