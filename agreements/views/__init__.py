"""The public pages: an author reads, signs, declines or asks for something else. GET changes nothing."""

from agreements.views.copies import sealed_response

__all__ = ["sealed_response"]
