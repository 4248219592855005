from django.urls import path

from agreements import verify_views, views

urlpatterns = [
    path("sign/copy/<str:token>/", views.sealed_copy, name="sealed-copy"),
    path("sign/<str:token>/", views.sign, name="sign"),
    path("sign/<str:token>/agreement.pdf", views.form_pdf, name="form-pdf"),
    path("sign/<str:token>/decline/", views.decline, name="decline"),
    path("verify/", verify_views.verify, name="verify"),
    path("health", views.health, name="health"),
]
