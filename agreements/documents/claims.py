"""What is claimed about a signature made here, each claim with the tests that hold it. Nothing else is claimed.

The page of claims is made from this; a test looks for every test that is named here (L21).
"""

from dataclasses import dataclass

from django.utils.translation import gettext_lazy


@dataclass(frozen=True, slots=True)
class Claim:
    words: object
    """A sentence for people, in their language when it is shown."""
    tests: tuple[str, ...]
    """Names of the tests that fail when it is not true."""


CLAIMS = (
    Claim(
        gettext_lazy(
            "The link goes to the address that the editors have on file. Only its fingerprint is kept, so nobody at "
            "the desk can see a link or sign with it."
        ),
        (
            "test_s09_the_database_holds_no_token",
            "test_s06_no_page_of_the_admin_shows_a_token",
            "test_s06_no_log_holds_a_link",
        ),
    ),
    Claim(
        gettext_lazy("Opening a page signs nothing and is not put on record; a mail scanner may open all of them."),
        (
            "test_s07_twenty_fetches_of_every_public_page_and_what_it_links_to_leave_no_trace",
            "test_s07_a_headless_browser_that_runs_all_scripts_of_all_public_pages_changes_no_row",
        ),
    ),
    Claim(
        gettext_lazy(
            "Nothing is signed electronically without a typed name, both ticks, a look at the filled-in form, and "
            "then the button."
        ),
        (
            "test_l01_l05_s08_an_incomplete_form_is_a_400_and_changes_nothing",
            "test_l03_what_was_not_looked_over_is_not_signed",
        ),
    ),
    Claim(
        gettext_lazy("However often and wherever the button is pressed, there is one signature."),
        (
            "test_s08_two_tabs_make_one_signature_and_both_see_the_receipt",
            "test_s08_a_double_click_makes_one_signature_and_sees_the_receipt",
        ),
    ),
    Claim(
        gettext_lazy("What changed while it was read cannot be signed: the page asks to read it again."),
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
        gettext_lazy("One byte changed, something added at the end, a later edit: a check here tells it."),
        ("test_l16_a_file_with_a_byte_flipped_appended_or_updated_is_not_the_sealed_one",),
    ),
    Claim(
        gettext_lazy("No agreement counts as sealed without the publisher’s own signature on the file."),
        ("test_l13_no_agreement_is_complete_without_the_publishers_signature",),
    ),
    Claim(
        gettext_lazy("The date of an electronic signature is its own, in UTC, not that of the seal."),
        ("test_l14_the_date_in_print_is_the_second_of_signing_in_utc",),
    ),
    Claim(
        gettext_lazy(
            "A form signed by hand is accepted by an editor, with its date as written and as read; its pages are in "
            "the sealed file."
        ),
        ("test_l04_an_accepted_form_is_signed_with_its_date_as_written_and_as_read",),
    ),
    Claim(
        gettext_lazy("The other authors with an address on file are told, and have 14 days to object."),
        ("test_l09_the_other_authors_with_an_address_are_told_in_the_transaction_that_signs",),
    ),
    Claim(
        gettext_lazy(
            "The sealed PDF comes by mail, is not locked against printing or copying, and can be asked for again for "
            "years without an account."
        ),
        (
            "test_l10_the_files_are_not_encrypted_and_the_pages_can_be_printed",
            "test_l11_the_sealed_copy_is_mailed_within_a_minute_by_the_schedule",
            "test_l11_years_later_the_reference_brings_the_copy_to_the_address_on_file",
        ),
    ),
    Claim(
        gettext_lazy("The evidence of a signature can be checked without this site, by a program that comes with it."),
        ("test_l12_the_evidence_verifies_without_the_desk",),
    ),
    Claim(
        gettext_lazy("The signer’s network address is printed nowhere and given to nobody with the evidence."),
        ("test_l20_nothing_that_leaves_the_desk_says_from_where_somebody_signed",),
    ),
    Claim(
        gettext_lazy("Why a link opens nothing is told to nobody: all that do not work look alike."),
        ("test_s10_the_desk_does_the_same_work_for_unknown_expired_and_revoked_links",),
    ),
)
