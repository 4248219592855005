"""Imports: files of any submission system to a plan, and the plan to rows."""
