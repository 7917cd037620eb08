pragma circom 2.0.6;
pragma custom_templates;

// Compiles to a .r1cs with empty sections 4 and 5, and declares an input that no constraint uses.

template Main() {
    signal input a;
    signal input unused;
    signal output b;
    b <== a * a;
}

component main = Main();
