"""A report with files and without script: chosen, sealed as they come, listed, changed, sent, and opened again."""

from __future__ import annotations

import hashlib
import io
import json
import zlib

import pytest
from flask import Flask, request

from app.domain import LIMITS, AttachmentId
from app.errors import NoRoom, StorageBusy
from app.services import files as file_service
from app.services import followup, intake, receipts
from tests.support import Clock, Place
from tests.web.filling import (
    BOUNDARY,
    Chosen,
    attachments,
    end,
    file_part,
    file_problem,
    listed,
    multipart,
    parts,
    post,
    post_stream,
    stored,
    submit,
    text_part,
    unnamed,
)
from tests.web.page import Page
from tests.web.reporter import BASE, BODY, SUBJECT, TYPED, Reporter, words

CHECK, SEND, FORM = "/report/ethics/check", "/report/ethics/send", "/report/ethics"
PHOTO = Chosen("photo.jpg", b"\xff\xd8" + bytes(range(256)) * 900, "image/jpeg")
LEDGER = Chosen("ledger.csv", b"a;b\r\n1;2\r\n", "text/csv")


def send(reporter: Reporter, page: Page) -> Page:
    return reporter.post(SEND, page.form(SEND))


def test_files_are_listed_before_sending_and_arrive_as_they_were(reporter: Reporter, place: Place) -> None:
    page = submit(reporter, CHECK, TYPED, PHOTO, LEDGER)
    assert (page.status, listed(page)) == (200, ["photo.jpg", "ledger.csv"])
    assert "225 kB, picture" in page.text
    assert [element.raw for element in page.all("div", class_="written")][:2] == [SUBJECT, BODY]
    assert unnamed(place) == stored(place) != []
    typed = words(send(reporter, page))
    assert attachments(place, typed) == [("photo.jpg", "image/jpeg", len(PHOTO.content)), ("ledger.csv", "text/csv", len(LEDGER.content))]
    assert unnamed(place) == []
    receipt = receipts.read(typed)
    for file, id_ in zip((PHOTO, LEDGER), _ids(page), strict=True):
        opened = file_service.open_for_reporter(place.ctx, place.id, receipt, id_)
        assert b"".join(opened.chunks) == file.content


def _ids(page: Page) -> list[AttachmentId]:
    fields = page.form(SEND if page.all("form", action=SEND) else CHECK).get("attachment", [])
    return [AttachmentId(json.loads(value)["id"]) for value in fields]


def test_a_form_without_a_file_is_checked_and_sent_as_before(reporter: Reporter, place: Place) -> None:
    page = submit(reporter, CHECK, TYPED)
    assert "attachment" not in page.form(SEND)
    assert "Files" not in [element.text for element in page.all("dt")]
    assert attachments(place, words(send(reporter, page))) == []
    assert stored(place) == []


def test_a_file_without_content_is_a_file_and_one_without_either_is_none(reporter: Reporter, place: Place) -> None:
    page = submit(reporter, CHECK, TYPED, Chosen("empty.txt", b"", "text/plain"), Chosen("", b""), Chosen("", b"x"))
    assert listed(page) == ["empty.txt", "file"]
    assert attachments(place, words(send(reporter, page))) == [("empty.txt", "text/plain", 0), ("file", "application/octet-stream", 1)]


def test_text_after_the_files_is_read_all_the_same(reporter: Reporter, place: Place) -> None:
    body = file_part(PHOTO) + b"".join(text_part(name, value) for name, value in TYPED.items() if isinstance(value, str)) + end()
    page = post(reporter, CHECK, body)
    assert listed(page) == ["photo.jpg"]
    opened = followup.open_plain(place.ctx, place.id, receipts.read(words(send(reporter, page))))
    assert opened.checked[0].payload is not None
    assert opened.checked[0].payload.body == BODY


def test_a_ticket_after_the_files_keeps_the_report_the_one_it_was(reporter: Reporter, place: Place) -> None:
    ticket = reporter.check().form(SEND)["ticket"][0]
    page = post(reporter, CHECK, file_part(PHOTO) + b"".join(parts({**TYPED, "ticket": ticket})) + end())
    assert page.status == 422
    assert "“photo.jpg” has to be chosen again" in file_problem(page)
    assert stored(place) == []
    again = submit(reporter, CHECK, page.form(CHECK), PHOTO)
    assert listed(again) == ["photo.jpg"]
    first = words(reporter.post(SEND, {**reporter.check().form(SEND), "ticket": ticket}))
    assert words(reporter.post(SEND, {**again.form(SEND)})) == first  # told as an earlier version, under the words it has


def test_a_ticket_that_does_not_open_after_the_files_loses_none_of_them(reporter: Reporter, clock: Clock) -> None:
    ticket = reporter.check().form(SEND)["ticket"][0]
    clock.move(seconds=31 * 60)
    page = post(reporter, CHECK, file_part(PHOTO) + b"".join(parts({**TYPED, "ticket": ticket})) + end())
    assert "longer than 30 minutes" in page.text
    assert "could not be kept" not in page.text
    assert listed(page) == ["photo.jpg"]
    assert words(send(reporter, page))


def test_change_brings_the_form_with_text_and_files_and_one_can_be_taken_out(reporter: Reporter, place: Place) -> None:
    page = submit(reporter, CHECK, TYPED, PHOTO, LEDGER)
    assert page.one("button", name="change", value="files").get("formaction") == FORM
    form = reporter.post(FORM, {**page.form(SEND), "change": "files"})
    assert form.focused().get("name") == "files"
    assert listed(form) == ["photo.jpg", "ledger.csv"]
    assert form.form(CHECK)["body"] == [BODY]
    box = form.all("input", name="remove")[0]
    assert box.get("value") == _ids(page)[0]
    after = submit(reporter, CHECK, {**form.form(CHECK), "remove": box.get("value") or ""}, Chosen("more.txt", b"more", "text/plain"))
    assert listed(after) == ["ledger.csv", "more.txt"]
    assert _ids(page)[0] not in stored(place)
    assert [name for name, *_ in attachments(place, words(send(reporter, after)))] == ["ledger.csv", "more.txt"]


def test_with_a_problem_in_the_text_nothing_has_to_be_chosen_again(reporter: Reporter, place: Place) -> None:
    page = submit(reporter, CHECK, {**TYPED, "body": " "}, PHOTO)
    assert page.status == 422
    assert page.focused().get("name") == "body"
    assert listed(page) == ["photo.jpg"]
    check = submit(reporter, CHECK, {**page.form(CHECK), "body": BODY})
    assert listed(check) == ["photo.jpg"]
    assert "longer than 30 minutes" not in check.text
    assert len(attachments(place, words(send(reporter, check)))) == 1


def test_an_expired_ticket_asks_for_the_files_again_and_deletes_what_nobody_could_open(
    reporter: Reporter, place: Place, clock: Clock
) -> None:
    page = submit(reporter, CHECK, TYPED, PHOTO)
    clock.move(seconds=31 * 60)
    late = send(reporter, page)
    assert "longer than 30 minutes" in late.focused().text
    assert "The files you had chosen could not be kept. Choose them again, or send without them." in late.focused().text
    assert "None" in late.one("div", data_row="files").text
    assert listed(late) == [] == stored(place)
    assert attachments(place, words(send(reporter, late))) == []


def test_a_form_open_too_long_says_so_and_takes_the_files_that_come_with_it(reporter: Reporter, place: Place, clock: Clock) -> None:
    form = reporter.post(FORM, submit(reporter, CHECK, TYPED, PHOTO).form(SEND))
    clock.move(seconds=31 * 60)
    page = submit(reporter, CHECK, {**form.form(CHECK), "body": ""}, LEDGER)
    assert page.status == 422
    assert "could not be kept" in page.text
    assert "longer than 30 minutes" in page.text
    assert listed(page) == ["ledger.csv"]
    assert len(stored(place)) == 1
    check = submit(reporter, CHECK, {**page.form(CHECK), "body": BODY})
    assert listed(check) == ["ledger.csv"]
    assert len(attachments(place, words(send(reporter, check)))) == 1


def test_the_same_report_sent_twice_counts_once(reporter: Reporter, place: Place) -> None:
    form = submit(reporter, CHECK, TYPED, PHOTO).form(SEND)
    first, second = reporter.post(SEND, form), reporter.post(SEND, form)
    assert words(first) == words(second)
    assert second.status == 200
    assert len(stored(place)) == 1
    assert attachments(place, words(first)) == [("photo.jpg", "image/jpeg", len(PHOTO.content))]


def test_the_same_report_with_the_same_files_chosen_anew_counts_once_and_leaves_no_copy(reporter: Reporter, place: Place) -> None:
    page = submit(reporter, CHECK, TYPED, PHOTO)
    first = words(send(reporter, page))
    form = {name: value for name, value in page.form(SEND).items() if name != "attachment"}
    again = submit(reporter, CHECK, form, PHOTO)
    assert words(send(reporter, again)) == first
    assert len(stored(place)) == 1


def test_another_file_under_the_same_ticket_is_told_and_not_kept(reporter: Reporter, place: Place) -> None:
    page = submit(reporter, CHECK, TYPED, PHOTO)
    first = words(send(reporter, page))
    form = {name: value for name, value in page.form(SEND).items() if name != "attachment"}
    other = send(reporter, submit(reporter, CHECK, form, LEDGER))
    assert other.status == 409
    assert "An earlier version has already arrived" in other.text
    assert words(other) == first
    assert len(stored(place)) == 1
    assert attachments(place, first)[0][0] == "photo.jpg"


def test_when_the_database_is_busy_text_and_files_stay(reporter: Reporter, place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    page = submit(reporter, CHECK, TYPED, PHOTO)

    def busy(*_: object) -> None:
        raise StorageBusy

    with monkeypatch.context() as failure:
        failure.setattr(intake, "accept_plain", busy)
        again = send(reporter, page)
    assert again.status == 503
    assert listed(again) == ["photo.jpg"]
    assert len(attachments(place, words(send(reporter, again)))) == 1


def test_files_that_were_swept_meanwhile_are_asked_for_again_and_nothing_is_stored(reporter: Reporter, place: Place) -> None:
    page = submit(reporter, CHECK, TYPED, PHOTO, LEDGER)
    file_service.discard(place.ctx, place.id, _ids(page)[:1])
    form = send(reporter, page)
    assert form.status == 409
    assert "Some of the files are not with us any more, so nothing was stored" in file_problem(form)
    assert listed(form) == ["ledger.csv"]
    assert form.form(CHECK)["body"] == [BODY]
    check = submit(reporter, CHECK, form.form(CHECK), PHOTO)
    assert [name for name, *_ in attachments(place, words(send(reporter, check)))] == ["ledger.csv", "photo.jpg"]


@pytest.mark.parametrize(
    ("error", "status", "sentence"),
    [(NoRoom, 507, "our server has no room for it now"), (StorageBusy, 503, "the server is busy. Wait a minute and choose it again")],
)
def test_a_file_that_is_not_taken_is_named_with_the_reason_and_the_rest_is_kept(
    reporter: Reporter, place: Place, monkeypatch: pytest.MonkeyPatch, error: type[Exception], status: int, sentence: str
) -> None:
    seal = file_service.seal_file

    def no_room_for_photos(ctx: object, org: object, readers: object, name: str, *others: object) -> object:
        if name == "photo.jpg":
            raise error
        return seal(ctx, org, readers, name, *others)  # type: ignore[arg-type]

    with monkeypatch.context() as full:
        full.setattr(file_service, "seal_file", no_room_for_photos)
        page = submit(reporter, CHECK, TYPED, LEDGER, PHOTO, Chosen("last.txt", b"last"))
    assert page.status == status
    assert "“photo.jpg” was not taken" in file_problem(page)
    assert sentence in file_problem(page)
    assert page.focused().get("name") == "files"
    assert listed(page) == ["ledger.csv", "last.txt"]
    assert page.form(CHECK)["body"] == [BODY]
    check = submit(reporter, CHECK, page.form(CHECK))
    assert len(attachments(place, words(send(reporter, check)))) == 2


def test_a_file_over_the_largest_size_is_named_and_the_others_are_kept(small: Reporter, place: Place) -> None:
    page = submit(small, CHECK, TYPED, LEDGER, Chosen("film.mp4", bytes(150_000)), Chosen("last.txt", b"last"))
    assert page.status == 413
    assert "“film.mp4” was not taken: a file can have at most 98 kB. Choose a smaller one." in file_problem(page)
    assert listed(page) == ["ledger.csv", "last.txt"]
    assert len(stored(place)) == 2


def test_more_than_a_form_may_hold_is_refused_at_once_and_the_text_is_kept(small: Reporter, place: Place) -> None:
    taken: list[int] = []
    body = multipart(TYPED, [Chosen("film.mp4", bytes(3_000_000))])
    page = post_stream(small, CHECK, Counting(body, taken), len(body))
    assert page.status == 413
    assert "What you chose is more than 391 kB together" in file_problem(page)
    assert page.form(CHECK)["body"] == [BODY]
    assert page.form(CHECK)["subject"] == [SUBJECT]
    assert sum(taken) < 600_000
    assert stored(place) == []


class Counting:
    """A body that notes how much is taken of it."""

    def __init__(self, data: bytes, taken: list[int]) -> None:
        self.data, self.position, self.taken = data, 0, taken

    def read(self, size: int = -1) -> bytes:
        piece = self.data[self.position : self.position + size if size >= 0 else None]
        self.position += len(piece)
        self.taken.append(len(piece))
        return piece


def test_a_chunked_form_is_read_to_the_limit_and_what_was_whole_by_then_is_kept(small: Reporter, place: Place) -> None:
    taken: list[int] = []
    films = [Chosen(f"film{number}.mp4", bytes(90_000)) for number in range(30)]
    page = post_stream(small, CHECK, Counting(multipart(TYPED, films), taken), None)
    assert page.status == 413
    assert "Only files that are listed here were taken" in file_problem(page)
    assert listed(page) == ["film0.mp4", "film1.mp4", "film2.mp4", "film3.mp4"]
    assert page.form(CHECK)["body"] == [BODY]
    assert sum(taken) < 900_000
    assert len(stored(place)) == 4


def test_more_files_than_a_message_may_have_are_named(reporter: Reporter, place: Place) -> None:
    files = [Chosen(f"n{number}.txt", b"x") for number in range(LIMITS.attachments + 2)]
    page = submit(reporter, CHECK, TYPED, *files)
    assert page.status == 422
    for name in ("n64.txt", "n65.txt"):
        assert f"“{name}” was not taken: a message can have at most 64 files" in file_problem(page)
    assert len(listed(page)) == LIMITS.attachments == len(stored(place))


def test_a_form_of_1001_parts_is_refused_clearly_and_keeps_text_and_files(reporter: Reporter, place: Place) -> None:
    def sent(count: int) -> Page:
        filler = [text_part(f"x{number}", "") for number in range(count - len(known) - 1)]
        return post(reporter, CHECK, b"".join([*known, file_part(LEDGER), *filler]) + end())

    known = [text_part(name, value) for name, value in TYPED.items() if isinstance(value, str)]
    assert sent(LIMITS.multipart_parts).status == 200
    page = sent(LIMITS.multipart_parts + 1)
    assert page.status == 413
    assert "That was more than one form can hold" in file_problem(page)
    assert listed(page) == ["ledger.csv"]
    assert page.form(CHECK)["body"] == [BODY]


def test_a_text_over_the_form_limit_comes_back_with_the_form_and_its_files(reporter: Reporter, place: Place) -> None:
    page = submit(reporter, CHECK, {**TYPED, "body": "a" * (LIMITS.form_bytes + 100)}, LEDGER)
    assert page.status == 413
    assert page.focused().get("name") == "body"
    assert "was so long that its end is missing here. Shorten it to at most 100000 characters" in page.one(id="body-problem").text
    (kept,) = page.form(CHECK)["body"]
    assert len(kept) == LIMITS.form_bytes * 2 // 3
    assert page.form(CHECK)["subject"] == [SUBJECT]
    assert listed(page) == ["ledger.csv"]


def test_a_text_over_the_largest_report_comes_back_whole(reporter: Reporter) -> None:
    page = submit(reporter, CHECK, {**TYPED, "body": "漢" * (LIMITS.body_characters + 1)}, LEDGER)
    assert page.status == 422
    assert "too long. Shorten it to at most 100000 characters" in page.one(id="body-problem").text
    assert page.form(CHECK)["body"] == ["漢" * (LIMITS.body_characters + 1)]
    assert listed(page) == ["ledger.csv"]


@pytest.mark.parametrize(
    ("header", "name"),
    [
        ("a" * 10_000 + ".pdf", "a" * 96 + ".pdf"),
        ("a%0D%0AX-Evil: 1.pdf", "a X-Evil: 1.pdf"),
        ("say %22hello%22.txt", "say 'hello'.txt".replace("'", '"')),
        ("100%25 done%.txt", "100%25 done%.txt"),
        ("C:\\\\Users\\\\mara\\\\list.doc", "list.doc"),
        ("../../etc/passwd", "passwd"),
        ("täglich 漢.odt", "täglich 漢.odt"),
        ("invoice\u202efdp.exe", "invoicefdp.exe"),
        ("..", "file"),
    ],
)
def test_a_name_is_brought_into_form_and_never_leads_anywhere(reporter: Reporter, place: Place, header: str, name: str) -> None:
    page = submit(reporter, CHECK, TYPED, Chosen(header, b"x"))
    assert page.status == 200
    assert listed(page) == [" ".join(name.split())]
    assert attachments(place, words(send(reporter, page)))[0][0] == name
    assert [len(id_) for id_ in stored(place)] == [26]


def test_a_name_that_is_no_utf8_costs_the_name_and_nothing_else(reporter: Reporter) -> None:
    head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="files"; filename="t\xe4glich.txt"\r\n\r\n'.encode("latin-1")
    page = post(reporter, CHECK, b"".join(parts(TYPED)) + head + b"x\r\n" + end())
    assert (page.status, listed(page)) == (200, ["t\ufffdglich.txt"])


def test_a_name_in_the_form_of_rfc_2231_is_no_name_and_the_file_is_taken(reporter: Reporter) -> None:
    head = f"--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"files\"; filename*=UTF-8''list.txt\r\n\r\n".encode()
    page = post(reporter, CHECK, b"".join(parts(TYPED)) + head + b"x\r\n" + end())
    assert (page.status, listed(page)) == (200, ["file"])


@pytest.mark.parametrize(
    "broken",
    [
        b'Content-Disposition: form-data; name="files"; filename="a\r\nb"\r\n\r\nx\r\n',  # a line end inside a header
        b'Content-Disposition: form-data; name="files"; filename="' + b"a" * 20_000 + b'"\r\n\r\nx\r\n',
        b"Content-Type: text/plain\r\n\r\nx\r\n",
        b'Content-Disposition: attachment; name="files"\r\n\r\nx\r\n',
        b"".join(b"X-%d: 1\r\n" % number for number in range(20)) + b"\r\nx\r\n",
        b'Content-Disposition: form-data; filename="nameless"\r\n\r\nx\r\n',
    ],
    ids=["line end", "long header", "no disposition", "other disposition", "many headers", "no name"],
)
def test_a_part_that_cannot_be_read_brings_the_form_back_with_text_and_files(reporter: Reporter, place: Place, broken: bytes) -> None:
    body = b"".join(parts(TYPED, [LEDGER])) + f"--{BOUNDARY}\r\n".encode() + broken + end()
    page = post(reporter, CHECK, body)
    assert page.status == 400
    assert "Not all of what you sent could be read, so nothing was stored" in file_problem(page)
    assert page.form(CHECK)["body"] == [BODY]
    assert listed(page) == ["ledger.csv"]
    assert submit(reporter, CHECK, page.form(CHECK)).status == 200


def test_a_body_without_its_last_boundary_brings_the_form_back(reporter: Reporter, place: Place) -> None:
    body = multipart(TYPED, [LEDGER])
    page = post(reporter, CHECK, body[: -len(end()) - 4])
    assert page.status == 400
    assert page.form(CHECK)["body"] == [BODY]
    assert stored(place) == []  # half a file is none


def test_a_body_that_stops_leaves_no_file_and_its_page_has_the_text(reporter: Reporter, place: Place) -> None:
    body = multipart(TYPED, [LEDGER, PHOTO])
    page = post_stream(reporter, CHECK, io.BytesIO(body[:-5000]), len(body))
    assert page.status == 400
    assert BODY in [area.raw.removeprefix("\n") for area in page.all("textarea")]
    assert stored(place) == []
    assert list(place.ctx.staging.names(place.id)) == []


@pytest.mark.parametrize(
    "content_type", ["multipart/form-data", "multipart/form-data; boundary=", f"multipart/form-data; boundary={'b' * 71}"]
)
def test_a_form_without_a_boundary_is_not_read(reporter: Reporter, content_type: str) -> None:
    page = Page(reporter.client.post(CHECK, base_url=BASE, data=multipart(TYPED), content_type=content_type))
    assert page.status == 400


def test_a_bomb_is_only_bytes(reporter: Reporter, place: Place) -> None:
    packer = zlib.compressobj(9)
    bomb = packer.compress(bytes(50_000_000)) + packer.flush()
    assert len(bomb) < 60_000
    page = submit(reporter, CHECK, TYPED, Chosen("bomb.zip", bomb, "application/zip"))
    ((_, _, size),) = attachments(place, words(send(reporter, page)))
    assert size == len(bomb)
    response = reporter.client.post(
        CHECK, base_url=BASE, data=bomb, headers={"Content-Encoding": "gzip"}, content_type=f"multipart/form-data; boundary={BOUNDARY}"
    )
    assert response.status_code == 400


@pytest.mark.parametrize(
    "forged",
    [
        "x",
        "{}",
        "[" * 3000,
        json.dumps({"id": "a" * 25, "name": "a", "type": "", "size": 1, "sha256": "A" * 43}),
        json.dumps({"id": "a" * 26, "name": "../a", "type": "", "size": 1, "sha256": "A" * 43}),
        json.dumps({"id": "a" * 26, "name": "a", "type": "TEXT", "size": 1, "sha256": "A" * 43}),
        json.dumps({"id": "a" * 26, "name": "a", "type": "", "size": -1, "sha256": "A" * 43}),
        json.dumps({"id": "a" * 26, "name": "a", "type": "", "size": 1, "sha256": "A" * 42}),
        json.dumps({"id": "a" * 26, "name": "a", "type": "", "size": 1, "sha256": "A" * 43, "more": "x" * 3000}),
    ],
)
def test_a_hidden_field_that_no_page_of_ours_wrote_is_refused_with_the_text_kept(reporter: Reporter, place: Place, forged: str) -> None:
    form = reporter.check().form(SEND)
    for page in (
        submit(reporter, CHECK, {**form, "attachment": forged}, LEDGER),
        reporter.post(SEND, {**form, "attachment": forged}),
    ):
        assert page.status == 400
        assert BODY in [area.raw.removeprefix("\n") for area in page.all("textarea")]
    assert stored(place) == []


def test_files_named_twice_or_too_many_are_refused(reporter: Reporter) -> None:
    page = submit(reporter, CHECK, TYPED, LEDGER)
    form = page.form(SEND)
    assert reporter.post(SEND, {**form, "attachment": form["attachment"] * 2}).status == 400


def test_a_file_of_somebody_elses_report_cannot_be_taken(reporter: Reporter, place: Place) -> None:
    theirs = submit(reporter, CHECK, TYPED, PHOTO).form(SEND)
    typed = words(reporter.post(SEND, theirs))
    mine = reporter.check().form(SEND)
    page = reporter.post(SEND, {**mine, "attachment": theirs["attachment"]})
    assert page.status == 409
    assert attachments(place, typed)
    assert reporter.post(SEND, mine).status == 200


def test_nobody_can_have_a_multipart_body_parsed_by_accident(app: Flask) -> None:
    for touch in ("form", "files", "values", "data"):
        with app.test_request_context(
            CHECK, method="POST", base_url=BASE, data=multipart(TYPED), content_type=f"multipart/form-data; boundary={BOUNDARY}"
        ):
            with pytest.raises(RuntimeError, match=r"multipart\.receive"):
                getattr(request, touch)
            assert hashlib.sha256(request.environ["wsgi.input"].read()).digest() == hashlib.sha256(multipart(TYPED)).digest()


@pytest.mark.parametrize(
    "path", [FORM, SEND, "/report/ethics/words", "/conversation", "/conversation/withdraw", "/conversation/attachment", "/desk/login"]
)
def test_no_other_form_is_taken_as_multipart(reporter: Reporter, path: str) -> None:
    assert post(reporter, path, multipart({"words": "abandon"})).status == 415


def test_the_form_says_what_files_give_away_before_one_is_chosen(reporter: Reporter) -> None:
    for path in (FORM, f"{FORM}?way=server"):
        page = reporter.get(path)
        field = page.one("input", type="file")
        before = page.html[: page.html.index('type="file"')]
        for said in (
            "who made them, where and when",
            "place, time, device",
            "author, company",
            "Dangerzone and mat2",
            "as they are, with their names",
            "500 MB together",
        ):
            assert said in before
        assert "multiple" in field
        assert page.one("label", for_=field.get("id") or "").text.startswith("Files")
        assert "500 MB" in page.one(id=(field.get("aria-describedby") or "").split()[0]).text


def test_without_script_a_form_with_a_field_for_files_is_sent_so_that_files_arrive(reporter: Reporter) -> None:
    for path in (FORM, f"{FORM}?way=server"):
        assert reporter.get(path).one("form", id="report").get("enctype") == "multipart/form-data"
    assert not reporter.get(FORM).all(formenctype=True)
    for page in (reporter.get("/conversation"), reporter.get("/conversation?way=server")):
        assert "multipart" not in page.html
