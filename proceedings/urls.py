"""/admin/ for editors, /sign/ for authors, /verify/ for everyone, /health for machines."""

from django.conf import settings
from django.contrib import admin
from django.urls import include, path
from django.views.generic import TemplateView

urlpatterns = [
    path("", TemplateView.as_view(template_name="home.html"), name="home"),
    path("admin/", admin.site.urls),
    path("", include("agreements.urls")),
]
if settings.DEMO:
    urlpatterns.append(path("demo/", include("agreements.demo.urls")))
