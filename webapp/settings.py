"""Every setting once, from the environment, with its help and unit beside it.

A setting that a person may change is read by `env(...)` below; all others are decisions of the product.
"""

import os
import secrets
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from webapp.core.addresses import of_this_machine

BASE_DIR = Path(__file__).resolve().parent.parent


def env(name: str, default: str) -> str:
    """The environment's value of `name`, or the default when it is unset or empty."""
    return os.environ.get(name) or default


# --- where things lie -------------------------------------------------------------------------------------------
DATA_DIR = Path(env("ATELIER_DATA", str(BASE_DIR / "var"))).resolve()
"""ATELIER_DATA: folder of the database, uploads, datasets, runs and exports."""
DATA_DIR.mkdir(parents=True, exist_ok=True)
FRONTEND_DIST = BASE_DIR / "frontend" / "dist"
S3_BUCKET = env("S3_BUCKET", "")
"""S3_BUCKET: the S3-compatible bucket that finished files live in; the data folder is then this machine's working copy.
Its keys are AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY."""
S3_ENDPOINT = env("S3_ENDPOINT", "")
"""S3_ENDPOINT: the store's address, e.g. https://s3.lab:9000; AWS when unset."""
S3_REGION = env("S3_REGION", "us-east-1")
"""S3_REGION: where the bucket lies; stores of one's own take any."""
S3_PREFIX = env("S3_PREFIX", "")
"""S3_PREFIX: what all keys begin with, where others use the bucket too."""


def _secret_key() -> str:
    """SECRET_KEY, or one made at first start and kept in the data folder, readable by its owner only."""
    if key := os.environ.get("SECRET_KEY"):
        return key
    path = DATA_DIR / "secret_key"
    if not path.exists():
        temporary = path.with_name(f"secret_key.{os.getpid()}")
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(secrets.token_urlsafe(64))
        with suppress(FileExistsError):  # two processes that start together agree on the first one's key
            os.link(temporary, path)
        temporary.unlink()
    return path.read_text().strip()


SECRET_KEY = _secret_key()
SECRET_KEY_FALLBACKS = [key for key in env("SECRET_KEY_FALLBACKS", "").split(",") if key]
"""SECRET_KEY_FALLBACKS: former keys, comma-separated, that still verify sessions while a key is changed."""

# --- who may reach it -------------------------------------------------------------------------------------------
VERSION = "1.0.0"
DEBUG = False
HOST = env("HOST", "127.0.0.1")
"""HOST: address to serve on; a name or address of this machine serves the lab's network."""
PORT = int(env("PORT", "8000"))
"""PORT: TCP port to serve on."""
PUBLIC_URL = env("PUBLIC_URL", "")
"""PUBLIC_URL: the address people type when it differs from HOST and PORT (behind a proxy), e.g. https://atelier.lab, or
https://lab.example/atelier where it shares a name with others."""
BASE_PATH = urlsplit(PUBLIC_URL).path.rstrip("/")
"""What all addresses begin with; the proxy may pass it on or take it away."""
FORCE_SCRIPT_NAME = BASE_PATH or None
LOOPBACK = {"127.0.0.1", "localhost", "::1"}
IS_LOOPBACK = HOST in LOOPBACK and not PUBLIC_URL
IS_HTTPS = PUBLIC_URL.startswith("https://")
SETUP_CODE = env("SETUP_CODE", "")
"""SETUP_CODE: asked of the first visitor when the service is reachable from the network; `up` makes and prints one."""

ALLOWED_HOSTS = ["127.0.0.1", "localhost", "[::1]"]
if HOST in {"0.0.0.0", "::"}:  # noqa: S104
    ALLOWED_HOSTS += of_this_machine()  # not "*": a page of another name must not reach a service of the lab's network
elif HOST not in LOOPBACK:
    ALLOWED_HOSTS.append(f"[{HOST}]" if ":" in HOST else HOST)
if PUBLIC_URL:
    ALLOWED_HOSTS.append(urlsplit(PUBLIC_URL).hostname or "")
ALLOWED_HOSTS += [name for name in env("ALLOWED_HOSTS", "").split(",") if name]
CSRF_FAILURE_VIEW = "webapp.core.errors.csrf_failure"
CSRF_TRUSTED_ORIGINS = [PUBLIC_URL.rstrip("/").removesuffix(BASE_PATH)] if PUBLIC_URL else []
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = IS_HTTPS
_PREFIX = "atelier_" if not IS_HTTPS else "__Secure-" if BASE_PATH else "__Host-"  # the last is for whole hosts only
SESSION_COOKIE_NAME, CSRF_COOKIE_NAME = f"{_PREFIX}session", f"{_PREFIX}csrf"
SESSION_COOKIE_PATH = CSRF_COOKIE_PATH = f"{BASE_PATH}/"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_AGE = 14 * 24 * 3600
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
SECURE_HSTS_SECONDS = 365 * 24 * 3600 if IS_HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = IS_HTTPS
SECURE_SSL_REDIRECT = False  # the proxy that ends https redirects; uvicorn itself speaks http
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if IS_HTTPS else None
X_FRAME_OPTIONS = "DENY"
# W008: the proxy redirects, and an API must not answer http with a redirect at all. The others ask for https, which a
# service on loopback does without; where others can reach it, our own check atelier.W002 says so.
SILENCED_SYSTEM_CHECKS = ["security.W008"] + ([] if IS_HTTPS else ["security.W004", "security.W012", "security.W016"])

# --- parts ------------------------------------------------------------------------------------------------------
INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.staticfiles",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "channels",
    "webapp.core",
    "webapp.accounts",
    "webapp.webhooks",
    "webapp.recipes",
    "webapp.datasets",
    "webapp.runs",
    "webapp.gallery",
    "webapp.studies",
    "webapp.exports",
    "webapp.search",
    "webapp.upkeep",
]
MIDDLEWARE = [
    "webapp.core.headers.SecurityHeaders",
    "django.middleware.security.SecurityMiddleware",
    "webapp.core.static_files.StaticFiles",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
ROOT_URLCONF = "webapp.urls"
ASGI_APPLICATION = "webapp.asgi.application"
TEMPLATES = [{"BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True}]
AUTH_USER_MODEL = "accounts.Person"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
]
USE_TZ = True
TIME_ZONE = "UTC"
STATIC_URL = f"{BASE_PATH}/static/"
STATIC_ROOT = None  # nothing is collected: files are served from where Vite and pip put them
STATICFILES_DIRS = [FRONTEND_DIST] if FRONTEND_DIST.is_dir() else []
WHITENOISE_USE_FINDERS = True
WHITENOISE_IMMUTABLE_FILE_TEST = r"^/static/assets/.+-[A-Za-z0-9_-]{8}\.\w+$"
"""What Vite names by its content never changes."""
WHITENOISE_ALLOW_ALL_ORIGINS = False
APPEND_SLASH = False


# --- database: the truth ----------------------------------------------------------------------------------------
def _database() -> dict[str, Any]:
    """DATABASE_URL: postgresql://user:password@host:port/name, with libpq's parameters behind a `?` where wanted, such
    as sslmode=verify-full; without it SQLite in the data folder."""
    url = os.environ.get("DATABASE_URL")
    if not url:
        return {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": DATA_DIR / "db.sqlite3",
            "CONN_MAX_AGE": None,  # a thread keeps its connection: opening one costs more than a short answer
            "OPTIONS": {
                "timeout": 20,
                # WAL alone loses read-then-write transactions to "database is locked"; IMMEDIATE takes the lock first.
                "transaction_mode": "IMMEDIATE",
                "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA busy_timeout=20000; "
                # pages that are not in SQLite's own small cache are read from the system's, without a call for each
                f"PRAGMA mmap_size={4 * 2**30};",
            },
            "TEST": {"NAME": DATA_DIR / "test.sqlite3"},
        }
    parts = urlsplit(url)
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(parts.path.lstrip("/")),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": parts.hostname or "",
        "PORT": str(parts.port or ""),
        "CONN_MAX_AGE": 0,
        "OPTIONS": {**dict(parse_qsl(parts.query)), "pool": {"min_size": 1, "max_size": 8, "timeout": 10}},
    }


DATABASES = {"default": _database()}

# --- Redis: a bell, never the truth -----------------------------------------------------------------------------
REDIS_URL = env("REDIS_URL", "redis://127.0.0.1:6379/0")
"""REDIS_URL: the Redis that carries calls to workers and live events; `up` starts one when this is unset."""
CHANNEL_LAYERS = {
    "default": {"BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer", "CONFIG": {"hosts": [REDIS_URL]}}
}

# --- mail -------------------------------------------------------------------------------------------------------
EMAIL_HOST = env("EMAIL_HOST", "")
"""EMAIL_HOST: the server that sends mail; without it no mail is sent, and links are handed over by people."""
EMAIL_PORT = int(env("EMAIL_PORT", "25"))
"""EMAIL_PORT: its TCP port."""
EMAIL_HOST_USER = env("EMAIL_HOST_USER", "")
"""EMAIL_HOST_USER: the account there, if it wants one."""
EMAIL_HOST_PASSWORD = env("EMAIL_HOST_PASSWORD", "")
"""EMAIL_HOST_PASSWORD: its password."""
EMAIL_USE_TLS = env("EMAIL_USE_TLS", "0") == "1"
"""EMAIL_USE_TLS: 1 to encrypt by STARTTLS (port 587, as a rule)."""
EMAIL_USE_SSL = env("EMAIL_USE_SSL", "0") == "1"
"""EMAIL_USE_SSL: 1 to encrypt from the first byte (port 465, as a rule)."""
EMAIL_TIMEOUT = 20
DEFAULT_FROM_EMAIL = env("DEFAULT_FROM_EMAIL", "atelier@localhost")
"""DEFAULT_FROM_EMAIL: the sender of mails."""

# --- webhooks ---------------------------------------------------------------------------------------------------
WEBHOOK_HOSTS = tuple(name.strip().lower() for name in env("WEBHOOK_HOSTS", "").split(",") if name.strip())
"""WEBHOOK_HOSTS: hosts that labs may have their news sent to, comma-separated; `.lab.example` stands for lab.example
and all below it. None when unset. Whatever is named, no private address is ever reached."""

# --- API --------------------------------------------------------------------------------------------------------
DATA_UPLOAD_MAX_MEMORY_SIZE = 2 * 2**20
DATA_UPLOAD_MAX_NUMBER_FILES = 1
UPLOAD_CHUNK_MAX_BYTES = 16 * 2**20
"""Largest body of one PATCH of an upload, in bytes."""
SMALL_DATASET_MAX_BYTES = 32 * 2**20
"""Largest body of one request that makes a dataset, its archive included, in bytes."""
UPLOAD_MAX_BYTES = int(env("UPLOAD_MAX_BYTES", str(200 * 2**30)))
"""UPLOAD_MAX_BYTES: largest file a person may upload, in bytes."""
DISK_FLOOR_BYTES = int(env("DISK_FLOOR_BYTES", str(2 * 2**30)))
"""DISK_FLOOR_BYTES: free space that uploads never take, in bytes."""
UPLOAD_EXPIRES_H = 72
"""An upload that nobody touched for so many hours is removed."""
EXPORT_KEPT_DAYS = int(env("EXPORT_KEPT_DAYS", "30"))
"""EXPORT_KEPT_DAYS: days after which the file of a finished export is removed; 0 keeps it until somebody deletes it."""
LOG_KEPT_DAYS = int(env("LOG_KEPT_DAYS", "400"))
"""LOG_KEPT_DAYS: days after which entries of a lab's log are removed; 0 keeps them for ever."""
LAB_QUOTA_BYTES = int(env("LAB_QUOTA_BYTES", "0"))
"""LAB_QUOTA_BYTES: what a lab may store unless a quota of its own is set for it, in bytes; 0 sets no limit."""
MAX_OPEN_UPLOADS = 10
"""Uploads that one person may have on their way at the same time."""
REST_FRAMEWORK: dict[str, Any] = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "webapp.accounts.authentication.TokenAuthentication",  # first, so that nobody at all is answered with 401
        "webapp.accounts.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": [
        "rest_framework.permissions.IsAuthenticated",
        "webapp.core.permissions.TokenHasScope",
    ],
    "DEFAULT_PARSER_CLASSES": ["webapp.core.parsers.StrictJSONParser"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_THROTTLE_CLASSES": ["webapp.core.throttling.ReadAllowance", "webapp.core.throttling.WriteAllowance"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "webapp.core.errors.answer_error",
    "URL_FORMAT_OVERRIDE": None,
    "NUM_PROXIES": 0,
}
SPECTACULAR_SETTINGS: dict[str, Any] = {
    "TITLE": "Atelier",
    "DESCRIPTION": "Grow labelled vision datasets with generative models.",
    "VERSION": VERSION,
    "OAS_VERSION": "3.1.0",
    "SCHEMA_PATH_PREFIX": "/api/v1/",
    "SERVERS": [{"url": BASE_PATH}] if BASE_PATH else [],
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_PERMISSIONS": ["rest_framework.permissions.AllowAny"],
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "COMPONENT_SPLIT_REQUEST": True,
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "webapp.core.schema.complete_answers",
        "webapp.core.schema.add_errors",
        "webapp.core.schema.add_live_events",
    ],
    "ENUM_NAME_OVERRIDES": {
        "FoundNoun": "webapp.search.selectors.NOUNS",
        "Better": ["lower", "higher", "towards 1"],
        "Role": "webapp.accounts.models.Role",
        "Scope": "webapp.core.permissions.Scope",
        "Deed": "webapp.core.log.Deed",
        "UploadState": "webapp.datasets.models.Upload.State",
        "VersionState": "webapp.datasets.models.DatasetVersion.State",
        "IngestOutcome": "webapp.datasets.models.IngestFile.Outcome",
        "RunState": "webapp.runs.models.RunState",
        "Stage": ["prepare", "train", "generate", "score", "select"],
        "CancelOrRetry": ["cancel", "retry"],
        "EditState": "webapp.gallery.models.Edit.State",
        "SelectionState": "webapp.gallery.models.Selection.State",
        "Standing": "webapp.gallery.models.Sample.Standing",
        "MapViewName": ["pca", "tsne"],
        "VerdictValue": "webapp.gallery.models.Verdict.Value",
        "DeliveryState": "webapp.webhooks.models.Delivery.State",
        "BlindAnswer": "webapp.gallery.models.BlindTrial.Answer",
        "StudyAnswer": ["helped", "no_evidence", "hurt"],
        "StudyQuestion": "webapp.studies.models.Study.Question",
        "StudyState": "webapp.studies.models.Study.State",
        "ExportState": "webapp.exports.models.Export.State",
        "ExportContent": "webapp.exports.models.Export.Content",
    },
}

# --- workers ----------------------------------------------------------------------------------------------------
WORKER_THREADS = int(env("ATELIER_WORKER_THREADS", "0"))
"""ATELIER_WORKER_THREADS: arithmetic threads of a training process; 0 takes the share of the cores that is free when it
starts, and fewer when others need them later."""
STALL_AFTER_S = float(env("ATELIER_STALL_AFTER_S", "300"))
"""ATELIER_STALL_AFTER_S: a process at work that does not advance for so long, and for 20 times its usual pause, hangs:
it is ended, and its work goes on from the last checkpoint; in seconds."""
RUNS_AT_WORK_PER_PERSON = int(env("ATELIER_RUNS_AT_WORK", "4"))
"""ATELIER_RUNS_AT_WORK: runs of one person that workers compute at the same time; 0: as many as there are workers."""
RUNS_WAITING_PER_PERSON = int(env("ATELIER_RUNS_WAITING", "50"))
"""ATELIER_RUNS_WAITING: runs that one person may have in the queue; 0: any number."""

INCEPTION_WEIGHTS = env("ATELIER_INCEPTION_WEIGHTS", "")
"""ATELIER_INCEPTION_WEIGHTS: the published file of Inception's weights, by its absolute path; runs are then measured in
that space, too. The child that measures reads it from the environment."""

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s: %(message)s"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["stderr"], "level": env("LOG_LEVEL", "INFO")},
}
