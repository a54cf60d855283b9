"""Capabilities beyond the kernel, a folder each. The kernel imports none of them."""

from app.features.audit_log import routes as audit_log

ROUTERS = (audit_log.router,)
"""The routes of all features, under the same prefix as the kernel's."""
