"""Where on this machine a server with PostGIS is."""

from __future__ import annotations

from pathlib import Path

import psycopg2

SHARED, PROGRAMS = Path("/usr/share/postgresql"), Path("/usr/lib/postgresql")  # as Debian keeps them


def programs_with_postgis() -> Path | None:
    """Return the folder of the newest installed server's programs that has PostGIS."""
    found = sorted((int(control.parts[4]) for control in SHARED.glob("*/extension/postgis.control")), reverse=True)
    folders = [PROGRAMS / str(major) / "bin" for major in found]
    return next((folder for folder in folders if (folder / "postgres").exists()), None)


def has_postgis(url: str) -> bool:
    """Whether the server offers the extension."""
    asked = psycopg2.connect(url)
    try:
        with asked.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM pg_available_extensions WHERE name = 'postgis'")
            return cursor.fetchone()[0] == 1
    finally:
        asked.close()
