"""The editors' desk: volumes with their boards, papers with their agreements, one agreement's page."""

from agreements.admin.agreements.page import AgreementDesk
from agreements.admin.jobs import JobDesk
from agreements.admin.papers import PaperDesk
from agreements.admin.requests.change_requests import ProposalDesk
from agreements.admin.requests.corrections import CorrectionDesk
from agreements.admin.requests.edits import EditDesk
from agreements.admin.requests.non_author_signers import StandInDesk
from agreements.admin.volumes.page import VolumeDesk

__all__ = [
    "AgreementDesk",
    "CorrectionDesk",
    "EditDesk",
    "JobDesk",
    "PaperDesk",
    "ProposalDesk",
    "StandInDesk",
    "VolumeDesk",
]
