"""The test suite: as on a workstation, with a fast password hasher and no outside host."""

import datetime as dt

from config.settings.local import *  # noqa: F403
from config.settings.local import BASE_DIR, STORAGES  # noqa: F401

DEBUG = False
OPERATING_FRESH = None  # looked for after a change only, so that no test counts a query more than another
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
DATABASES["default"] |= {"CONN_MAX_AGE": 0, "CONN_HEALTH_CHECKS": False}  # noqa: F405
WHITENOISE_AUTOREFRESH = True  # files are looked for when asked for; nobody has collected them
CLOUDINARY_URL = ""
FILE_SCANNER = CLAMD_ADDRESS = VISION_URL = ""
COLD_CHAIN_GRACE = dt.timedelta(minutes=10)  # as in production
PRIVATE_FILES_DIR = str(BASE_DIR / ".run" / "test-files")
