"""Imports in the admin: the plan is shown before it is applied, and only for the editor's own volumes."""

import re
from typing import Any

import pytest
from django.core.files.storage import storages
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from agreements.domain.states import Status
from agreements.models import SigningSettings
from proceedings.models import Paper, User, Volume
from tests import make
from tests.agreements.pages import all_rows, fields_of
from tests.proceedings.bib_files import bib, paper

pytestmark = pytest.mark.django_db

PAGE = "/admin/proceedings/volume/import/"
SESSIONS = frozenset({"django_session"})
CONTACTS = "paper,email,name\nlewis24,mike@example.org,Mike Lewis\n"


def client_for(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def superuser() -> Client:
    return client_for(User.objects.create_superuser("boss"))


def upload(editor_client: Client, text: str, second: str = "", *, name: str = "v247.bib", **fields: str) -> Any:
    files = {"file": SimpleUploadedFile(name, text.encode())}
    if second:
        files["second"] = SimpleUploadedFile("contacts.csv", second.encode())
    return editor_client.post(PAGE, {**files, **fields}, follow=True)


def apply_plan(editor_client: Client, page: Any, **fields: str) -> Any:
    """Submits the form below the plan with its ticks and choices, as a browser does."""
    ticks = re.findall(r'name="(take|rest|choice[^"]+)"(?: value="([^"]+)")? checked', page.content.decode())
    ticked: dict[str, Any] = {}
    for name, value in ticks:
        ticked.setdefault(name, []).append(value or "on")
    return editor_client.post(PAGE, {"plan": fields_of(page)["plan"], **ticked, **fields}, follow=True)


def text_of(*papers: str) -> str:
    return str(bib(*papers).text)


def kept() -> list[str]:
    return storages["private"].listdir("imports")[1] if storages["private"].exists("imports") else []


def test_the_plan_is_shown_and_changes_nothing_then_it_is_carried_out(superuser: Client) -> None:
    before, files = all_rows(but=SESSIONS), len(kept())
    page = upload(superuser, text_of(paper("lewis24")), CONTACTS)
    assert "<dt>new</dt><dd>1</dd>" in page.content.decode()
    assert "lewis24" in page.content.decode()
    assert all_rows(but=SESSIONS) == before
    done = apply_plan(superuser, page)
    assert "Imported: 1 new, 0 changed, 0 unchanged, 0 rejected, 0 skipped." in done.content.decode()
    assert done.request["PATH_INFO"] == f"/admin/proceedings/volume/{Volume.objects.get().pk}/board/"
    assert Paper.objects.get().authors.get(is_corresponding=True).email == "mike@example.org"
    assert len(kept()) == files


def test_opening_the_import_page_changes_nothing(superuser: Client) -> None:
    before = all_rows(but=SESSIONS)
    assert superuser.get(PAGE).status_code == 200
    assert superuser.put(PAGE).status_code == 405
    page = superuser.post(PAGE, {"plan": "x"}, follow=True).content.decode()
    assert "No files are stored. Choose the files first." in page
    assert superuser.post(PAGE, {}).status_code == 400
    assert all_rows(but=SESSIONS) == before


def test_what_the_parser_rejects_is_named_with_its_line(superuser: Client) -> None:
    page = upload(superuser, text_of(paper("lewis24"), "@InProceedings{broken24, title = {x}\n")).content.decode()
    assert "rejected</strong>" in page
    assert "v247.bib:" in page


def test_a_plan_that_is_no_longer_true_is_not_carried_out(superuser: Client) -> None:
    apply_plan(superuser, upload(superuser, text_of(paper("lewis24"))))
    page = upload(superuser, text_of(paper("lewis24", title="Another Title")))
    Paper.objects.update(title="Changed meanwhile")
    again = apply_plan(superuser, page)
    assert "The volume has changed, so nothing was imported." in again.content.decode()
    assert Paper.objects.get().title == "Changed meanwhile"
    assert "Changed in both (1)" in again.content.decode()
    apply_plan(superuser, again)
    assert Paper.objects.get().title == "Changed meanwhile"
    again = upload(superuser, text_of(paper("lewis24", title="Another Title")))
    apply_plan(superuser, again, **{f"choice.{Paper.objects.get().pk}.title": "take"})
    assert Paper.objects.get().title == "Another Title"


@pytest.mark.parametrize("status", ["issued", "signed", "sealed"])
def test_what_somebody_was_asked_about_or_signed_is_overwritten_only_knowingly(status: str, superuser: Client) -> None:
    apply_plan(superuser, upload(superuser, text_of(paper("lewis24")), CONTACTS))
    SigningSettings.objects.create(volume=Volume.objects.get(), deadline=make.DEADLINE)
    agreement = make.agreement(Status(status), of=Paper.objects.get())
    page = upload(superuser, text_of(paper("lewis24", title="Another Title")))
    assert "1 of the changed papers has an issued agreement" in page.content.decode()
    refused = apply_plan(superuser, page)
    assert "Nothing was imported. Choose what to import." in refused.content.decode()
    assert Paper.objects.get().title != "Another Title"
    apply_plan(superuser, page, **{f"choice.{Paper.objects.get().pk}.title": "take"})
    assert Paper.objects.get().title == "Another Title"
    agreement.refresh_from_db()
    assert agreement.title != "Another Title"


def test_an_editor_imports_into_the_own_volume_only(superuser: Client) -> None:
    apply_plan(superuser, upload(superuser, text_of(paper("lewis24"))))
    owner, stranger = make.editor("ed", Volume.objects.get()), make.editor("other", make.volume(300))
    changed = text_of(paper("lewis24", title="Another Title"))
    assert "Another Title" in upload(client_for(owner), changed).content.decode()
    before = all_rows(but=SESSIONS | {"proceedings_user"})
    page = upload(client_for(stranger), changed).content.decode()
    assert "You may not change volume 901." in page
    assert "Another Title" not in page
    assert all_rows(but=SESSIONS | {"proceedings_user"}) == before


def test_a_new_volume_is_brought_in_by_a_superuser() -> None:
    editor = client_for(make.editor("ed", make.volume(300)))
    assert "You may not change volume 901." in upload(editor, text_of(paper("lewis24"))).content.decode()
    assert Volume.objects.count() == 1


def test_an_editor_who_loses_the_volume_between_plan_and_deed_changes_nothing(superuser: Client) -> None:
    apply_plan(superuser, upload(superuser, text_of(paper("lewis24"))))
    volume = Volume.objects.get()
    editor = make.editor("ed", volume, make.volume(300))
    editor_client = client_for(editor)
    page = upload(editor_client, text_of(paper("lewis24", title="Another Title")))
    editor.volumes.remove(volume)
    assert "You may not change volume 901." in apply_plan(editor_client, page).content.decode()
    assert Paper.objects.get().title != "Another Title"


def test_an_export_goes_to_the_volume_that_was_chosen(superuser: Client) -> None:
    volume = make.volume()
    export = (
        "Paper ID,Paper Title,Abstract,Author Names\n7,On Training,We train.,Mike Lewis (Desk)*; Tim Dettmers (Desk)\n"
    )
    page = upload(superuser, export, name="cmt.csv", volume=str(volume.pk))
    apply_plan(superuser, page)
    assert [author.display for author in volume.papers.get().authors.all()] == ["Mike Lewis", "Tim Dettmers"]
    assert "Choose the volume." in upload(superuser, export, name="cmt.csv").content.decode()


def test_files_of_an_import_that_was_given_up_go_with_the_next(superuser: Client) -> None:
    files = len(kept())
    for _ in range(3):
        upload(superuser, text_of(paper("lewis24")))
    assert len(kept()) == files + 1


def test_a_file_that_is_far_too_large_is_rejected(superuser: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("proceedings.admin.imports.LARGEST", 10)
    assert "larger than 20 MB" in upload(superuser, text_of(paper("lewis24"))).content.decode()


# --- what of a plan is applied


def test_what_is_not_ticked_is_left_as_it_is(superuser: Client) -> None:
    apply_plan(superuser, upload(superuser, text_of(paper("lewis24"), paper("li24"))))
    page = upload(superuser, text_of(paper("lewis24", title="New One"), paper("li24", title="New Two"), paper("new24")))
    li24 = Paper.objects.get(key="li24").pk
    done = superuser.post(PAGE, {"plan": fields_of(page)["plan"], f"choice.{li24}.title": "take"}, follow=True)
    assert "Imported: 0 new, 1 changed, 0 unchanged, 0 rejected, 2 skipped." in done.content.decode()
    assert dict(Paper.objects.values_list("key", "title")) == {"lewis24": "A Title", "li24": "New Two"}
    again = upload(
        superuser, text_of(paper("lewis24", title="New One"), paper("li24", title="New Two"), paper("new24"))
    )
    apply_plan(superuser, again)
    assert sorted(Paper.objects.values_list("key", flat=True)) == ["lewis24", "li24", "new24"]


def test_the_volume_is_taken_by_choices_of_its_own(superuser: Client) -> None:
    apply_plan(superuser, upload(superuser, text_of(paper("lewis24"))))
    elsewhere = text_of(paper("lewis24", title="New")).replace("Trondheim, Norway", "Bergen")
    page = upload(superuser, elsewhere)
    again = superuser.post(PAGE, {"plan": fields_of(page)["plan"]}).content.decode()
    assert "Nothing was imported. Choose what to import." in again
    pk = Paper.objects.get().pk
    superuser.post(PAGE, {"plan": fields_of(page)["plan"], f"choice.{pk}.title": "take"})
    assert (Volume.objects.get().address, Paper.objects.get().title) == ("Trondheim, Norway", "New")
    apply_plan(superuser, upload(superuser, elsewhere))
    assert Volume.objects.get().address == "Bergen"


def test_more_than_a_page_ticks_go_together_and_none_that_an_agreement_binds(
    superuser: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("proceedings.admin.import_choices.MAX_CHOICES", 1)
    apply_plan(
        superuser,
        upload(superuser, text_of(paper("a24"), paper("b24"), paper("c24")), CONTACTS.replace("lewis24", "a24")),
    )
    assert Paper.objects.count() == 3
    SigningSettings.objects.create(volume=Volume.objects.get(), deadline=make.DEADLINE)
    for key in ("a24", "b24"):
        row = Paper.objects.get(key=key)
        row.authors.filter(position=1).update(is_corresponding=True, email="mike@example.org")
        make.agreement(of=row)
    page = upload(superuser, text_of(*(paper(key, title="New") for key in ("a24", "b24", "c24"))))
    text = page.content.decode()
    assert "and 2 more differences" in text
    apply_plan(superuser, page)
    assert dict(Paper.objects.values_list("key", "title")) == {"a24": "A Title", "b24": "A Title", "c24": "New"}


# --- any table


TABLE = "Nr;Titel;Autoren;Seiten\n7;On Training;Lewis, Mike; Dettmers, Tim\n".replace(
    "Lewis, Mike; Dettmers, Tim", '"Lewis, Mike; Dettmers, Tim"'
)


def said(editor_client: Client, **columns: str) -> Any:
    return editor_client.post(PAGE, {"columns": "said", **columns}, follow=True)


def test_a_table_is_asked_what_its_columns_are_and_the_volume_remembers(superuser: Client) -> None:
    volume = make.volume()
    page = upload(superuser, TABLE, name="papers.csv", volume=str(volume.pk))
    assert "Choose the column for each field." in page.content.decode()
    assert said(superuser, title="Titel").status_code == 400
    plan = said(superuser, number="Nr", title="Titel", authors="Autoren")
    assert "On Training" in plan.content.decode()
    assert not Paper.objects.exists()
    apply_plan(superuser, plan)
    assert [author.display for author in volume.papers.get().authors.all()] == ["Mike Lewis", "Tim Dettmers"]
    again = upload(superuser, TABLE.replace("On Training", "On Learning"), name="papers.csv", volume=str(volume.pk))
    assert "On Learning" in again.content.decode()  # no question this time
    anew = superuser.post(PAGE, {"columns": "anew", "plan": "x"})
    assert '<option value="Titel" selected>' in anew.content.decode()


def test_columns_missing_from_the_next_table_are_asked_for_again(superuser: Client) -> None:
    volume = make.volume()
    upload(superuser, TABLE, name="papers.csv", volume=str(volume.pk))
    said(superuser, title="Titel", authors="Autoren")
    page = upload(superuser, "Paper title,Author list\nA,B\n", name="other.csv", volume=str(volume.pk))
    text = page.content.decode()
    assert "Choose the column for each field." in text
    assert '<option value="Paper title" selected>' in text  # guessed by its name
    assert '<option value="Author list" selected>' in text


def test_columns_of_a_volume_that_was_lost_meanwhile_are_not_remembered(superuser: Client) -> None:
    volume = make.volume()
    editor = make.editor("ed", volume, make.volume(300))
    editor_client = client_for(editor)
    upload(editor_client, TABLE, name="papers.csv", volume=str(volume.pk))
    editor.volumes.remove(volume)
    page = said(editor_client, title="Titel", authors="Autoren").content.decode()
    assert "The file or the volume is missing. Choose both first." in page
    assert Volume.objects.get(pk=volume.pk).columns == {}


def test_a_file_that_is_no_table_is_rejected_with_what_it_should_be(superuser: Client) -> None:
    page = upload(superuser, "Dear editors\nhere is nothing.\n", name="letter.txt", volume=str(make.volume().pk))
    assert "is not a BibTeX file, JSON or a table." in page.content.decode().replace("&#x27;", "'")


# --- three ways


def choice_of(field: str, key: str = "lewis24") -> str:
    return f"choice.{Paper.objects.get(key=key).pk}.{field}"


def test_the_plan_says_what_changed_where(superuser: Client) -> None:
    apply_plan(superuser, upload(superuser, text_of(paper("lewis24"), paper("li24", "Of Li", "Li, Yi"))))
    Paper.objects.filter(key="lewis24").update(title="Ours", title_latex="Ours", pages="5--6")
    page = upload(superuser, text_of(paper("lewis24", "Theirs"), paper("li24", "New of Li", "Li, Yi")))

    text = page.content.decode()
    for heading in ("Changed in both (1)", "Changed in the file (1)", "Changed here (1)"):
        assert heading in text
    assert "last import: v247.bib, 2026-11-12" in text
    done = apply_plan(superuser, page, undecided="keep")
    assert "Imported: 0 new, 1 changed, 1 unchanged, 0 rejected, 0 skipped." in done.content.decode()
    assert dict(Paper.objects.values_list("title", "pages")) == {"Ours": "5--6", "New of Li": "1--10"}
    again = upload(superuser, text_of(paper("lewis24", "Theirs"), paper("li24", "New of Li", "Li, Yi")))
    assert "Changed here (2)" in again.content.decode()
    apply_plan(superuser, again, **{choice_of("pages"): "take"})
    assert Paper.objects.get(key="lewis24").pages == "1--10"


@pytest.mark.parametrize(("answer", "title"), [("", "Ours"), ("keep", "Ours"), ("take", "Theirs")])
def test_what_changed_in_both_is_decided_together(answer: str, title: str, superuser: Client) -> None:
    apply_plan(superuser, upload(superuser, text_of(paper("lewis24"))))
    Paper.objects.update(title="Ours", title_latex="Ours")
    page = upload(superuser, text_of(paper("lewis24", "Theirs")))

    done = apply_plan(superuser, page, undecided=answer)

    assert ("Nothing was imported" in done.content.decode()) == (not answer)
    assert Paper.objects.get().title == title
    again = upload(superuser, text_of(paper("lewis24", "Theirs"))).content.decode()
    assert ("Changed in both" in again) == (not answer)


@pytest.mark.parametrize("bound", [False, True])
def test_a_new_key_is_taken_unless_an_agreement_has_the_old_one(*, bound: bool, superuser: Client) -> None:
    apply_plan(superuser, upload(superuser, text_of(paper("lewis24")), CONTACTS))
    one = Paper.objects.get()
    if bound:
        SigningSettings.objects.create(volume=Volume.objects.get(), deadline=make.DEADLINE)
        make.agreement(of=one)
    file = text_of(paper("lewis24a"), paper("lewis24b", "Another"))
    page = upload(superuser, file)
    assert "<dt>new</dt><dd>1</dd>" in page.content.decode()

    apply_plan(superuser, page)

    one.refresh_from_db()
    assert one.key == ("lewis24" if bound else "lewis24a")
    if bound:
        apply_plan(superuser, upload(superuser, file), **{choice_of("key"): "take"})
        one.refresh_from_db()
        assert one.key == "lewis24a"
    assert Paper.objects.count() == 2
    assert "There is nothing to change." in upload(superuser, file).content.decode()


def test_a_file_that_names_no_volume_goes_into_the_one_that_is_chosen(superuser: Client) -> None:
    volume = make.volume()
    text = paper("lewis24")
    page = upload(superuser, text)
    assert "Import into this volume" in page.content.decode()
    assert not Paper.objects.exists()
    apply_plan(superuser, superuser.post(PAGE, {"into": str(volume.pk)}))
    assert volume.papers.get().key == "lewis24"
    assert "No volume was chosen." in superuser.post(PAGE, {"into": "x"}, follow=True).content.decode()
    page = upload(superuser, paper("new24", "Other", "Ng, Ann"), volume=str(volume.pk))
    apply_plan(superuser, page)
    assert volume.papers.count() == 2
