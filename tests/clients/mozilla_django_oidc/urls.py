"""Addresses: home, and what mozilla-django-oidc brings."""

from django.urls import include, path
from project import home

urlpatterns = [path("", home), path("oidc/", include("mozilla_django_oidc.urls"))]
