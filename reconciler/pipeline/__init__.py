"""The stages in order; the only room that knows them all.

load -> expand -> validate -> resolve -> observe -> diff -> plan -> apply -> report
"""
