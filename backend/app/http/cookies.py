"""The cookies of a session and of a known device."""

from fastapi import Request, Response

from app.core.config import Settings
from app.core.devices import LIFETIME as DEVICE_LIFETIME
from app.core.devices import Device
from app.http.resources import resources_of
from app.services.logins import NewLogin, SignedIn


def set_session_cookie(response: Response, who: SignedIn, settings: Settings) -> None:
    """Hand a session's token to the browser, out of reach of its scripts."""
    response.set_cookie(
        settings.cookie_name,
        who.token,
        max_age=settings.session_absolute_hours * 3600,
        path="/",
        secure=settings.is_https,
        httponly=True,
        samesite="lax",
    )


def known_devices(request: Request) -> list[Device]:
    """The accounts that this browser has logged in to before."""
    app = resources_of(request)
    cookie = request.cookies.get(app.settings.device_cookie_name, "")
    return app.devices.read(cookie, now=app.clock())


def set_device_cookie(request: Request, response: Response, opened: NewLogin) -> None:
    """Let the browser be known by its next login to this account."""
    app = resources_of(request)
    settings = app.settings
    response.set_cookie(
        settings.device_cookie_name,
        app.devices.remember(
            request.cookies.get(settings.device_cookie_name, ""),
            user_id=opened.user.id,
            generation=opened.user.device_generation,
            now=app.clock(),
        ),
        max_age=int(DEVICE_LIFETIME.total_seconds()),
        path="/",
        secure=settings.is_https,
        httponly=True,
        samesite="lax",
    )


def clear_session_cookie(response: Response, settings: Settings) -> None:
    """Let the browser forget its session."""
    response.delete_cookie(
        settings.cookie_name, path="/", secure=settings.is_https, httponly=True, samesite="lax"
    )
