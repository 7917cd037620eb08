"""The mutation harness: does a test notice when a constraint is weaker than it was written?"""
