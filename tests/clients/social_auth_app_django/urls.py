"""Addresses: home, a button to sign in, and what social-auth-app-django brings: it begins with a POST."""

from django.http import HttpRequest, HttpResponse
from django.middleware.csrf import get_token
from django.urls import include, path
from project import home


def start(request: HttpRequest) -> HttpResponse:
    token = f'<input type="hidden" name="csrfmiddlewaretoken" value="{get_token(request)}">'
    return HttpResponse(
        f'<!doctype html><form method="post" action="/login/oidc/">{token}<button>Masuk</button></form>'
    )


urlpatterns = [path("", home), path("start", start), path("", include("social_django.urls", namespace="social"))]
