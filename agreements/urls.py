from django.urls import path

from agreements import health_views, stop_views, verify_views
from agreements.views import changes, claims, copies, editing, machines, objecting, packages, paper, signing, sitting

urlpatterns = [
    path("sign/copy/", copies.request_copy, name="request-copy"),
    path("sign/copy/<str:token>/", copies.sealed_copy, name="sealed-copy"),
    path("sign/copy/<str:token>/fresh/", copies.fresh_link, name="fresh-copy"),
    path("sign/object/<str:token>/", objecting.object_, name="object"),
    path("sign/object/<str:token>/fresh/", copies.fresh_link, name="fresh-object"),
    path("sign/edit/<str:token>/", editing.edit, name="edit"),
    path("sign/edit/<str:token>/fresh/", copies.fresh_link, name="fresh-edit"),
    path("sign/correction/<str:token>/", editing.correction, name="correction"),
    path("sign/correction/<str:token>/fresh/", copies.fresh_link, name="fresh-correction"),
    path("sign/<str:token>/", signing.sign, name="sign"),
    path("sign/<str:token>/agreement.pdf", signing.form_pdf, name="form-pdf"),
    path("sign/<str:token>/decline/", signing.decline, name="decline"),
    path("sign/<str:token>/hand-over/", changes.hand_over, name="hand-over"),
    path("sign/<str:token>/correct/", changes.correct, name="correct"),
    path("sign/<str:token>/paper/", paper.paper, name="paper"),
    path("sign/<str:token>/next/", sitting.next_paper, name="next-paper"),
    path("sign/<str:token>/fresh/", copies.fresh_link, name="fresh-link"),
    path("reminders/stop/<str:token>/", stop_views.stop, name="stop-reminders"),
    path("packages/<str:ticket>/<str:name>", packages.package, name="package"),
    path("signatures/", claims.claims, name="claims"),
    path("verify/", verify_views.verify, name="verify"),
    path("health", machines.health, name="health"),
    path("health/ready", health_views.ready, name="ready"),
]
