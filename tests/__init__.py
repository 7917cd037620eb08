"""The tests. In all of them the compiler's representation is checked between its passes."""

import os

os.environ.setdefault("ZKMARGIN_CHECK_IR", "1")
