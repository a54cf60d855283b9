"""Dependencies of routes: the clock, transactions, and the person who is signed in.

What does not wait for anything is `async`, so that it runs without a thread of its own. And each
takes nothing but the request: FastAPI solves what a dependency depends on anew wherever it stands,
and every such step costs it as much as a statement costs the database.
"""

from collections.abc import AsyncIterator
from datetime import datetime
from typing import Annotated

from fastapi import Depends, Request
from sqlalchemy.orm import Session

from app.core.security import csrf_token_for
from app.domain.errors import NotSignedIn
from app.domain.people import Actor, Origin
from app.http.authentication import session_if_any, take_turn
from app.http.read_records import ReadRecorder
from app.http.resources import Resources, origin_of, resources_of
from app.schemas.schemas import SignedInAnswer, UserAnswer
from app.services import logins
from app.services.logins import SignedIn


async def resources(request: Request) -> Resources:
    """The application's resources."""
    return resources_of(request)


async def origin(request: Request) -> Origin:
    """Where the request came from."""
    return origin_of(request)


async def present(request: Request) -> datetime:
    """The present instant, in UTC."""
    return resources_of(request).clock()


async def reading(request: Request) -> AsyncIterator[Session]:
    """A transaction that only reads, ended by `ending_transactions`."""
    with resources_of(request).database.reading() as session:
        yield session


async def writing(request: Request) -> AsyncIterator[Session]:
    """A transaction that `ending_transactions` commits before the answer is sent."""
    with resources_of(request).database.writing() as session:
        yield session


async def signed_in(request: Request) -> SignedIn:
    """The person whose session the request comes with. Raises NotSignedIn."""
    who = await session_if_any(request)
    if who is None:
        raise NotSignedIn
    return who


async def changing_account(request: Request) -> SignedIn:
    """A person who changes their own account. Raises NotSignedIn and TooManyAttempts."""
    who = await signed_in(request)
    take_turn(resources_of(request).rates.account_changes, who.actor.id)
    return who


async def current_actor(request: Request) -> Actor:
    """The person as the rules see them. Raises NotSignedIn."""
    return (await signed_in(request)).actor


async def recording(request: Request) -> ReadRecorder:
    """What reads are recorded with."""
    return ReadRecorder(resources_of(request))


App = Annotated[Resources, Depends(resources)]
ClientOrigin = Annotated[Origin, Depends(origin)]
Now = Annotated[datetime, Depends(present)]
Reading = Annotated[Session, Depends(reading, scope="function")]
Writing = Annotated[Session, Depends(writing, scope="function")]
SessionIfAny = Annotated[SignedIn | None, Depends(session_if_any)]
Person = Annotated[SignedIn, Depends(signed_in)]
AccountOwner = Annotated[SignedIn, Depends(changing_account)]
CurrentActor = Annotated[Actor, Depends(current_actor)]
Recording = Annotated[ReadRecorder, Depends(recording)]


def signed_in_answer(
    user: UserAnswer, who: SignedIn, app: Resources, now: datetime
) -> SignedInAnswer:
    """What a person's browser needs to know of its session, which it uses `now`."""
    return SignedInAnswer(
        user=user,
        csrf_token=csrf_token_for(who.token, app.settings.secret_key.get_secret_value()),
        expires_at=who.login.expires_at,
        idle_expires_at=logins.idle_end(who, app.limits, now),
    )
