"""Creates rows for tests by real transitions, so that no test uses an impossible row."""

from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Any
from urllib.parse import urlparse

from agreements import lifecycle
from agreements.documents import rendering
from agreements.documents.uploads import images, inspect, pdf_pages
from agreements.documents.uploads.inspect import Pages
from agreements.domain import statements
from agreements.domain.facts import sha256
from agreements.domain.schedule import Escalate, Remind
from agreements.domain.states import Status
from agreements.jobs import scheduled
from agreements.lifecycle import signed_form
from agreements.mail import links, outbox
from agreements.models import Agreement, ChangeRequest, Correction, Edit, Link, Message, SignedForm, SigningSettings
from agreements.reminders import planner
from agreements.requests import change_requests, corrections, edits
from proceedings.models import Author, Paper, User, Volume
from proceedings.publisher import rules
from tests.agreements.photos import photo

NOW = datetime(2026, 11, 1, 9, 0, tzinfo=UTC)
"""Default time at which agreements are issued."""

DEADLINE = date(2026, 11, 30)
CLOSES = datetime(2026, 12, 1, 12, 0, tzinfo=UTC)
"""The end of `DEADLINE` anywhere on Earth."""

DAY = timedelta(days=1)
HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)
ALL_STATUSES = list(Status)
NAMES = (("Mike", "Lewis"), ("Shruti", "Bhosale"), ("Tim", "Dettmers"))


def volume(number: int = 247, *, deadline: date | None = DEADLINE, **signing_settings: Any) -> Volume:
    """Creates a volume with its signing settings; without them if `deadline` is None."""
    made = Volume.objects.create(
        number=number,
        bib_key=f"COLT{number}",
        name="Conference on Learning Theory",
        shortname="COLT",
        booktitle="Proceedings of the Conference on Learning Theory",
        year=2026,
    )
    if deadline:
        # Reminders are sent at any hour, so that only tests of working hours need to handle them.
        always = {"from_hour": 0, "to_hour": 24, "weekend": []}
        made_terms = SigningSettings(
            volume=made, deadline=deadline, **{"reply_to": "chair@desk.example", **always, **signing_settings}
        )
        made_terms.full_clean()
        made_terms.save()
    return made


def the_volume() -> Volume:
    return Volume.objects.filter(number=247).first() or volume()


def paper(of: Volume | None = None, *, contact: str | None = "mike@example.org", **fields: Any) -> Paper:
    """Creates an accepted paper with three authors. The first is the corresponding author unless `contact` is None."""
    of = of or the_volume()
    count = of.papers.count() + 1
    fields = {"key": f"lewis26-{count}", "title": f"Simplifying Training {count}", "position": count} | fields
    made = Paper(volume=of, **{"title_latex": fields["title"], **fields})
    made.full_clean()
    made.save()
    for position, (given, family) in enumerate(NAMES, start=1):
        first = position == 1 and contact is not None
        author = Author(paper=made, position=position, given=given, family=family)
        author.is_corresponding, author.email = first, contact if first and contact else ""
        author.full_clean()
        author.save()
    return made


def agreement(status: str = "issued", *, of: Paper | None = None, now: datetime = NOW) -> Agreement:
    """Creates an agreement with this `status` by real transitions, all at `now`; lapsing is a year later."""
    made = lifecycle.draft(of or paper(), by="editor:ed", now=now)
    if status != Status.DRAFT:
        lifecycle.issue(made, by="editor:ed", now=now)
    match status:
        case Status.SIGNED:
            sign(made, now=now)
        case Status.SEALED:
            seal(sign(made, now=now), now=now)
        case Status.DECLINED:
            lifecycle.decline(made, reason="The title changed.", now=now)
        case Status.RECEIVED:
            receive(made, now=now)
        case Status.LAPSED:
            seal(sign(made, now=now), now=now)
            lifecycle.lapse(made, now=scheduled.one_year_after(now))
        case Status.SUPERSEDED:
            lifecycle.replace(made, reason="Other authors.", by="editor:ed", now=now)
        case Status.WAIVED:
            lifecycle.waive(made, reason="The publisher holds a licence.", by="editor:ed", now=now)
        case Status.VOIDED:
            lifecycle.void(made, reason="Issued by mistake.", by="editor:ed", now=now)
    assert made.status == status
    return made


def signature_input(of: Agreement, **changes: Any) -> lifecycle.SignatureInput:
    """Returns the content of the signing POST."""
    fields = {
        "typed_name": of.signer,
        "consent": statements.consent(),
        "authority": statements.authority(of.facts),
        "shown": rendering.render_form(of),
        "address": "192.0.2.7",
        "agent": "Mozilla/5.0",
    }
    return lifecycle.SignatureInput(**(fields | changes))  # type: ignore[arg-type]


def reviewed(of: Agreement, *, now: datetime = NOW, **changes: Any) -> lifecycle.SignatureInput:
    """Returns the content of the signing POST after the author's review."""
    made = signature_input(of, **changes)
    lifecycle.review(of, made, now=now)
    return made


@lru_cache
def pages(words: str = "signed by hand") -> Pages:
    """Returns a signed form as the upload inspection returns it: the photo of a page."""
    body = photo(words)
    drawn, document = images.encode_photo(body, inspect.Kind.JPEG), pdf_pages.Document()
    document.add(images.make_page(drawn))
    file = inspect.InspectedFile(inspect.Kind.JPEG, 1, sha256(body), body, drawn)
    return Pages((file,), document.to_bytes(), 1)


def receive(of: Agreement, words: str = "signed by hand", *, now: datetime = NOW) -> SignedForm:
    """Receives a signed form."""
    return signed_form.receive(of, pages(words), now=now)


def accepted(*, now: datetime = NOW, **changes: Any) -> Agreement:
    """Creates an agreement whose signed form was received and accepted."""
    return accept(agreement("received"), now=now, **changes)


def accept(of: Agreement, *, now: datetime = NOW, dated: date | None = None, **changes: Any) -> Agreement:
    """An editor accepts the newest signed form."""
    fields: dict[str, Any] = {"name": of.signer, "date_written": "1 Nov 2026", "dated": dated or now.date()}
    reading = signed_form.FormReading(**fields | changes)
    scan = signed_form.newest_form(of)
    assert scan
    signed_form.accept(of, scan, reading, by="editor:ed", now=now)
    return of


def sign(of: Agreement, *, now: datetime = NOW) -> Agreement:
    lifecycle.sign(of, reviewed(of, now=now), now=now)
    return of


def seal(of: Agreement, *, now: datetime = NOW) -> Agreement:
    assert scheduled.seal_one(of, now) == "sealed"
    return of


def coauthor(of: Agreement, position: int = 2, *, email: str = "") -> Author:
    """Gives a co-author of its paper an address."""
    author = of.paper.authors.get(position=position)
    author.email = email
    author.full_clean()
    author.save()
    return author


def change_request(of: Agreement, *, note: str = "", now: datetime = NOW, **wanted: Any) -> ChangeRequest:
    """Creates a change request of another title, as the author's page does."""
    data = {"title": "A Better Title", "authors": list(of.authors)} | wanted
    return change_requests.request_change(of, ChangeRequest.Kind.FACTS, data, note=note, now=now)


def request_other_signer(of: Agreement, *, now: datetime = NOW) -> ChangeRequest:
    """Creates a change request of another signer: Ada Byron, who is not an author."""
    data = {"name": "Ada Byron", "email": "ada@example.org"}
    return change_requests.request_change(of, ChangeRequest.Kind.SIGNER, data, note="", now=now)


def reminder(
    of: Agreement, idempotency_key: str = "r1:T-7", *, skipped: tuple[str, ...] = (), now: datetime = NOW
) -> Message:
    """Queues the reminder with this idempotency key, as the scheduled job does when it is due."""
    plan = planner.Plan(of, Remind(idempotency_key, skipped), {})
    outbox.queue_combined(planner.email_requests(plan), now)
    return of.messages.get(idempotency_key=idempotency_key)


def combined_reminder(*of: Agreement, idempotency_key: str = "r1:T-7", now: datetime = NOW) -> Message:
    """Queues one combined email about several papers of one signer."""
    plans = [planner.Plan(one, Remind(idempotency_key, ()), {}) for one in of]
    outbox.queue_combined((request for plan in plans for request in planner.email_requests(plan)), now)
    carrier = of[0].messages.get(idempotency_key=idempotency_key).carrier
    assert carrier is not None
    outbox.load_parts([carrier])
    return carrier


def ask_coauthor(of: Agreement, *, now: datetime = NOW) -> Message:
    """Queues the email to the second author, as the scheduled job does if the signer does not answer."""
    idempotency_key = "r1:author:2"
    plan = planner.Plan(
        of, Escalate((idempotency_key,)), {idempotency_key: coauthor(of, email="shruti@example.org").email}
    )
    outbox.queue_combined(planner.email_requests(plan), now)
    return of.messages.get(idempotency_key=idempotency_key)


def edit(of: Agreement, *, substantive: bool = True, now: datetime = NOW, **fields: str) -> Edit:
    """Records an edit."""
    said = {"what": "The proof of Lemma 2", "before": "x > 0", "after": "x ≥ 0", "reason": "x may be 0."} | fields
    return edits.record_edit(of, substantive=substantive, by="editor:ed", now=now, **said)


def published(of: Agreement) -> Agreement:
    """Marks the volume as published, with the publisher's ID of the paper and two editors. Returns the agreement."""
    names = ["Agrawal, Shipra", "Roth, Aaron"]
    Volume.objects.filter(pk=of.paper.volume_id).update(published=NOW.date(), editor_names=names)
    Paper.objects.filter(pk=of.paper_id).update(public_id=f"lewis26{rules.key_suffix(of.paper.position - 1)}")
    return Agreement.objects.select_related("paper__volume__signing_settings").get(pk=of.pk)


def correction(of: Agreement, *, nature: str = "pdf", by: str = "author", now: datetime = NOW) -> Correction:
    """Creates an author's request for a correction."""
    return corrections.request_correction(
        of,
        by=by,
        now=now,
        role=Correction.Role.AUTHOR,
        name="Shruti Bhosale",
        email="shruti@example.org",
        nature=nature,
        description="Equation 3 lacks a sign.",
    )


PERMISSION = corrections.Permission("Roth, Aaron", "e-mail", NOW.date(), "Agreed on the list.", "aaronroth")


def every_edit_and_correction(of: Agreement, *, now: datetime = NOW) -> None:
    """Creates edits and corrections in every state."""
    edits.record_answer(edit(of, now=now), confirmed=True, answer="", now=now)
    edits.record_answer(edit(of, now=now), confirmed=False, answer="It was right.", now=now)
    edits.undo(edit(of, now=now), reason="Asked by mail.", by="editor:ed", now=now)
    of = published(of)
    corrections.reject(correction(of, now=now), reason="It is right.", by="editor:ed", now=now)
    approved = correction(of, now=now)
    corrections.approve(approved, PERMISSION, by="editor:ed", now=now)
    corrections.apply(approved, by="editor:ed", now=now)


def invitation(of: Agreement) -> Message:
    return of.messages.get(idempotency_key="invitation")


def token(of: Agreement, *, now: datetime = NOW, purpose: Link.Purpose = Link.Purpose.SIGN) -> str:
    """Returns a token as in an email about `of`."""
    url = links.create_link(invitation(of), purpose, expires_at=now + 30 * DAY, now=now)
    return urlparse(url).path.rstrip("/").rpartition("/")[2]


def editor(name: str = "ed", *volumes: Volume, **fields: Any) -> User:
    """Creates a member of staff who edits `volumes`."""
    made = User.objects.create_user(name, f"{name}@desk.example", "pass", is_staff=True, **fields)
    made.volumes.set(volumes)
    return made


def history(of: Agreement) -> list[str]:
    """Returns the kinds of its events, in order."""
    return list(of.events.order_by("number").values_list("kind", flat=True))
