from django.urls import path

from agreements.demo import views

urlpatterns = [
    path("mail/", views.mails, name="demo-mails"),
    path("mail/<slug:name>/", views.mail, name="demo-mail"),
]
