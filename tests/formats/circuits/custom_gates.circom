pragma circom 2.0.6;
pragma custom_templates;

// Compiles to a .r1cs with sections 4 and 5, which Groth16 cannot prove.

template custom Gate() {
    signal input a;
    signal output b;
    b <-- a;
}

template Main() {
    signal input a;
    signal output b;
    component gate = Gate();
    gate.a <== a;
    b <== gate.b;
}

component main = Main();
