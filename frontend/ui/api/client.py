"""The API as one person sees it: a member for each of its subjects."""

from ui.api.appointments import Appointments
from ui.api.audit import AuditLog
from ui.api.auth import Auth
from ui.api.invitations import Invitations
from ui.api.schedules import Schedules
from ui.api.transport import Transport
from ui.api.users import Users


class Api:
    """Every call raises `ApiError` when the API refuses and `Unreachable` without an answer."""

    def __init__(self, transport: Transport) -> None:
        self.auth = Auth(transport)
        self.users = Users(transport)
        self.invitations = Invitations(transport)
        self.schedules = Schedules(transport)
        self.appointments = Appointments(transport)
        self.audit = AuditLog(transport)
