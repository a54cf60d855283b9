"""The interactive documentation works without the internet, and the document is committed."""

import json
import re
from pathlib import Path

import pytest

from app.core.config import Environment, Settings
from app.main import create_app
from tests.people import Visitor

COMMITTED = Path(__file__).parents[2] / "openapi.json"


def test_the_page_asks_no_foreign_address(visitor: Visitor):
    page = visitor.client.get("/docs")
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert re.findall(r"https?:|[\"'(]//", page.text) == []

    addresses = re.findall(r"""(?:src|href|url)\s*[=:]\s*["']([^"']+)""", page.text)
    assert len(addresses) == 4
    answers = [visitor.client.get(address) for address in addresses]
    assert [answer.status_code for answer in answers] == [200] * 4


def test_the_page_may_load_its_own_files_only(visitor: Visitor):
    policy = visitor.client.get("/docs").headers["content-security-policy"]
    assert policy.split("; ") == [
        "default-src 'none'",
        "script-src 'self' 'unsafe-inline'",
        "style-src 'self' 'unsafe-inline'",
        "connect-src 'self'",
        "img-src 'self' data:",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    ]


def test_the_committed_document_is_the_applications():
    app = create_app(Settings(_env_file=None))
    assert json.loads(COMMITTED.read_text()) == app.openapi()
    app.state.resources.hashing.close()
    app.state.resources.database.close()


@pytest.mark.parametrize(
    ("environment", "asked", "status"),
    [
        (Environment.DEVELOPMENT, None, 200),
        (Environment.DEVELOPMENT, False, 404),
        (Environment.PRODUCTION, None, 404),
        (Environment.PRODUCTION, True, 200),
    ],
)
def test_production_documents_itself_when_asked_only(visitor_with, environment, asked, status):
    visitor = visitor_with(app_env=environment, api_docs=asked)
    pages = [visitor.client.get(path).status_code for path in ("/docs", "/openapi.json")]
    assert pages == [status, status]
    assert visitor.get("/users/doctors").status_code == 200


def test_every_refusal_is_documented_as_a_problem(visitor: Visitor):
    operations = [
        operation
        for methods in visitor.client.get("/openapi.json").json()["paths"].values()
        for operation in methods.values()
    ]
    shapes = {
        (media_type, content["schema"]["$ref"])
        for operation in operations
        for status, answer in operation["responses"].items()
        if status >= "400"
        for media_type, content in answer["content"].items()
    }
    assert shapes == {("application/problem+json", "#/components/schemas/Problem")}
