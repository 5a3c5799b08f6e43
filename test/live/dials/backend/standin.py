"""A stand-in for the backend's own code: reads the same variables in the same way, and says what it made of them."""

import json
import os

import dj_database_url
from decouple import config
from django.core.cache import cache
from django.core.wsgi import get_wsgi_application
from django.db import connections
from django.http import HttpResponse, JsonResponse
from django.urls import path

SECRET_KEY = config("DJANGO_SECRET_KEY")
DEBUG = bool(config("DJANGO_DEBUG", cast=int, default=0))
ALLOWED_HOSTS = config("DJANGO_ALLOWED_HOSTS", default="").split(" ")
CSRF_TRUSTED_ORIGINS = config("DJANGO_CSRF_TRUSTED_ORIGINS", default="").split(" ")
CORS_ALLOWED_ORIGINS = config("DJANGO_CORS_ALLOWED_ORIGINS", default="").split(" ")
WORKSPACES = json.loads(config("DJANGO_WORKSPACES"))
DEFAULT_WORKSPACE = config("DJANGO_DEFAULT_WORKSPACE")
SERVER = config("DJANGO_DATABASE_URI")
DATABASES = {name: dj_database_url.config(default=os.path.join(SERVER, name)) for name in WORKSPACES}
DATABASES["default"] = DATABASES[DEFAULT_WORKSPACE]
CACHE_TTL = config("DJANGO_CACHE_TTL", cast=int)
CACHES = {
    "default": {
        "BACKEND": "django_redis.cache.RedisCache",
        "LOCATION": config("DJANGO_REDIS_URL"),
        "OPTIONS": {"COMPRESSOR": "django_redis.compressors.zlib.ZlibCompressor"},
    }
}
API_CLIENTS = json.loads(config("DJANGO_KEYCLOAK_API_CLIENTS", default="{}"))
KEYCLOAK = config("DJANGO_KEYCLOAK_SERVER_URL") + "realms/" + config("DJANGO_KEYCLOAK_REALM")
MIDDLEWARE = ["django.middleware.common.CommonMiddleware", "django.middleware.csrf.CsrfViewMiddleware"]
ROOT_URLCONF = "standin"
USE_TZ = True


def front(request):
    """The page that the readiness probe asks for."""
    return HttpResponse("Swagger")


def facts(request):
    """What Django made of its variables, and whether cache and databases answer."""
    cache.set("key", "value", CACHE_TTL)
    names = {}
    for workspace in WORKSPACES:
        with connections[workspace].cursor() as cursor:
            cursor.execute("select current_database()")
            names[workspace] = cursor.fetchone()[0]
    scheme = request.headers.get("X-Forwarded-Proto")
    return JsonResponse(
        {
            "hosts": ALLOWED_HOSTS,
            "origins": [CSRF_TRUSTED_ORIGINS, CORS_ALLOWED_ORIGINS],
            "databases": names,
            "default": DATABASES["default"]["NAME"],
            "cached": cache.get("key"),
            "clients": list(API_CLIENTS.values()),
            "keycloak": KEYCLOAK,
            "secrets": [config("DJANGO_KEYCLOAK_CLIENT_ID"), bool(config("DJANGO_KEYCLOAK_SECRET_KEY"))],
            "debug": DEBUG,
            "host": request.get_host(),
            "proto": scheme,
        }
    )


urlpatterns = [path("", front), path("facts", facts)]
application = get_wsgi_application()
