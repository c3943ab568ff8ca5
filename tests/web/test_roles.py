"""Every route says who may call it."""

from __future__ import annotations

from flask import Flask

from app.web.roles import Role, needs, role_of


def test_every_route_declares_a_role(app: Flask) -> None:
    without = [rule.rule for rule in app.url_map.iter_rules() if role_of(app.view_functions[rule.endpoint]) is None]
    assert without == []


def test_only_officers_get_to_the_desk_and_reporters_need_nothing(app: Flask) -> None:
    for rule in app.url_map.iter_rules():
        if role_of(app.view_functions[rule.endpoint]) is Role.OFFICER:
            assert rule.rule.startswith("/desk")


def test_a_view_without_a_role_answers_nobody(app: Flask) -> None:
    app.add_url_rule("/forgotten", view_func=lambda: "secret")
    response = app.test_client().get("/forgotten", base_url="http://localhost")
    assert response.status_code == 500
    assert b"secret" not in response.data


def test_a_role_without_a_guard_lets_nobody_through(app: Flask) -> None:
    app.extensions["quietline.guards"].clear()
    app.add_url_rule("/guarded", view_func=needs(Role.OFFICER)(lambda: "secret"))
    response = app.test_client().get("/guarded", base_url="http://localhost")
    assert response.status_code == 500
    assert b"secret" not in response.data
