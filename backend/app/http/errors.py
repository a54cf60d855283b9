"""Refusals that are about HTTP and no resource: their base class decides the status."""

from app.domain.errors import Conflict, DomainError, Forbidden, Invalid


class UnsupportedMediaType(DomainError):
    code = "unsupported_media_type"
    sentence = "Send the body as application/json."


class CrossSiteRequest(Forbidden):
    code = "cross_site_request"
    sentence = "This request came from another website and was refused."


class CsrfFailed(Forbidden):
    code = "csrf_failed"
    sentence = "The X-CSRF-Token header is missing or out of date. Reload the page and try again."


class KeyReused(Invalid):
    code = "idempotency_key_reused"
    sentence = "This Idempotency-Key belongs to another request. Use a new one."


class RequestInFlight(Conflict):
    code = "request_in_flight"
    sentence = "The same request is being worked on. Try again in a moment."
