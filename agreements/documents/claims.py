"""Claims about signatures on this site, each with the tests that prove it. Nothing else is claimed.

The page of claims is built from this list; a test checks that every named test exists (L21).
"""

from dataclasses import dataclass

from django.utils.translation import gettext_lazy


@dataclass(frozen=True, slots=True)
class Claim:
    text: object
    """A sentence for people, translated when shown."""
    tests: tuple[str, ...]
    """Names of the tests that fail if the claim is false."""


CLAIMS = (
    Claim(
        gettext_lazy(
            "We send the link to the address that the editors have on file. We store only its SHA-256, so nobody here "
            "can see a link or sign with it."
        ),
        (
            "test_s09_the_database_holds_no_token",
            "test_s06_no_page_of_the_admin_shows_a_token",
            "test_s06_no_log_holds_a_link",
        ),
    ),
    Claim(
        gettext_lazy("Opening a page signs nothing and records nothing. An email scanner may open every page."),
        (
            "test_s07_twenty_fetches_of_every_public_page_and_what_it_links_to_leave_no_trace",
            "test_s07_a_headless_browser_that_runs_all_scripts_of_all_public_pages_changes_no_row",
        ),
    ),
    Claim(
        gettext_lazy(
            "An electronic signature needs a typed name, both ticks, a reviewed form and a press of the button."
        ),
        (
            "test_l01_l05_s08_an_incomplete_form_is_a_400_and_changes_nothing",
            "test_l03_what_was_not_reviewed_is_not_signed",
        ),
    ),
    Claim(
        gettext_lazy("Pressing the button several times, or in several windows, makes one signature."),
        (
            "test_s08_two_tabs_make_one_signature_and_both_see_the_receipt",
            "test_s08_a_double_click_makes_one_signature_and_sees_the_receipt",
        ),
    ),
    Claim(
        gettext_lazy(
            "If the agreement changes while you read it, you cannot sign it. The page asks you to read it again."
        ),
        (
            "test_l17_a_document_that_changed_after_the_review_is_a_409",
            "test_s08_of_signing_and_a_title_that_changes_exactly_one_counts",
        ),
    ),
    Claim(
        gettext_lazy("The sealed file begins with exactly the bytes that the signer was shown."),
        ("test_l07_the_sealed_file_begins_with_the_bytes_that_were_shown",),
    ),
    Claim(
        gettext_lazy("The verification page detects a changed byte, an addition at the end and a later edit."),
        ("test_l16_a_file_with_a_byte_flipped_appended_or_updated_is_not_the_sealed_one",),
    ),
    Claim(
        gettext_lazy("No agreement counts as sealed without the publisher’s signature on the file."),
        ("test_l13_no_agreement_is_complete_without_the_publishers_signature",),
    ),
    Claim(
        gettext_lazy("The date of an electronic signature is the time of signing in UTC, not the time of the seal."),
        ("test_l14_the_date_in_print_is_the_second_of_signing_in_utc",),
    ),
    Claim(
        gettext_lazy(
            "An editor accepts each form signed by hand, with its date as written and as read. The sealed file "
            "contains its pages."
        ),
        ("test_l04_an_accepted_form_is_signed_with_its_date_as_written_and_as_read",),
    ),
    Claim(
        gettext_lazy("We tell the co-authors with an address on file. They have 14 days to object."),
        ("test_l09_the_co_authors_with_an_address_are_notified_in_the_transaction_that_signs",),
    ),
    Claim(
        gettext_lazy(
            "We email the sealed PDF. It allows printing and copying. The signer can request it again for years, "
            "without an account."
        ),
        (
            "test_l10_the_files_are_not_encrypted_and_the_pages_can_be_printed",
            "test_l11_the_sealed_pdf_is_emailed_within_a_minute_by_the_schedule",
            "test_l11_years_later_the_reference_sends_the_sealed_pdf_to_the_address_on_file",
        ),
    ),
    Claim(
        gettext_lazy(
            "Anyone with the evidence bundle can check a signature without this site. The bundle contains a program "
            "for that."
        ),
        ("test_l12_the_evidence_verifies_without_the_server",),
    ),
    Claim(
        gettext_lazy("The sealed PDF and the evidence bundle do not contain the signer’s network address."),
        ("test_l20_no_file_that_leaves_the_server_shows_from_where_somebody_signed",),
    ),
    Claim(
        gettext_lazy("We do not say why a link fails. All links that do not work show the same page."),
        ("test_s10_the_server_does_the_same_work_for_unknown_expired_and_revoked_links",),
    ),
)
