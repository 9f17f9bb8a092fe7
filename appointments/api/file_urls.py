from django.urls import path

from appointments.api import file_views as mine
from appointments.api import patient_file_views as theirs

FILE = "me/files/<uuid:file_id>"
PATIENT = "doctor/patients/<uuid:patient_id>"

urlpatterns = [
    path("me/files", mine.FilesView.as_view(), name="me-files"),
    path(FILE, mine.FileView.as_view(), name="me-file"),
    path(f"{FILE}/restore", mine.RestoreView.as_view(), name="me-file-restore"),
    path(f"{FILE}/versions", mine.VersionsView.as_view(), name="me-file-versions"),
    path(f"{FILE}/link", mine.LinkView.as_view(), name="me-file-link"),
    path(f"{FILE}/analyses", mine.AnalysesView.as_view(), name="me-file-analyses"),
    path(f"{FILE}/analyses/<uuid:analysis_id>", mine.AnalysisView.as_view(), name="me-file-analysis"),
    path("me/analysers", mine.AnalysersView.as_view(), name="me-analysers"),
    path("me/observations", mine.ObservationsView.as_view(), name="me-observations"),
    path("me/observations/<uuid:observation_id>/share", mine.ShareView.as_view(), name="me-observation-share"),
    path(f"{PATIENT}/files", theirs.PatientFilesView.as_view(), name="doctor-patient-files"),
    path(f"{PATIENT}/files/<uuid:file_id>/link", theirs.PatientLinkView.as_view(), name="doctor-patient-file-link"),
    path(
        f"{PATIENT}/files/<uuid:file_id>/analyses",
        theirs.PatientAnalysesView.as_view(),
        name="doctor-patient-file-analyses",
    ),
    path(
        f"{PATIENT}/analyses/<uuid:analysis_id>",
        theirs.PatientAnalysisView.as_view(),
        name="doctor-patient-analysis",
    ),
    path(
        f"{PATIENT}/analyses/<uuid:analysis_id>/sign-off",
        theirs.SignOffView.as_view(),
        name="doctor-patient-analysis-sign-off",
    ),
    path(f"{PATIENT}/observations", theirs.PatientObservationsView.as_view(), name="doctor-patient-observations"),
]
