from django.apps import AppConfig


class DonationsConfig(AppConfig):
    name = "donations"

    def ready(self) -> None:
        from donations import handlers, personal_data  # noqa: F401, PLC0415  (both register what they hold)
        from donations.api.freeze import hold_writes  # noqa: PLC0415
        from partners.api.permissions import register_gate  # noqa: PLC0415

        register_gate(hold_writes)
