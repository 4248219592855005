"""The editors' desk: volumes with their boards, papers with their agreements, one agreement's page."""

from agreements.admin.agreements import AgreementDesk
from agreements.admin.corrections import CorrectionDesk
from agreements.admin.edits import EditDesk
from agreements.admin.jobs import JobDesk
from agreements.admin.papers import PaperDesk
from agreements.admin.proposals import ProposalDesk
from agreements.admin.stand_ins import StandInDesk
from agreements.admin.volumes import VolumeDesk

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
