"""Joins what a file says with what is here: which paper is which, what changed where, and the writing of it."""
