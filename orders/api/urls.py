from django.urls import path

from orders.api import courier_views as couriers
from orders.api import export_views as exports
from orders.api import partner_views as partner
from orders.api import price_views as prices
from orders.api import road_views as road
from orders.api import views

ORDER = "orders/<uuid:order_id>"
OURS = "partner/orders/<uuid:order_id>"

urlpatterns = [
    path("partner/exports/orders", exports.OrdersExportView.as_view(), name="partner-export-orders"),
    path("orders/quote", views.QuoteView.as_view(), name="orders-quote"),
    path("orders", views.OrdersView.as_view(), name="orders"),
    path(ORDER, views.OrderView.as_view(), name="order"),
    path(f"{ORDER}/timeline", views.TimelineView.as_view(), name="order-timeline"),
    path(f"{ORDER}/cancel", views.CancelView.as_view(), name="order-cancel"),
    path(f"{ORDER}/code", views.CodeView.as_view(), name="order-code"),
    path(f"{ORDER}/requisition", views.RequisitionView.as_view(), name="order-requisition"),
    path("partner/orders/quote", partner.PartnerQuoteView.as_view(), name="partner-orders-quote"),
    path("partner/orders", partner.PartnerOrdersView.as_view(), name="partner-orders"),
    path(OURS, partner.PartnerOrderView.as_view(), name="partner-order"),
    path(f"{OURS}/timeline", partner.PartnerTimelineView.as_view(), name="partner-order-timeline"),
    path(f"{OURS}/requisition", partner.PartnerRequisitionView.as_view(), name="partner-order-requisition"),
    path(f"{OURS}/accept", partner.AcceptView.as_view(), name="partner-order-accept"),
    path(f"{OURS}/reject", partner.RejectView.as_view(), name="partner-order-reject"),
    path(f"{OURS}/cancel", partner.PartnerCancelView.as_view(), name="partner-order-cancel"),
    path(f"{OURS}/fill-up", partner.FillUpView.as_view(), name="partner-order-fill-up"),
    path(f"{OURS}/pack", partner.PackView.as_view(), name="partner-order-pack"),
    path(f"{OURS}/dispatch", partner.DispatchView.as_view(), name="partner-order-dispatch"),
    path(f"{OURS}/courier", couriers.SendAnotherView.as_view(), name="partner-order-courier"),
    path(f"{OURS}/deliver", partner.DeliverView.as_view(), name="partner-order-deliver"),
    path(f"{OURS}/fail", partner.FailView.as_view(), name="partner-order-fail"),
    path(f"{OURS}/return", partner.ReturnView.as_view(), name="partner-order-return"),
    path(f"{OURS}/code", partner.PartnerCodeView.as_view(), name="partner-order-code"),
    path(f"{OURS}/pings", road.PingsView.as_view(), name="partner-order-pings"),
    path("partner/boxes/<uuid:box_id>/readings", road.ReadingsView.as_view(), name="partner-box-readings"),
    path("partner/couriers", couriers.CouriersView.as_view(), name="partner-couriers"),
    path("partner/riders", road.RidersView.as_view(), name="partner-riders"),
    path("partner/riders/<uuid:rider_id>", road.RiderView.as_view(), name="partner-rider"),
    path("partner/price-list/import", prices.PricesImportView.as_view(), name="partner-prices-import"),
    path("partner/price-list", prices.PriceListView.as_view(), name="partner-price-list"),
    path("partners/<uuid:partner_id>/price-list", prices.PublicPriceListView.as_view(), name="partners-price-list"),
    path("partner/contracts", prices.ContractsView.as_view(), name="partner-contracts"),
    path("partner/contracts/<uuid:contract_id>/end", prices.ContractEndView.as_view(), name="partner-contract-end"),
    path("partner/contract-bills", prices.ContractBillsView.as_view(), name="partner-contract-bills"),
]
