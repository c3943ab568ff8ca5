"""Where the reporter's views are."""

from __future__ import annotations

from typing import Final

from flask import Blueprint

from app.web import uploads
from app.web.reporter import conversation, fileparts, home, report, sealed
from app.web.roles import Role

blueprint: Final = Blueprint("reporter", __name__)

for _rule, _method, _name, _view in (
    ("/", "GET", "home", home.home),
    ("/report", "GET", "choose", home.choose),
    ("/report/<slug>", "GET", "report", report.write),
    ("/report/<slug>", "POST", "change", report.change),
    ("/report/<slug>/check", "POST", "check", report.check),
    ("/report/<slug>/send", "POST", "send", report.send),
    ("/report/<slug>/words", "POST", "two_words", report.two_words),
    ("/report/<slug>/sealed", "POST", "sealed_report", sealed.report),
    ("/files", "GET", "file_parts", fileparts.parts),
    ("/conversation", "GET", "words", conversation.words),
    ("/conversation", "POST", "conversation", conversation.enter),
    ("/conversation/answer", "POST", "answer", conversation.answer),
    ("/conversation/attachment", "POST", "attachment", conversation.attachment),
    ("/conversation/withdraw", "POST", "withdraw", conversation.withdraw),
    ("/conversation/sealed", "POST", "sealed_conversation", sealed.conversation),
    ("/conversation/sealed/answer", "POST", "sealed_answer", sealed.answer),
    ("/conversation/sealed/attachment", "POST", "sealed_attachment", sealed.attachment),
    ("/conversation/sealed/withdraw", "POST", "sealed_withdraw", sealed.withdraw),
):
    blueprint.add_url_rule(_rule, endpoint=_name, view_func=_view, methods=[_method])

for _method, _rule, _name, _view in uploads.routes(Role.ANYONE):
    blueprint.add_url_rule(_rule, endpoint=_name, view_func=_view, methods=[_method])
