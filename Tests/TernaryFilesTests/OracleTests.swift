import Testing

@testable import TernaryCore
@testable import TernaryFiles

/// The loader against the numpy oracle, on checkpoints that the oracle makes.
@Suite(
    "loading against the oracle",
    .enabled("needs ../shared/oracle and python3 with numpy, safetensors") {
        Python.oracleDirectory != nil && Python.has("numpy, safetensors")
    })
struct OracleTests {
    /// Writes every matrix's gamma (Double), then its trits (int8), then the lower bounds (Double), in the order of `matrices`.
    static let script = """
        import sys; sys.path.insert(0, sys.argv[1]); import numpy as np, matmulfree as m
        net = m.Model(*m.load_dir(sys.argv[2]), np.float64); out = open(sys.argv[3], 'wb')
        for b in [y[k] for y in net.layers for k in ('i', 'f', 'g', 'o', 'up', 'down')] + [net.head]:
            out.write(np.float64(b.gamma).tobytes()); out.write(b.T.tobytes())
        if net.lb is not None: out.write(net.lb.astype(np.float64).tobytes())
        """

    @Test(
        "gives the oracle's trits, scales and lower bounds",
        arguments: [
            ["--dtype", "f32", "--seed", "1"], ["--dtype", "f16", "--seed", "2"], ["--dtype", "bf16", "--seed", "3"],
            ["--dtype", "bf16", "--hidden", "72", "--vocab", "50", "--layers", "2", "--intermediate", "90", "--seed", "4"],
            ["--dtype", "f32", "--hidden", "40", "--layers", "1", "--no-lower-bound", "--seed", "5"],
        ])
    func matches(arguments: [String]) throws {
        let scratch = try Scratch()
        let oracle = try #require(Python.oracleDirectory)
        let made = try Python.run(["\(oracle)/matmulfree.py", "make", "--out", scratch.path] + arguments)
        try #require(made.code == 0, "\(made.output)")
        let dumped = try Python.run(["-c", Self.script, oracle, scratch.path, "\(scratch.path)/dump"])
        try #require(dumped.code == 0, "\(dumped.output)")

        let weights = try Checkpoint.open(scratch.path).weights()
        var dump = try scratch.read("dump")[...]
        func takeDouble() -> Double {
            let bits = dump.prefix(8).reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
            dump = dump.dropFirst(8)
            return Double(bitPattern: bits)
        }
        let expected =
            weights.layers.flatMap { layer in
                [
                    [layer.input.matrix], [layer.forget.matrix], [layer.gate.matrix], [layer.output.matrix],
                    [layer.mlpGate, layer.mlpUp], [layer.down.matrix],
                ]
            } + [[weights.head.matrix]]
        for parts in expected {
            let gamma = takeDouble()
            for part in parts {
                // One rounding of a Double sum that is itself within 1e-12.
                #expect(abs(Double(part.scale) - gamma) <= gamma * 6e-8)
                let trits = (0..<part.rows).flatMap { row in (0..<part.columns).map { part[row, $0] } }
                #expect(trits == dump.prefix(trits.count).map { Int8(bitPattern: $0) })
                dump = dump.dropFirst(trits.count)
            }
        }
        for layer in weights.layers where weights.configuration.usesLowerBounds {
            let row = (0..<weights.configuration.hiddenSize).map { _ in Exact.settle(Float(takeDouble())) }
            let bounds = layer.lowerBound ?? Array(repeating: 0, count: row.count)
            for (bound, value) in zip(bounds, row) { #expect(abs(bound - value) <= 6e-8) }
        }
        #expect(dump.isEmpty)
    }
}
