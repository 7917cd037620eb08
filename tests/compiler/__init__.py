"""Tests of zk/compiler: the language, elimination, the digest, the circuit file."""
