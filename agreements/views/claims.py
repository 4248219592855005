"""What an electronic signature made here is, and what it is not."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from agreements.documents.claims import CLAIMS


@require_safe
def claims(request: HttpRequest) -> HttpResponse:
    return render(request, "agreements/claims.html", {"claims": CLAIMS})
