from django.apps import AppConfig


class SandboxConfig(AppConfig):
    """Installed on workstations only: the demo data."""

    name = "sandbox"
