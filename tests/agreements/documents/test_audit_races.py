"""The audit while the record grows: what comes in between its two readings is no damage."""

import pytest

from agreements import lifecycle
from agreements.documents import audit
from tests import make
from tests.make import NOW
from tests.meanwhile import after_each

pytestmark = [pytest.mark.usefixtures("committed"), pytest.mark.django_db(transaction=True)]


def test_a_chain_that_grows_while_it_is_read_is_not_called_broken() -> None:
    agreement = make.agreement("issued", of=make.paper(make.volume()))

    def grow() -> None:
        lifecycle.record_event(agreement.pk, "reviewed", by="signer", now=NOW, data={})

    with after_each('FROM "agreements_', grow) as threads:
        assert list(audit.findings()) == []
    assert len(threads) > 3  # so the chain looked broken, and was read again
    assert make.history(agreement).count("reviewed") == len(threads)
    assert list(audit.findings()) == []
