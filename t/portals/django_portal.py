"""
Django: sessions in the cache, the cache in Redis, JSON by django-redis'
serializer.  Users are Django's own, in a database in memory.
"""

import json
import os
import time
from pathlib import Path
from wsgiref.simple_server import WSGIRequestHandler, make_server

import django
from django.conf import settings

settings.configure(
    ALLOWED_HOSTS=["*"],
    SECRET_KEY=os.environ["SECRET"],
    ROOT_URLCONF=__name__,
    DEFAULT_AUTO_FIELD="django.db.models.AutoField",
    INSTALLED_APPS=[
        "django.contrib.auth",
        "django.contrib.contenttypes",
        "django.contrib.sessions",
    ],
    MIDDLEWARE=[
        "django.contrib.sessions.middleware.SessionMiddleware",
        "django.contrib.auth.middleware.AuthenticationMiddleware",
    ],
    DATABASES={
        "default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"},
    },
    SESSION_ENGINE="django.contrib.sessions.backends.cache",
    CACHES={
        "default": {
            "BACKEND": "django_redis.cache.RedisCache",
            "LOCATION": f"unix://{os.environ['REDIS_SOCKET']}?db=0",
            "OPTIONS": {
                "SERIALIZER":
                    "django_redis.serializers.json.JSONSerializer",
            },
        },
    },
)
django.setup()

# these need the settings above

from django.contrib.auth import get_user_model, login, logout  # noqa: E402
from django.contrib.auth.signals import user_logged_in  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.core.wsgi import get_wsgi_application  # noqa: E402
from django.dispatch import receiver  # noqa: E402
from django.http import HttpResponse  # noqa: E402
from django.urls import path  # noqa: E402

USERS = json.loads((Path(__file__).parent / "users.json").read_text())


@receiver(user_logged_in)
def remember_scope(sender, request, user, **kwargs):
    """What the edge reads beside the id that Django writes itself."""

    known = USERS[user.username]
    request.session["scope"] = {
        name: known[name] for name in ("role", "tenant", "client", "projects")
    }
    request.session["created_at"] = int(time.time())


def sign_in(request):
    user = get_user_model().objects.get(username=request.GET["user"])
    login(request, user)
    return HttpResponse(status=204)


def sign_out(request):
    logout(request)
    return HttpResponse(status=204)


def visit(request):
    request.session["visited"] = True
    return HttpResponse(status=204)


urlpatterns = [
    path("sign-in", sign_in),
    path("sign-out", sign_out),
    path("visit", visit),
]


def main():
    call_command("migrate", verbosity=0)

    for name in USERS:
        get_user_model().objects.create_user(name)

    port = int(os.environ["PORT"])
    make_server("127.0.0.1", port, get_wsgi_application(),
                handler_class=WSGIRequestHandler).serve_forever()


if __name__ == "__main__":
    main()
