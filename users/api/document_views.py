"""A person's own documents."""

from __future__ import annotations

from uuid import UUID

from common.api.pagination import paged
from common.api.schema import operation
from common.api.uploads import UploadView
from common.api.views import APIView, Request, Response, read
from common.errors import Busy, NotFound
from common.files.errors import FileEmpty, FileTooLarge, FileTypeUnknown, FileUnreadable, FileUnsafe
from users import selectors
from users.api import document_serializers as shapes
from users.api.authentication import PersonAuthentication
from users.api.permissions import IsPerson
from users.errors import AccountErased, DocumentInUse, TooManyDocuments
from users.services import documents
from users.states import DocumentKind

TAG = "Documents"
DOCUMENT = {
    "id": "01990b1e-6c00-7a3b-9d1e-2f4a5b6c7da1",
    "kind": "requisition",
    "name": "requisition.pdf",
    "content_type": "application/pdf",
    "size": 182044,
    "created_at": "2026-01-15T09:30:00Z",
}
LINK = {
    "url": "https://api.jeevansetu.example/files/AZkLHmwAejudHi9KW2x9oQ",
    "expires_at": "2026-01-15T09:35:00Z",
}


class DocumentsView(UploadView):
    authentication_classes = [PersonAuthentication]
    permission_classes = [IsPerson]

    @operation("List my documents", tag=TAG, responses={200: shapes.DocumentOut}, paged=True, answer=DOCUMENT)
    def get(self, request: Request) -> Response:
        """What you gave, newest first; the content is behind `/me/documents/{id}/content`."""
        return paged(selectors.documents_of_person(request.user.pk), shapes.DocumentOut, request)

    @operation(
        "Give a document",
        tag=TAG,
        request={"multipart/form-data": shapes.DocumentIn},
        responses={201: shapes.DocumentOut},
        refusals=[
            *(FileEmpty, FileTooLarge, FileTypeUnknown, FileUnreadable, FileUnsafe),
            *(TooManyDocuments, AccountErased, Busy),
        ],
        example={"file": "requisition.pdf", "kind": "requisition"},
        answer=DOCUMENT,
        media_type="multipart/form-data",
    )
    def post(self, request: Request) -> Response:
        """A picture or a PDF of up to 10 MB, seen by you, and by those for whom you attach it to something."""
        body = read(shapes.DocumentIn, request)
        document = documents.add_document(
            owner_id=request.user.pk,
            kind=DocumentKind(body["kind"]),
            name=body["file"].name or "",
            content=body["file"].read(),
        )
        return Response(shapes.DocumentOut(document).data, status=201)


class DocumentView(APIView):
    authentication_classes = [PersonAuthentication]
    permission_classes = [IsPerson]

    @operation("Read a document", tag=TAG, responses={200: shapes.DocumentOut}, refusals=[NotFound], answer=DOCUMENT)
    def get(self, request: Request, document_id: UUID) -> Response:
        """What it is, without its content."""
        return Response(shapes.DocumentOut(selectors.document_of(request.user.pk, document_id)).data)

    @operation("Delete a document", tag=TAG, responses={204: None}, refusals=[NotFound, DocumentInUse, Busy])
    def delete(self, request: Request, document_id: UUID) -> Response:
        """For good. What is attached to something that is still open is refused."""
        documents.delete_document(owner_id=request.user.pk, document_id=document_id)
        return Response(status=204)


class ContentView(APIView):
    authentication_classes = [PersonAuthentication]
    permission_classes = [IsPerson]

    @operation("Get a link to a document", tag=TAG, responses={200: shapes.LinkOut}, refusals=[NotFound], answer=LINK)
    def get(self, request: Request, document_id: UUID) -> Response:
        """Fetch the content from `url` within five minutes, without a token; then ask for a new link."""
        link = documents.link_to_own(owner_id=request.user.pk, document_id=document_id)
        return Response(shapes.LinkOut(link).data)
