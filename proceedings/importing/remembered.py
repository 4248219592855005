"""What editors have answered about a volume's tables: their columns, and which decisions are an acceptance.

Both are kept in `Volume.columns`: our columns with the table's headings, and under ``decisions`` the answers.
"""

from collections.abc import Mapping

from django.db import transaction

from proceedings.importing.tables.decisions import normal_decision
from proceedings.models import Volume

_DECISIONS = "decisions"


def known_columns(volume: Volume) -> dict[str, str]:
    """Returns the columns of the volume's last table: ours -> theirs, empty if the table has none."""
    return {ours: theirs for ours, theirs in volume.columns.items() if ours != _DECISIONS}


def known_decisions(volume: Volume) -> dict[str, bool]:
    """Returns whether each unclear decision is an acceptance, by its normal form."""
    return dict(volume.columns.get(_DECISIONS, {}))


def remember_columns(volume: Volume, columns: Mapping[str, str]) -> None:
    """Replaces the columns of the volume's last table."""
    with transaction.atomic():
        row = Volume.objects.select_for_update().get(pk=volume.pk)
        kept = {_DECISIONS: row.columns[_DECISIONS]} if _DECISIONS in row.columns else {}
        Volume.objects.filter(pk=volume.pk).update(columns={**columns, **kept})


def remember_decisions(volume: Volume, answers: Mapping[str, bool]) -> None:
    """Adds answers: the decision as a table writes it -> whether it is an acceptance."""
    with transaction.atomic():
        row = Volume.objects.select_for_update().get(pk=volume.pk)
        added = {normal_decision(value): accepted for value, accepted in answers.items()}
        columns = {**row.columns, _DECISIONS: {**row.columns.get(_DECISIONS, {}), **added}}
        Volume.objects.filter(pk=volume.pk).update(columns=columns)
