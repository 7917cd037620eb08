pragma circom 2.0.0;

include "circomlib/circuits/bitify.circom";

// `count` private values are each below 2^64: nearly every wire is a bit. 64 constraints a value at
// --O2. The sum of the values is public.
template Ranges(count) {
    signal input value[count];
    signal output sum;

    var total = 0;
    for (var i = 0; i < count; i++) {
        _ <== Num2Bits(64)(value[i]);
        total += value[i];
    }
    sum <== total;
}
