"""Tests of circuits/gadgets: four intents each.

A gadget equals plain Python on random and boundary values; invalid inputs are refused by its
constraints; every forged hint is refused; it costs the golden count (test_costs.py).
"""
