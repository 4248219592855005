"""The admin of agreements: volumes with their overviews, papers, agreements and requests."""

from agreements.admin.agreements.page import AgreementAdmin
from agreements.admin.jobs import BulkJobAdmin
from agreements.admin.papers import PaperWithAgreementAdmin
from agreements.admin.requests.change_requests import ChangeRequestAdmin
from agreements.admin.requests.corrections import CorrectionAdmin
from agreements.admin.requests.edits import EditAdmin
from agreements.admin.requests.non_author_signers import NonAuthorSignerAdmin
from agreements.admin.volumes.page import VolumeWithAgreementsAdmin

__all__ = [
    "AgreementAdmin",
    "BulkJobAdmin",
    "ChangeRequestAdmin",
    "CorrectionAdmin",
    "EditAdmin",
    "NonAuthorSignerAdmin",
    "PaperWithAgreementAdmin",
    "VolumeWithAgreementsAdmin",
]
