"""The built front end's files and the API browser's, kept in a dictionary from start-up on."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from whitenoise.middleware import WhiteNoiseMiddleware

from webapp.core.errors import not_found


class StaticFiles(WhiteNoiseMiddleware):  # type: ignore[misc]  # whitenoise carries no types
    """Whitenoise, answering with bytes: the ASGI server would otherwise gather its file iterator chunk by chunk.

    A front end that is built anew while the service runs is served at once: what the dictionary lacks is looked for on
    disk, and what is gone from there is answered 404.
    """

    def __call__(self, request: HttpRequest) -> HttpResponse:
        path = request.path_info
        if path.startswith(self.static_prefix) and path not in self.files:
            found = self.find_file(path)
            if found is not None:
                self.files[path] = found
        answer: HttpResponse = super().__call__(request)
        return answer

    @staticmethod
    def serve(static_file: Any, request: HttpRequest) -> HttpResponse:
        try:
            found = static_file.get_response(request.method, request.META)
        except FileNotFoundError as error:
            return not_found(request, error)
        content = b""
        if found.file is not None:
            with found.file as file:
                content = file.read()
        response = HttpResponse(content, status=int(found.status))
        del response["Content-Type"]
        for name, value in found.headers:
            response[name] = value
        return response
