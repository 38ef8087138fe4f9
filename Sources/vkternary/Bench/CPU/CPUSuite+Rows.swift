import CTernary
import TernaryCPU
import TernaryCore
import TernaryKernels
import TernaryReference

/// What stands around products: what becomes of their integer sums, and norms.
extension CPUSuite {
    /// The sums of a product of so many rows, and what turns them into floats.
    private struct Sums {
        let values: Pad<Int32>
        let patterns: [[Int32]]
        let width: Int
        static let (offset, scale): (Int32, Float) = (-77, 0x1p-14)

        init(width: Int, tokens: Int, seed: UInt64) {
            var random = SplitMix64(seed: seed)
            self.width = width
            patterns = (0..<KernelValues.patterns).map { _ in (0..<width).map { _ in Int32(random.next() % 65_537) - 32_768 } }
            values = CPUSuite.repeated(patterns, tokens: tokens)
        }

        /// As kernels take them.
        func product(_ token: Int, _ row: Int) -> ct_product {
            ct_product(sums: values.base + token * width + row, offset: Self.offset, scale: Self.scale)
        }

        /// The floats that they stand for, by pattern.
        var floats: [[Float]] { patterns.map { $0.map { Exact.settle(Float($0 - Self.offset) * Self.scale) } } }
    }

    func glu(tokens: Int) -> CPUCase? {
        let width = shape.rows / 2
        guard width > 0 else { return nil }
        let (gate, up) = (Sums(width: width, tokens: tokens, seed: 3), Sums(width: width, tokens: tokens, seed: 4))
        let out = Pad<Float>(tokens * width)
        return CPUCase(
            op: .glu, tokens: tokens, columns: width, rows: nil, cost: GLU(count: tokens * width).cost,
            run: { [self, kernels] _ in
                forRows(width) { rows, _ in
                    for token in 0..<tokens {
                        kernels.glu(
                            gate.product(token, rows.lowerBound), up.product(token, rows.lowerBound),
                            out.base + token * width + rows.lowerBound, rows.count)
                    }
                }
            },
            firstWrongRow: {
                let expected = zip(gate.floats, up.floats).map { zip($0, $1).map { TernaryReference.glu(gate: $0, up: $1) } }
                return Self.firstWrongRow(out, width: width, tokens: tokens, expected)
            })
    }

    /// Gates, a step of each token's own state, and the output gate.
    func mlgruStep(tokens: Int) -> CPUCase {
        let width = shape.rows
        let z = (0..<3).map { Sums(width: width, tokens: tokens, seed: 3 + UInt64($0)) }
        let before = KernelValues.activations(width, seed: 6)
        let bound = KernelValues.lowerBound(width)
        let (state, boundValues) = (Self.repeated(before, tokens: tokens), Pad(bound))
        let (gates, gated) = (Pad<Float>(tokens * width), Pad<Float>(tokens * width))
        return CPUCase(
            op: .mlgruStep, tokens: tokens, columns: width, rows: nil,
            cost: MLGRUStep(rows: tokens, channels: width, stateStride: width, hasLowerBound: true).cost,
            run: { [self, kernels] _ in
                forRows(width) { rows, _ in
                    for token in 0..<tokens {
                        let at = token * width + rows.lowerBound
                        let products = z.map { $0.product(token, rows.lowerBound) }
                        kernels.mlgru(
                            products[0], products[1], products[2], boundValues.base + rows.lowerBound, state.base + at,
                            gates.base + at, gated.base + at, rows.count)
                    }
                }
            },
            firstWrongRow: {
                let floats = z.map(\.floats)
                let next = before.indices.map { row in
                    (0..<width).map { channel in
                        let gates = TernaryReference.mlgruGates(
                            input: floats[0][row][channel], forget: floats[1][row][channel], lowerBound: bound[channel])
                        return TernaryReference.mlgruStep(before[row][channel], forget: gates.forget, input: gates.input)
                    }
                }
                let outputs = zip(floats[2], next).map { zip($0, $1).map { TernaryReference.outputGate($0, state: $1) } }
                return Self.firstWrongRow(state, width: width, tokens: tokens, next)
                    ?? Self.firstWrongRow(gates, width: width, tokens: tokens, floats[2])
                    ?? Self.firstWrongRow(gated, width: width, tokens: tokens, outputs)
            })
    }

    func residual(tokens: Int) -> CPUCase {
        let width = shape.rows
        let sums = Sums(width: width, tokens: tokens, seed: 3)
        let before = KernelValues.activations(width, seed: 6)
        let stream = Self.repeated(before, tokens: tokens)
        return CPUCase(
            op: .residual, tokens: tokens, columns: width, rows: nil, cost: Residual(count: tokens * width).cost,
            run: { [self, kernels] _ in
                forRows(width) { rows, _ in
                    for token in 0..<tokens {
                        kernels.residual(
                            sums.product(token, rows.lowerBound), stream.base + token * width + rows.lowerBound, rows.count)
                    }
                }
            },
            firstWrongRow: {
                let expected = zip(before, sums.floats).map { zip($0, $1).map { TernaryReference.residual($0, $1) } }
                return Self.firstWrongRow(stream, width: width, tokens: tokens, expected)
            })
    }

    func normRows(tokens: Int) -> CPUCase {
        let width = shape.columns
        let (rows, weight, out) = (Self.repeated(x, tokens: tokens), Pad(norm.outer!), Pad<Float>(tokens * width))
        return CPUCase(
            op: .normRows, tokens: tokens, columns: width, rows: nil,
            cost: NormRows(rows: 0..<tokens, columns: width, epsilon: KernelValues.epsilon).cost,
            run: { [workers, floatKernels] _ in
                workers.run(tokens) { token, _ in
                    floatKernels.rms_norm(
                        rows.base + token * width, weight.base, width, KernelValues.epsilon, out.base + token * width)
                }
            },
            firstWrongRow: { [self] in
                let expected = x.map { TernaryReference.rmsNorm($0, weight: norm.outer!, epsilon: KernelValues.epsilon) }
                return Self.firstWrongRow(out, width: width, tokens: tokens, expected)
            })
    }

    /// The shape's rows are the vocabulary.
    func argmax(tokens: Int) -> CPUCase {
        let width = shape.rows
        let logits = KernelValues.activations(width, seed: 3)
        let (rows, found) = (Self.repeated(logits, tokens: tokens), Pad<Int>(tokens))
        return CPUCase(
            op: .argmax, tokens: tokens, columns: width, rows: nil, cost: Argmax(rows: tokens, columns: width).cost,
            run: { [workers] _ in
                workers.run(tokens) { token, _ in found.base[token] = ct_argmax(rows.base + token * width, width) }
            },
            firstWrongRow: {
                let expected = logits.map { TernaryReference.argmax($0) }
                return (0..<tokens).first { found.base[$0] != expected[$0 % expected.count] }
            })
    }
}
