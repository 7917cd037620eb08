pragma circom 2.0.0;

include "circomlib/circuits/bitify.circom";
include "circomlib/circuits/poseidon.circom";
include "circomlib/circuits/switcher.circom";

// A leaf lies under a public root: `depth` Poseidon hashes, at each the sides in an order by a private bit;
// beside that `count` private values are each below 2^64. About half of the wires are bits.
template Mixed(depth, count) {
    signal input leaf;
    signal input sibling[depth];
    signal input right[depth];
    signal input value[count];
    signal output root;

    signal node[depth + 1];
    node[0] <== leaf;
    component side[depth];
    for (var i = 0; i < depth; i++) {
        right[i] * (right[i] - 1) === 0;
        side[i] = Switcher();
        side[i].sel <== right[i];
        side[i].L <== node[i];
        side[i].R <== sibling[i];
        node[i + 1] <== Poseidon(2)([side[i].outL, side[i].outR]);
    }
    root <== node[depth];
    for (var i = 0; i < count; i++) {
        _ <== Num2Bits(64)(value[i]);
    }
}
