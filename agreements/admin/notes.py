"""Notes for editors and assistants on the pages of papers and agreements."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils import timezone

from agreements.admin.forms import NoteForm
from agreements.models import Note
from proceedings.accounts.permissions import OwnVolumes, can_edit
from proceedings.models import Paper


class NotePages(OwnVolumes):
    """Adds the note form. Everyone who may read the paper may add a note, assistants too."""

    def paper_of(self, row: Any) -> Paper:
        raise NotImplementedError

    def get_urls(self) -> list[URLPattern]:
        page = self.admin_site.admin_view(self.note_page)
        name = f"{self.opts.app_label}_{self.opts.model_name}_note"
        return [path("<int:pk>/note/", page, name=name), *super().get_urls()]

    def note_page(self, request: HttpRequest, pk: int) -> HttpResponse:
        row = self.get_queryset(request).filter(pk=pk).first()
        if row is None:
            raise Http404
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        form = NoteForm(request.POST)
        if form.is_valid():
            paper = self.paper_of(row)
            role = "editor" if can_edit(request, paper.volume_id) else "assistant"
            by = f"{role}:{request.user.get_username()}"
            Note.objects.create(paper=paper, at=timezone.now(), by=by, text=form.cleaned_data["text"])
            messages.success(request, "Note added.")
        else:
            messages.error(request, f"No note was added. {' '.join(map(str, form.errors['text']))}")
        page = reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_change", args=[pk])
        return HttpResponseRedirect(f"{page}#notes")
