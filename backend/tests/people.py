"""People who use the API in tests, each with cookies of their own."""

from typing import Any, Self

from fastapi.testclient import TestClient
from httpx2 import Response

PASSWORD = "password123"
API = "/api/v1"
PEER = ("192.0.2.7", 50_000)  # where requests come from


class Visitor:
    """A client of the API that keeps its session and sends its CSRF token."""

    def __init__(self, client: TestClient) -> None:
        self.client = client
        self.csrf_token: str | None = None
        self.account: dict[str, Any] = {}

    @property
    def id(self) -> int:
        return int(self.account["id"])

    def another(self, *, at: TestClient | None = None) -> Self:
        """Somebody else, with an empty cookie jar, at the same application or at another one."""
        running = at or self.client
        client = TestClient(running.app, base_url=str(running.base_url), client=PEER)
        client.portal = running.portal  # the application runs once
        return type(self)(client)

    def same_browser(self, *, at: TestClient | None = None) -> Self:
        """A second tab of this person's: the same cookies, CSRF token and account."""
        tab = self.another(at=at)
        tab.client.cookies.update(self.client.cookies)
        tab.csrf_token, tab.account = self.csrf_token, self.account
        return tab

    def call(self, method: str, path: str, **request: Any) -> Response:
        """Send a request below /api/v1, with the CSRF token when there is one."""
        headers = request.pop("headers", {})
        if self.csrf_token is not None:
            headers = {"X-CSRF-Token": self.csrf_token} | headers
        return self.client.request(method, API + path, headers=headers, **request)

    def get(self, path: str, **params: Any) -> Response:
        return self.call("GET", path, params=params)

    def post(self, path: str, **body: Any) -> Response:
        return self.call("POST", path, json=body)

    def put(self, path: str, **body: Any) -> Response:
        return self.call("PUT", path, json=body)

    def patch(self, path: str, **body: Any) -> Response:
        return self.call("PATCH", path, json=body)

    def delete(self, path: str) -> Response:
        return self.call("DELETE", path)

    def register(self, username: str, role: str = "patient", **more: Any) -> Self:
        """Register and log in as a new person; returns self."""
        body = {
            "username": username,
            "email": f"{username}@example.com",
            "full_name": username.replace("_", " ").title(),
            "password": PASSWORD,
            "role": role,
        }
        answer = self.post("/auth/register", **(body | more))
        assert answer.status_code == 201, answer.text
        return self.log_in(username, more.get("password", PASSWORD))

    def log_in(self, username: str, password: str = PASSWORD) -> Self:
        answer = self.post("/auth/login", username=username, password=password)
        assert answer.status_code == 200, answer.text
        self.csrf_token = answer.json()["csrf_token"]
        self.account = answer.json()["user"]
        return self


def code_of(answer: Response) -> tuple[int, str]:
    """Status and stable code of a refusal, after checking that it is a whole problem."""
    problem = answer.json()
    assert answer.headers["content-type"] == "application/problem+json"
    assert problem["status"] == answer.status_code
    assert problem["detail"]
    return answer.status_code, problem["code"]
