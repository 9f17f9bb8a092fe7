from django.urls import path

from stock.api import bulk_views as bulk
from stock.api import export_views as exports
from stock.api import report_views as reports
from stock.api import transfer_views as transfers
from stock.api import unit_views as units
from stock.api import views

UNIT = "partner/stock/units/<str:unit>"
TRANSFER = "partner/transfers/<uuid:transfer_id>"

urlpatterns = [
    path("partner/stock", views.StockView.as_view(), name="partner-stock"),
    path("partner/stock/units/import", bulk.UnitsImportView.as_view(), name="partner-stock-import"),
    path("partner/stock/discards/bulk", bulk.BulkDiscardView.as_view(), name="partner-stock-discard-many"),
    path("partner/stock/tests/bulk", bulk.BulkTestsView.as_view(), name="partner-stock-tests-many"),
    path("partner/exports/units", exports.UnitsExportView.as_view(), name="partner-export-units"),
    path("partner/exports/movements", exports.MovementsExportView.as_view(), name="partner-export-movements"),
    path("partner/exports/transfers", exports.TransfersExportView.as_view(), name="partner-export-transfers"),
    path("partner/stock/units", units.UnitsView.as_view(), name="partner-stock-units"),
    path(UNIT, units.UnitView.as_view(), name="partner-stock-unit"),
    path(f"{UNIT}/tests", units.TestsView.as_view(), name="partner-stock-tests"),
    path(f"{UNIT}/release", units.ReleaseView.as_view(), name="partner-stock-release"),
    path(f"{UNIT}/split", units.SplitView.as_view(), name="partner-stock-split"),
    path(f"{UNIT}/discard", units.DiscardView.as_view(), name="partner-stock-discard"),
    path(f"{UNIT}/crossmatch", units.CrossmatchView.as_view(), name="partner-stock-crossmatch"),
    path(f"{UNIT}/transfuse", units.TransfuseView.as_view(), name="partner-stock-transfuse"),
    path("partner/stock/movements", views.MovementsView.as_view(), name="partner-stock-movements"),
    path("partner/stock/counts", views.CountsView.as_view(), name="partner-stock-counts"),
    path("partner/stock/thresholds", views.ThresholdsView.as_view(), name="partner-stock-thresholds"),
    path("partner/stock/policy", views.PolicyView.as_view(), name="partner-stock-policy"),
    path("partner/stock/reports/wastage", reports.WastageView.as_view(), name="partner-stock-wastage"),
    path("partner/stock/reports/wastage.csv", reports.WastageFileView.as_view(), name="partner-stock-wastage-file"),
    path("partner/stock/reports/age", reports.AgeView.as_view(), name="partner-stock-age"),
    path("partner/stock/reports/age.csv", reports.AgeFileView.as_view(), name="partner-stock-age-file"),
    path("partner/stock/report.csv", views.ReportView.as_view(), name="partner-stock-report"),
    path("partner/transfers", transfers.TransfersView.as_view(), name="partner-transfers"),
    path(TRANSFER, transfers.TransferView.as_view(), name="partner-transfer"),
    path(f"{TRANSFER}/offer", transfers.TransferOfferView.as_view(), name="partner-transfer-offer"),
    path(f"{TRANSFER}/reject", transfers.TransferRejectView.as_view(), name="partner-transfer-reject"),
    path(f"{TRANSFER}/confirm", transfers.TransferConfirmView.as_view(), name="partner-transfer-confirm"),
    path(f"{TRANSFER}/dispatch", transfers.TransferDispatchView.as_view(), name="partner-transfer-dispatch"),
    path(f"{TRANSFER}/receive", transfers.TransferReceiveView.as_view(), name="partner-transfer-receive"),
    path(f"{TRANSFER}/cancel", transfers.TransferCancelView.as_view(), name="partner-transfer-cancel"),
    path("stock/search", views.SearchView.as_view(), name="stock-search"),
]
