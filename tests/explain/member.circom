pragma circom 2.0.0;

// The circom side of docs/porting.md: our own text over circomlib's templates, which are read from
// the npm package when this is compiled and are no part of this project.

include "circomlib/poseidon.circom";
include "circomlib/comparators.circom";
include "circomlib/bitify.circom";
include "circomlib/switcher.circom";

template Member(depth) {
    signal input root;
    signal input minimum;
    signal input nullifier;
    signal input scope;
    signal input secret;
    signal input balance;
    signal input side[depth];
    signal input sibling[depth];

    // Without these two the comparison below says nothing: it takes its operands' widths on trust.
    component minimumBits = Num2Bits(64);
    minimumBits.in <== minimum;
    component balanceBits = Num2Bits(64);
    balanceBits.in <== balance;
    component enough = LessEqThan(64);
    enough.in[0] <== minimum;
    enough.in[1] <== balance;
    enough.out === 1;

    component leaf = Poseidon(3);
    leaf.inputs[0] <== 1;
    leaf.inputs[1] <== secret;
    leaf.inputs[2] <== balance;

    component order[depth];
    component node[depth];
    for (var i = 0; i < depth; i++) {
        side[i] * (side[i] - 1) === 0;
        order[i] = Switcher();
        order[i].sel <== side[i];
        order[i].L <== i == 0 ? leaf.out : node[i - 1].out;
        order[i].R <== sibling[i];
        node[i] = Poseidon(2);
        node[i].inputs[0] <== order[i].outL;
        node[i].inputs[1] <== order[i].outR;
    }
    node[depth - 1].out === root;

    component tag = Poseidon(2);
    tag.inputs[0] <== secret;
    tag.inputs[1] <== scope;
    tag.out === nullifier;
}

component main {public [root, minimum, nullifier, scope]} = Member(20);
