"""Tables of submission systems to submissions: text, workbooks, and the columns of each system. Pure."""
