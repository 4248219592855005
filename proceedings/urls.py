"""/admin/ for editors, /sign/ for authors, /health/ for machines."""

from django.conf import settings
from django.contrib import admin
from django.urls import include, path
from django.views.generic import RedirectView

urlpatterns = [
    path("", RedirectView.as_view(pattern_name="admin:index")),
    path("admin/", admin.site.urls),
    path("", include("agreements.urls")),
]
if settings.DEMO:
    urlpatterns.append(path("demo/", include("agreements.demo.urls")))
