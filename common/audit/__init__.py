"""Who did what, and who read whose health: an append-only log whose entries are chained by their digests.

`context` knows who acts in this request, `recording` writes an entry in the deed's own transaction, `chain` numbers
entries and links each to the one before, `anchors` signs the newest link, `verifying` walks all of it again.
"""
