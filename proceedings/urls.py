"""URLs: /admin/ for editors, /sign/ for authors, /verify/ and /language/ for everyone, /health for monitoring."""

from django.conf import settings
from django.contrib import admin
from django.urls import include, path
from django.views.decorators.csrf import csrf_exempt
from django.views.generic import TemplateView
from django.views.i18n import set_language

urlpatterns = [
    path("", TemplateView.as_view(template_name="home.html"), name="home"),
    # Exempt from CSRF because it only sets a cookie. So the expired-link page needs no token and is the same for every
    # link.
    path("language/", csrf_exempt(set_language), name="language"),
    path("admin/", admin.site.urls),
    path("", include("agreements.urls")),
]
if settings.EMAIL_URL.scheme == "anymail":
    urlpatterns.append(path("anymail/", include("anymail.urls")))
if settings.DEMO:
    urlpatterns.append(path("demo/", include("agreements.demo.urls")))
