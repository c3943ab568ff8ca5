"""What the reporter's pages show of files, for their script: fetched once it is needed, so that no page carries it for nothing."""

from __future__ import annotations

from flask import render_template

from app.web.context import services
from app.web.reporter import sentences
from app.web.roles import Role, needs


@needs(Role.ANYONE)
def parts() -> str:
    """The templates of rows and sentences about files, and of the field for choosing them."""
    largest_form, largest_file = sentences.sizes()
    return render_template(
        "reporter/files.html", largest_form=largest_form, largest_file=largest_file, most=services().settings.upload_bytes
    )
