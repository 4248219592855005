"""The demo's mailbox in the browser. It shows working links, so its URL exists in demo mode only."""

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from agreements.demo import mailbox


@require_safe
def mails(request: HttpRequest) -> HttpResponse:
    return render(request, "agreements/demo/mails.html", {"mails": mailbox.read(settings.EMAIL_FILE_PATH)})


@require_safe
def mail(request: HttpRequest, name: str) -> HttpResponse:
    found = next((mail for mail in mailbox.read(settings.EMAIL_FILE_PATH) if mail.name == name), None)
    if found is None:
        raise Http404("There is no such email. Go back to the list.")
    return render(request, "agreements/demo/mail.html", {"mail": found})
