"""Addresses: home, and what allauth brings."""

from django.urls import include, path
from project import home

urlpatterns = [path("", home), path("accounts/", include("allauth.urls"))]
