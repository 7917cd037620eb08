"""What goes in and out of files: iden3's formats to the byte, compiled circuits, one-step writing.

A module for each format (r1cs, wtns, zkey, json, circuit), one for the container that the binary
ones share (binfile), one for writing (atomic). docs/formats has a page for each format.
"""
