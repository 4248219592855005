"""The public pages: authors read, sign, decline or request a change. GET changes nothing."""

from agreements.documents.download import sealed_response

__all__ = ["sealed_response"]
