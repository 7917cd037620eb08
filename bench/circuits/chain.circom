pragma circom 2.0.0;

include "circomlib/circuits/poseidon.circom";

// A chain of `length` Poseidon hashes of two: every wire but the key is the size of the field.
// 240 constraints a hash at --O2.
template Chain(length) {
    signal input start;
    signal input key;
    signal output end;

    signal state[length + 1];
    state[0] <== start;
    for (var i = 0; i < length; i++) {
        state[i + 1] <== Poseidon(2)([state[i], key]);
    }
    end <== state[length];
}
