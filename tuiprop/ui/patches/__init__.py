"""Patches of Textual that the dashboard needs, and all uses of its private names.

Each module names the upstream issue, or the version in which the fault was seen. For every fault
`tests/ui/patches/test_stock.py` shows that stock Textual still has it: if a test fails after an
update of Textual, the patch can be removed.
"""
