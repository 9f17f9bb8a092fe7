from common.errors import Conflict, Invalid


class WebhookUrlRefused(Invalid):
    code, pointer = "webhook_url_refused", "/url"
    message = "Webhooks go to a public name over https, on an allowed port, without credentials."


class EventTypeUnknown(Invalid):
    code, pointer = "event_type_unknown", "/event_types"
    message = "Name event types of the catalogue, whole families as `order.*`, or `*`."


class TooManyEndpoints(Conflict):
    code, message = "too_many_webhook_endpoints", "Your organisation has as many webhook endpoints as it may have."


class EndpointDisabled(Conflict):
    code, message = "webhook_endpoint_disabled", "This endpoint is disabled. Enable it first."
