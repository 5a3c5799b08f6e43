"""Takes the place of DIALS' Django application: reads the same variables in the same way, says that it is a stand-in, and shows histograms."""

import json
import os

import dj_database_url
from decouple import config
from django.core.wsgi import get_wsgi_application
from django.http import HttpResponse
from django.urls import path

from pages import histograms, workspace_page

print("stand-in for DIALS' backend: gunicorn and Django are real, its pages are not DIALS' own", flush=True)

SECRET_KEY = config("DJANGO_SECRET_KEY")
DEBUG = bool(config("DJANGO_DEBUG", cast=int, default=0))
ALLOWED_HOSTS = config("DJANGO_ALLOWED_HOSTS", default="").split(" ")
CSRF_TRUSTED_ORIGINS = config("DJANGO_CSRF_TRUSTED_ORIGINS", default="").split(" ")
WORKSPACES = json.loads(config("DJANGO_WORKSPACES"))
SERVER = config("DJANGO_DATABASE_URI")
DATABASES = {name: dj_database_url.config(default=os.path.join(SERVER, name)) for name in WORKSPACES}
DATABASES["default"] = DATABASES[config("DJANGO_DEFAULT_WORKSPACE")]
CACHES = {"default": {"BACKEND": "django_redis.cache.RedisCache", "LOCATION": config("DJANGO_REDIS_URL")}}
config("DJANGO_CACHE_TTL", cast=int)
json.loads(config("DJANGO_KEYCLOAK_API_CLIENTS", default="{}"))
for name in ["SERVER_URL", "REALM", "CLIENT_ID", "SECRET_KEY"]:
    config(f"DJANGO_KEYCLOAK_{name}")
CORS_ALLOWED_ORIGINS = config("DJANGO_CORS_ALLOWED_ORIGINS", default="").split(" ")
INSTALLED_APPS = ["corsheaders"]
MIDDLEWARE = ["corsheaders.middleware.CorsMiddleware", "django.middleware.common.CommonMiddleware", "django.middleware.csrf.CsrfViewMiddleware"]
ROOT_URLCONF = "standin"
USE_TZ = True


def front(request):
    """The page that the readiness probe asks for; it needs the cache, as sessions do."""
    from django.core.cache import cache

    cache.set("stand-in", request.get_host(), 60)
    return HttpResponse(f"stand-in for DIALS' backend on {request.get_host()}: this is not the real program\n")


urlpatterns = [path("", front), path("stand-in/<slug:workspace>", workspace_page), path("api/v1/stand-in/histograms", histograms)]
application = get_wsgi_application()
