#!/usr/bin/env python
"""Django's command line."""

import os
import sys

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.management import execute_from_command_line


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "proceedings.settings")
    try:
        _ = settings.DEBUG  # wrong settings end here with their reasons; Django would go on and fail elsewhere
        execute_from_command_line(sys.argv)
    except ImproperlyConfigured as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
