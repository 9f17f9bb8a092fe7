"""The schema and its two readers. A policy keeps them from asking any outside host for anything."""

from typing import Any

from drf_spectacular.utils import extend_schema
from drf_spectacular.views import SpectacularAPIView, SpectacularRedocView, SpectacularSwaggerView
from rest_framework.permissions import AllowAny
from rest_framework.renderers import TemplateHTMLRenderer
from rest_framework.response import Response

POLICY = "; ".join(
    (
        "default-src 'self'",
        "img-src 'self' data:",
        "style-src 'self' 'unsafe-inline'",
        "script-src 'self' 'unsafe-inline'",  # Swagger UI starts itself from a script in its page
        "worker-src 'self' blob:",
        "frame-ancestors 'none'",
    )
)


class Reader:
    """A page that reads the schema."""

    def finalize_response(self, *args: Any, **kwargs: Any) -> Response:
        response: Response = super().finalize_response(*args, **kwargs)  # type: ignore[misc]
        response["Content-Security-Policy"] = POLICY
        return response


@extend_schema(exclude=True)
class SchemaView(SpectacularAPIView):
    """The OpenAPI document."""

    authentication_classes = []
    permission_classes = [AllowAny]


@extend_schema(exclude=True)
class SwaggerView(Reader, SpectacularSwaggerView):
    """Swagger UI."""

    authentication_classes = []
    permission_classes = [AllowAny]
    renderer_classes = [TemplateHTMLRenderer]
    url_name = "schema"


@extend_schema(exclude=True)
class RedocView(Reader, SpectacularRedocView):
    """Redoc."""

    authentication_classes = []
    permission_classes = [AllowAny]
    renderer_classes = [TemplateHTMLRenderer]
    url_name = "schema"
    template_name = "redoc.html"
