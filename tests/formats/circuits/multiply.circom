pragma circom 2.0.0;

// A small circuit with everything a file can have: two outputs, public and private inputs, linear and
// quadratic constraints, and a combination of more than 256 wires, which circom does not write in
// ascending order: it compares wire numbers byte by byte, the lowest byte first.

template Square() {
    signal input in;
    signal output out;
    out <== in * in + 3 * in - 7;
}

template Sum(n) {
    signal input in[n];
    signal output out;
    var total = 0;
    for (var i = 0; i < n; i++) {
        total += (i + 1) * in[i];
    }
    out <== total * total;
}

template Main(n, factors) {
    signal input x;
    signal input y[n];
    signal input secret;
    signal output z;
    signal output low;

    component square = Square();
    square.in <== x + 5 * secret - y[0];

    signal product[factors + 1];
    product[0] <== x;
    for (var i = 0; i < factors; i++) {
        product[i + 1] <== (product[i] + 2 * secret) * (y[i] + 11);
    }

    component sum = Sum(n);
    for (var i = 0; i < n; i++) {
        sum.in[i] <== y[i];
    }
    z <== square.out * product[factors] + 17 * x + sum.out;

    signal bit;
    bit <-- secret & 1;
    bit * (bit - 1) === 0;
    low <== bit + 4 * x;
}

component main {public [x]} = Main(300, 12);
