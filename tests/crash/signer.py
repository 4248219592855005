"""Signs while emails are being sent: ``python -m tests.crash.signer SHARE SEED``, until that share has signed."""

import random
import sys
import time

import django

django.setup()

from django.db import OperationalError, connection
from django.utils import timezone

from agreements import lifecycle
from agreements.domain import statements
from agreements.models import Agreement


def main(share: float, seed: int) -> None:
    dice = random.Random(seed)
    ids = list(Agreement.objects.values_list("pk", flat=True))
    dice.shuffle(ids)
    for pk in ids[: int(len(ids) * share)]:
        while True:
            try:
                agreement = Agreement.objects.select_related("text").get(pk=pk)
                act = lifecycle.SignatureInput(
                    typed_name=agreement.signer,
                    consent=statements.consent(),
                    authority=statements.authority(agreement.facts),
                    shown=b"%PDF-",
                    address=None,
                    agent="crash run",
                )
                lifecycle.review(agreement, act, now=timezone.now())
                lifecycle.sign(agreement, act, now=timezone.now())
            except lifecycle.TransitionError:
                break
            except OperationalError:  # the database is restarting: try again
                connection.close()
                time.sleep(0.2)
                continue
            break
        time.sleep(dice.random() / 20)


if __name__ == "__main__":
    main(float(sys.argv[1]), int(sys.argv[2]))
