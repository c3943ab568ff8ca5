"""Posts from other sites are refused; our own and those of simple clients are not."""

from __future__ import annotations

import pytest

from tests.web.reporter import Reporter

REFUSED = [
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site"},
    {"Sec-Fetch-Site": "cross-site", "Origin": "http://localhost"},
    {"Origin": "https://evil.example"},
    {"Origin": "http://localhost.evil.example"},
    {"Origin": "http://localhost:8001"},
    {"Origin": "null"},
    {"Origin": "http://[broken"},
    {"Origin": "file://localhost"},
]
TAKEN = [
    {},
    {"Sec-Fetch-Site": "same-origin"},
    {"Sec-Fetch-Site": "none"},
    {"Origin": "http://localhost"},
    {"Origin": "https://localhost"},
    {"Sec-Fetch-Site": "same-origin", "Origin": "null"},
]


@pytest.mark.parametrize("headers", REFUSED)
def test_a_post_from_elsewhere_is_refused(reporter: Reporter, headers: dict[str, str]) -> None:
    page = reporter.post("/conversation", {"words": "abandon"}, **headers)
    assert page.status == 403
    assert "This was not sent from our own page" in page.text


@pytest.mark.parametrize("headers", TAKEN)
def test_a_post_from_our_own_page_is_taken(reporter: Reporter, headers: dict[str, str]) -> None:
    assert reporter.post("/conversation", {"words": "abandon"}, **headers).status == 422


def test_a_script_from_elsewhere_is_told_in_json(reporter: Reporter) -> None:
    response = reporter.client.post(
        "/conversation/sealed", base_url="http://localhost", json={}, headers={"Origin": "https://evil.example"}
    )
    assert (response.status_code, response.json) == (403, {"error": "cross_site"})


def test_links_from_elsewhere_open_the_portal(reporter: Reporter) -> None:
    assert reporter.get("/", **{"Sec-Fetch-Site": "cross-site"}).status == 200
