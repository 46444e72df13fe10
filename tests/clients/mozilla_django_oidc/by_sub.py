from urllib.parse import urlencode

from django.conf import settings
from mozilla_django_oidc.auth import OIDCAuthenticationBackend


class BySub(OIDCAuthenticationBackend):
    """Recognised by `sub` alone: an e-mail may be missing, shared, or somebody else's tomorrow."""

    def verify_claims(self, claims):
        return "sub" in claims

    def filter_users_by_claims(self, claims):
        return self.UserModel.objects.filter(username=claims["sub"])

    def create_user(self, claims):
        return self.UserModel.objects.create_user(claims["sub"], first_name=claims.get("name", "")[:150])


def leave(request):
    """Gapura's session ends too: without this the next login asks nothing."""
    back = {
        "post_logout_redirect_uri": request.build_absolute_uri("/"),
        "id_token_hint": request.session["oidc_id_token"],
    }
    return f"{settings.ISSUER}/logout?{urlencode(back)}"
