"""For monitoring: `/health` says that this process answers, `/health/ready` that the work is done."""

from django.db import connection
from django.http import HttpRequest, JsonResponse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from agreements.dashboard import health


@never_cache
@require_safe
def ready(request: HttpRequest) -> JsonResponse:
    """200 if all work is done in time, otherwise 503; figures and messages in both cases, without names."""
    said = health.make_report(request.META.get("desk.now") or timezone.now())
    return JsonResponse(said, status=200 if said["ready"] else 503)


@never_cache
@require_safe
def live(request: HttpRequest) -> JsonResponse:
    """The process answers and reaches its database."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return JsonResponse({"status": "ok"})
