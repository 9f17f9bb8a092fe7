"""Whether and when a person may give blood: dated rules, and an engine that is a pure function of them.

The answer is provisional: the medical officer of the centre decides. See docs/eligibility.md.
"""
