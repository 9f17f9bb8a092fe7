"""Cloudinary's HTTP API as far as the product speaks it: upload, destroy, and the signed download that expires.

Parameters, signatures and answers are Cloudinary's: https://cloudinary.com/documentation/image_upload_api_reference,
https://cloudinary.com/documentation/authentication_signatures. What was uploaded is kept in memory.
"""

from __future__ import annotations

import hashlib
import hmac
import time
from collections.abc import Mapping
from http import HTTPStatus
from urllib.parse import urlsplit

from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from sandbox.answers import as_json
from sandbox.world import World

UNSIGNED = {"file", "api_key", "resource_type", "cloud_name", "signature"}
STALE = 3600  # seconds after which a signature's timestamp is refused


class Refused(Exception):
    def __init__(self, status: HTTPStatus, message: str) -> None:
        super().__init__(message)
        self.status, self.message = status, message


def routes(world: World) -> list[Route]:
    """`/v1_1/{cloud}/{resource}/...`"""
    base = "/v1_1/{cloud}/{resource}"
    api = Cloudinary(world)
    return [
        Route(f"{base}/upload", api.upload, methods=["POST"]),
        Route(f"{base}/destroy", api.destroy, methods=["POST"]),
        Route(f"{base}/download", api.download, methods=["GET"]),
    ]


class Cloudinary:
    """The endpoints over one world's assets."""

    def __init__(self, world: World) -> None:
        account = urlsplit(world.settings.cloudinary_url)
        self._cloud, self._key, self._secret = account.hostname, account.username or "", account.password or ""
        self._assets = world.assets

    async def upload(self, request: Request) -> Response:
        """POST upload: the same public id again replaces the asset"""
        async with request.form(max_part_size=20 * 1024 * 1024) as form:
            fields = {name: value for name, value in form.items() if isinstance(value, str)}
            file = form.get("file")
            content = await file.read() if isinstance(file, UploadFile) else b""
        try:
            self._admit(request, fields)
            if not content:
                raise Refused(HTTPStatus.BAD_REQUEST, "Missing required parameter - file")
        except Refused as refusal:
            return _error(refusal)
        self._assets[self._place(request, fields)] = content
        body = {"public_id": fields["public_id"], "bytes": len(content), "type": fields.get("type", "upload")}
        return as_json({**body, "resource_type": request.path_params["resource"]})

    async def destroy(self, request: Request) -> Response:
        """POST destroy"""
        async with request.form() as form:
            fields = {name: str(value) for name, value in form.items()}
        try:
            self._admit(request, fields)
        except Refused as refusal:
            return _error(refusal)
        found = self._assets.pop(self._place(request, fields), None)
        return as_json({"result": "not found" if found is None else "ok"})

    async def download(self, request: Request) -> Response:
        """GET download, until `expires_at`"""
        fields = dict(request.query_params)
        try:
            self._admit(request, fields)
            if time.time() >= int(fields.get("expires_at", 0)):
                raise Refused(HTTPStatus.UNAUTHORIZED, "Link expired")
            content = self._assets.get(self._place(request, fields))
            if content is None:
                raise Refused(HTTPStatus.NOT_FOUND, "Resource not found")
        except Refused as refusal:
            return _error(refusal)
        return Response(content, headers={"Content-Disposition": "attachment"}, media_type="application/octet-stream")

    def _admit(self, request: Request, fields: Mapping[str, str]) -> None:
        if request.path_params["cloud"] != self._cloud or fields.get("api_key") != self._key:
            raise Refused(HTTPStatus.UNAUTHORIZED, "Invalid api_key or cloud_name")
        if not hmac.compare_digest(fields.get("signature", ""), sign(fields, self._secret)):
            raise Refused(HTTPStatus.UNAUTHORIZED, "Invalid Signature")
        if abs(time.time() - int(fields.get("timestamp", 0))) > STALE:
            raise Refused(HTTPStatus.BAD_REQUEST, "Stale request")

    def _place(self, request: Request, fields: Mapping[str, str]) -> tuple[str, str, str]:
        return request.path_params["resource"], fields.get("type", "upload"), fields.get("public_id", "")


def sign(fields: Mapping[str, str], secret: str) -> str:
    """Return the signature of the fields: sorted, joined, the secret behind them, SHA-1 in hex."""
    signed = sorted((name, value) for name, value in fields.items() if name not in UNSIGNED and value)
    text = "&".join(f"{name}={value}".replace("&", "%26") for name, value in signed)
    return hashlib.sha1((text + secret).encode()).hexdigest()  # noqa: S324 - Cloudinary's own default


def _error(refusal: Refused) -> Response:
    answer = as_json({"error": {"message": refusal.message}}, refusal.status)
    answer.headers["X-Cld-Error"] = refusal.message
    return answer
