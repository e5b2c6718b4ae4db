"""The record of owned objects: read at the start of a run, changed entry by entry.

Losing it deletes nothing: objects are then unowned, and adopted again. Where it is kept is a
`Store`: one file (`file.py`) or a folder on a platform (`remote.py`); `opening.py` opens the one
the workspace names.
"""
