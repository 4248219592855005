"""The public pages: an author reads, signs, declines or asks for something else. GET changes nothing."""

from agreements.documents.download import sealed_response

__all__ = ["sealed_response"]
