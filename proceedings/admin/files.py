"""The papers' files in the admin: uploaded one by one or in a zip, every one accounted for.

A file that may belong to another paper is held for review. If an upload takes too long for one request, the rest is
stored, and an editor continues with a button. Stored files are in private storage, and no paper refers to them.
"""

import tempfile
import time
import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied, TooManyFilesSent
from django.core.files import File
from django.core.files.storage import storages
from django.core.files.uploadhandler import TemporaryFileUploadHandler
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import render
from django.urls import URLPattern, path
from django.views.decorators.csrf import csrf_exempt, csrf_protect

from proceedings.accounts.permissions import OwnVolumes, can_edit
from proceedings.bibtex.findings import Finding
from proceedings.files import sandbox
from proceedings.files.attach import AttachResult, Outcome, attach
from proceedings.files.uploads import MAX_FILE_SIZE, MAX_TOTAL_SIZE, Upload, unpack
from proceedings.models import Paper, PaperFile, Volume

MAX_SECONDS = 15.0
"""Seconds after which a request inspects no further file."""

MAX_FILES = 100
"""Django accepts no more files in one form; a zip counts as one."""

SESSION_KEY = "desk.files"


def take_for(seconds: float) -> Any:
    """Yield names while there is time; the next request continues with the others."""

    def names(all_names: Sequence[str]) -> Iterator[str]:
        end = time.monotonic() + seconds
        for index, name in enumerate(all_names):
            if index and time.monotonic() > end:
                return
            yield name

    return names


class FilePages(OwnVolumes):
    """Adds the page of the papers' files to volumes."""

    def get_urls(self) -> list[URLPattern]:
        page = self.admin_site.admin_view(self.files_view)
        return [path("<int:pk>/files/", page, name="proceedings_volume_files"), *super().get_urls()]

    def after_import_url(self, volume: Volume) -> str:
        raise NotImplementedError

    @csrf_exempt  # only to set the upload handlers, before anything reads the form
    def files_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Stream every file to the disk, and reject a wrong upload before it is read."""
        volume = self.get_queryset(request).filter(pk=pk).first()
        if volume is None:
            raise Http404
        if int(request.META.get("CONTENT_LENGTH") or 0) > MAX_TOTAL_SIZE:
            messages.error(request, "The upload is too large. Nothing was read. Split it into several uploads.")
            return self.render_page(request, volume, status=413)
        request.upload_handlers = [TemporaryFileUploadHandler(request)]
        try:
            _ = request.FILES
        except TooManyFilesSent:
            messages.error(
                request, f"You selected more than {MAX_FILES} files. Nothing was read. Put the files into a zip."
            )
            return self.render_page(request, volume, status=400)
        return csrf_protect(self.files_page)(request, volume)

    def files_page(self, request: HttpRequest, volume: Volume) -> HttpResponse:
        if request.method in ("GET", "HEAD"):
            return self.render_page(request, volume)
        if request.method != "POST":
            return HttpResponseNotAllowed(["GET", "HEAD", "POST"])
        if not can_edit(request, volume.pk):
            raise PermissionDenied
        rejected: list[Finding] = []
        confirmed = set(request.POST.getlist("sure"))
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            if "go on" in request.POST:
                restore_uploads(request, volume, folder, confirmed)
            elif sent := request.FILES.getlist("files"):
                rejected = unpack((Upload(str(one.name), one.size or 0, one) for one in sent), folder)  # type: ignore[arg-type]
                confirmed = set()
            else:
                messages.error(request, "No files were selected. Choose PDFs named <key>.pdf, or a zip of them.")
                return self.render_page(request, volume, status=400)
            with sandbox.sandboxed_reader() as read_pdf:
                intake = attach(volume, folder, progress=take_for(MAX_SECONDS), confirmed=confirmed, read_pdf=read_pdf)
            store_uploads(request, volume, folder, intake)
        return self.render_page(request, volume, intake=intake, rejected=rejected)

    def render_page(
        self,
        request: HttpRequest,
        volume: Volume,
        *,
        intake: AttachResult | None = None,
        rejected: Iterable[Finding] = (),
        status: int = 200,
    ) -> HttpResponse:
        kept = stored_uploads(request, volume)
        accepted = volume.papers.filter(status=Paper.Status.ACCEPTED)
        there = PaperFile.objects.filter(paper__in=accepted)
        context = {
            **self.admin_site.each_context(request),
            "volume": volume,
            "overview_url": self.after_import_url(volume),
            "papers": accepted.count(),
            "with_pdf": there.filter(kind="paper").count(),
            "with_supplement": there.filter(kind="supplement").count(),
            "intake": intake,
            "counts": [(outcome.value, count) for outcome, count in intake.counts.items()] if intake else [],
            "rows": file_rows(intake, rejected) if intake else [],
            "held": list(kept.get("why", {}).items()),
            "unread": len(kept.get("left", {})),
            "may_upload": can_edit(request, volume.pk),
            "largest_file": MAX_FILE_SIZE >> 20,
            "largest_total": MAX_TOTAL_SIZE >> 30,
            "max_files": MAX_FILES,
            "title": f"Files of {volume}",
            "opts": self.opts,
        }
        return render(request, "admin/proceedings/files.html", context, status=status)


def file_rows(intake: AttachResult, rejected: Iterable[Finding]) -> list[tuple[str, str, list[str]]]:
    """Every file with its result and reason: name, outcome, message. Those that need action come first."""
    rows = [(one.file, Outcome.REJECTED.value, [one.message]) for one in rejected]
    order = list(Outcome)
    for name, outcome in sorted(intake.outcomes.items(), key=lambda pair: (-order.index(pair[1]), pair[0])):
        rows.append((name, outcome.value, reasons_for(intake, name)))
    return rows


def reasons_for(intake: AttachResult | None, name: str) -> list[str]:
    found = [one for one in intake.findings if one.file == name] if intake else []
    return [f"{one.message}{f': {one.fix}' if one.fix else ''}" for one in found]


# --- what waits in private storage


def stored_uploads(request: HttpRequest, volume: Volume) -> Mapping[str, Any]:
    """Stored files: those held for review with their reason, and those left over; each name with its place in
    storage.
    """
    kept: dict[str, Any] = request.session.get(SESSION_KEY) or {}
    return kept if kept.get("volume") == volume.pk else {}


def store_uploads(request: HttpRequest, volume: Volume, folder: Path, intake: AttachResult) -> None:
    """Store what is held for review or was not reached, and delete what was stored before."""
    delete_stored(request)
    waiting: dict[str, dict[str, str]] = {"held": {}, "left": {}}
    for file in sorted(folder.iterdir()):
        outcome = intake.outcomes.get(file.name)
        if outcome in (None, Outcome.HELD):
            with file.open("rb") as body:
                stored = storages["private"].save(f"uploads/{uuid.uuid4().hex}", File(body))
            waiting["left" if outcome is None else "held"][file.name] = stored
    if waiting["held"] or waiting["left"]:
        why = {name: reasons_for(intake, name) for name in waiting["held"]}
        request.session[SESSION_KEY] = {"volume": volume.pk, "why": why, **waiting}


def restore_uploads(request: HttpRequest, volume: Volume, folder: Path, confirmed: set[str]) -> None:
    """Copy stored files back into a folder: the left-over ones, and those that an editor has confirmed."""
    kept = stored_uploads(request, volume)
    for name, stored in {**kept.get("left", {}), **kept.get("held", {})}.items():
        if name in kept.get("held", {}) and name not in confirmed:
            continue
        try:
            with storages["private"].open(stored) as body, (folder / name).open("wb") as target:
                for chunk in body.chunks():
                    target.write(chunk)
        except FileNotFoundError:
            messages.warning(request, f"{name} is no longer stored. Upload it again.")


def delete_stored(request: HttpRequest) -> None:
    kept: dict[str, Any] = request.session.pop(SESSION_KEY, {})
    for stored in {**kept.get("held", {}), **kept.get("left", {})}.values():
        storages["private"].delete(stored)
