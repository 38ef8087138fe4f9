import TernaryCore
import TernaryKernels
import TernaryReference
import VulkanCompute

/// Dispatches that make rows and quantise them at once.
extension KernelSuite {
    func gateQuantize(tokens: Int) throws -> KernelCase {
        let width = shape.rows
        let (gate, hidden) = (activations(width, seed: 3), activations(width, seed: 4))
        let norm = weightings(1, width: width)[0]
        let gated = zip(gate, hidden).map { zip($0, $1).map { TernaryReference.outputGate($0, state: $1) } }
        let expected = zip(gated, gate).map { TernaryReference.quantize(bitLinearNorm($0, statistic: $1, norm: norm)) }
        let buffers = try rotated(
            [
                shared(gate, tokens: tokens, "gate"), shared(hidden, tokens: tokens, "hidden"),
                room(tokens * paddedWidth(width), "gated"),
            ] + codesRoom(tokens, norms: 1, width: width))
        let kernel = GateQuantize(tokens: tokens, channels: width, outerEpsilon: Self.epsilon)
        return KernelCase(
            op: .gateQuantize, tokens: tokens, columns: width, rows: nil,
            stages: [stage(kernel, buffers[..<3] + (try normWeights([norm])) + buffers[3...])],
            outputs: [rows(buffers[2], gated, width: width, count: tokens)]
                + codesOutputs(buffers[3...].map { $0[0] }, tokens: tokens, planes: [expected], width: width))
    }

    func gluQuantize(tokens: Int) throws -> KernelCase? {
        let width = channels
        if width == 0 { return nil }
        let (gate, up) = (activations(width, seed: 3), activations(width, seed: 4))
        let norm = InputNorm(inner: weightings(1, width: width)[0].combined)
        let expected = zip(gate, up).map { gate, up in
            TernaryReference.quantize(bitLinearNorm(zip(gate, up).map { TernaryReference.glu(gate: $0, up: $1) }, norm: norm))
        }
        let buffers = try rotated(
            [shared(gate, tokens: tokens, "gate"), shared(up, tokens: tokens, "up")] + codesRoom(tokens, norms: 1, width: width))
        let weights = try shared(norm.combined.padded, "norm")
        return KernelCase(
            op: .gluQuantize, tokens: tokens, columns: width, rows: nil,
            stages: [stage(GLUQuantize(tokens: tokens, columns: width), buffers[..<2] + [weights, weights] + buffers[2...])],
            outputs: codesOutputs(buffers[2...].map { $0[0] }, tokens: tokens, planes: [expected], width: width))
    }

    func residualQuantize(tokens: Int) throws -> KernelCase {
        let width = shape.rows
        let (x, y) = (activations(width, seed: 3), activations(width, seed: 4))
        let norm = weightings(1, width: width)[0]
        let sums = zip(x, y).map { zip($0, $1).map(TernaryReference.residual) }
        let expected = sums.map { TernaryReference.quantize(bitLinearNorm($0, norm: norm)) }
        let buffers = try rotated(
            [shared(x, tokens: tokens, "x"), shared(y, tokens: tokens, "y")] + codesRoom(tokens, norms: 1, width: width))
        let kernel = ResidualQuantize(
            tokens: tokens, columns: width, norms: 1, plane: tokens, norm: RowNorm(outerEpsilon: Self.epsilon))
        return KernelCase(
            op: .residualQuantize, tokens: tokens, columns: width, rows: nil,
            stages: [stage(kernel, buffers[..<2] + (try normWeights([norm])) + buffers[2...])],
            outputs: [rows(buffers[0], sums, width: width, count: tokens)]
                + codesOutputs(buffers[2...].map { $0[0] }, tokens: tokens, planes: [expected], width: width))
    }

    /// Rows of floats that a buffer must hold.
    func rows(_ buffer: KernelCase.Rotation, _ rows: [[Float]], width: Int, count: Int) -> KernelCase.Output {
        .init(buffer: buffer[0], stride: paddedWidth(width), count: count, expected: rows.map(\.bits))
    }
}
