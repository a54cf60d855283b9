"""The routes of all features, under the same prefix as the kernel's."""

from app.features.audit_log import routes as audit_log

ROUTERS = (audit_log.router,)
