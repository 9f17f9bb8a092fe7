"""The product as on a server, against the sandbox: no DEBUG, logs as JSON, and limits that one client does not meet."""

import os

os.environ.setdefault("LOG_JSON", "true")

from config.settings.local import *  # noqa: F403
from config.settings.local import DATABASES, THROTTLES

DEBUG = False
ROOT_URLCONF = "bench.urls"
THROTTLES = dict.fromkeys(THROTTLES, "1000000/s")
WHITENOISE_AUTOREFRESH = True  # nobody has collected the static files, and no benchmark asks for one
DATABASES["default"]["TEST"] = {"NAME": f"bench_{os.getpid()}"}
