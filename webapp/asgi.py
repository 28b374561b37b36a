"""The door of the ASGI server: sockets to the live consumer, uploads to their own handler, the rest to Django."""

import os
from typing import TYPE_CHECKING, cast

import django
from channels.routing import ProtocolTypeRouter
from django.conf import settings
from django.http import HttpRequest
from django.utils.module_loading import autodiscover_modules

if TYPE_CHECKING:  # the modules of the apps can only be imported once Django has loaded the apps
    from webapp.core.asgi import App, Receive, Scope, Send
    from webapp.core.permissions import HasKey

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "webapp.settings")


def door() -> "App":
    """The whole application."""
    django.setup()
    from webapp.core.asgi import BodyLimit, Django, UnderPath
    from webapp.core.consumers import PATH, LiveConsumer
    from webapp.datasets.tus import UploadDoor, larger_body

    autodiscover_modules("consumers")  # every app registers its channels there
    live = LiveConsumer.as_asgi(identify=_who)

    async def sockets(scope: "Scope", receive: "Receive", send: "Send") -> None:
        """The one address of sockets; an upgrade anywhere else is refused."""
        if scope["path"] == PATH:
            await live(scope, receive, send)
        else:
            await receive()
            await send({"type": "websocket.close"})

    requests = UploadDoor(BodyLimit(cast("App", Django()), larger_body))
    return UnderPath(ProtocolTypeRouter({"http": requests, "websocket": sockets}), settings.BASE_PATH)


def _who(request: HttpRequest) -> "tuple[HasKey, bool]":
    from webapp.accounts.authentication import identify

    identity = identify(request)
    return identity.person, identity.token is not None


application = door()
